"""What needs a person, and where each profile stands: what the desk opens with.

Of a profile only its newest run and its newest finished report (of the newest session) count:
what came before is history.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from core.errors import AftercloseError, ParameterError, StageError
from core.evaluation.advice import RETRAIN
from core.fingerprint import sha256
from core.journal import Journal, Record, Run
from core.queries.runs.progress import describe_error
from core.queries.runs.run_labels import line_of_work
from core.registry.champions import PROMOTION, ROLLBACK, Champion, Champions
from core.registry.origins import PUBLISH, finished_of
from core.registry.registry import Registry
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.aside import about_report, about_run, put_aside_here
from core.review.decision_history import RETRAINING, champion_of
from core.review.standing import standing
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Slot, Store

MOST_RUNS = 300
"""Runs that are looked through, newest first: a profile that did nothing for longer is not asked about."""

_CAME_TO_NOTHING = ("failed", "busy", "interrupted")

_REPORTS = {
    "draft": ("to sign", "report", "Read, complete and sign it."),
    "in_review": ("to sign", "report", "It was submitted and waits for an approver."),
    "changes_requested": ("to revise", "report", "A reviewer asked for changes."),
    "stale": ("stale", "report", ""),
}
"""State of a report -> what a person is asked for, where, and why; other states ask for nothing."""

_DONE = {"train": "trained", "score": "scored"}
"""Mode of a run -> what it did, which tells reports of one session apart."""


@dataclass(frozen=True)
class Need:
    """Something that waits for a person.

    Parameters
    ----------
    what : str
        ``failed``, ``damaged``, ``to decide``, ``to sign``, ``to revise`` or ``stale``.
    line : str
        The profile it is about.
    why : str
        In a sentence.
    page : str
        The desk's page where it is done.
    run_id : str
        The run that the page should show.
    about : str
        What it is about: put aside under this name, it is no need until another of its kind comes.
    """

    what: str
    line: str
    why: str
    page: str
    run_id: str
    about: str

    @property
    def mark(self) -> str:
        """Six hex digits that name it on a command line."""
        return sha256(self.about.encode())[:6]


@dataclass(frozen=True)
class PutAside:
    """A need that a person put aside: by whom, when (UTC) and why."""

    need: Need
    who: str
    at: str
    why: str


@dataclass(frozen=True)
class Line:
    """Where a profile stands.

    Parameters
    ----------
    name : str
        The profile.
    source : str
    calendar : str
        The exchange calendar that its sessions follow.
    last, good : Run or None
        The newest run, and the newest that finished with a report.
    report : str
        State of that report (:data:`core.review.standing.STATES`); empty without one.
    data_to : str or None
        Last session in its data.
    verdict : str
        On its predictions; empty without an evaluation.
    """

    name: str
    source: str
    calendar: str
    last: Run
    good: Run | None = None
    report: str = ""
    data_to: str | None = None
    verdict: str = ""

    @property
    def to_ask_again(self) -> Run:
        """The run that "run again" asks for: not one of a past session that was filled in, where a newer report is."""
        past = self.good is not None and self.last.seq != self.good.seq and bool(self.last.request.get("end"))
        return self.good if past and self.good is not None else self.last


@dataclass(frozen=True)
class InUse:
    """The champion: since when (UTC) it is in use, by whom, and the last session it was trained on."""

    model_id: str
    since: str
    who: str
    trained_to: str


_STOPPED = ("failed", "damaged")
"""Needs without which nothing new comes."""


@dataclass(frozen=True)
class Situation:
    """Everything the desk opens with: what needs a person, the profiles, and the champion of each.

    What stopped comes first among the needs, then those of the profile that ran last. What a person put aside is no
    need; it stands by itself.
    """

    needs: tuple[Need, ...]
    lines: tuple[Line, ...]
    champions: dict[str, InUse]
    aside: tuple[PutAside, ...] = ()


def need_named(settings: Settings, journal: Journal, mark: str) -> Need:
    """Return the need of the inbox, waiting or put aside, that is called ``mark`` (or begins so).

    Raises
    ------
    ParameterError
        If none is, or several.
    """
    now = situation(settings, journal)
    needs = [*now.needs, *(entry.need for entry in now.aside)]
    matches = [need for need in needs if mark and need.mark.startswith(mark.lower())]
    if len(matches) != 1:
        raise ParameterError(
            f"{len(matches)} things of the inbox are called {mark!r}",
            expected="the mark of one of them",
            remedy="See: afterclose inbox",
        )
    return matches[0]


def situation(settings: Settings, journal: Journal) -> Situation:
    """Return what needs a person and where things stand. Read-only; what is damaged is said and not raised."""
    store, registry, pointers = Store(settings.data), Registry(settings.data), Champions(settings)
    needs: list[Need] = []
    lines = []
    # a damaged pointer is said by the page Model
    champions = {name: c for name in pointers.profiles() if (c := champion_of(settings, name))}
    for last, good in _lines(settings, journal):
        line = _line(settings, last, good)
        if last.state in _CAME_TO_NOTHING:
            why = describe_error(last) or f"The run was {last.state}."
            about = about_run(line.name, last.run_id)
            needs.append(Need("failed", line.name, why, "run", last.run_id, about))
        if good is not None:
            line, item = _of_report(store, journal, line, good, champions.get(line.name))
            needs += item
        lines.append(line)
    in_use = {name: _in_use(registry, champion) for name, champion in champions.items()}
    records = put_aside_here(journal)
    aside = tuple(
        PutAside(need, str(r.content["user"]), str(r.content["at_utc"]), str(r.content["why"]))
        for need in needs
        if (r := records.get(need.about)) is not None
    )
    waiting = sorted(
        (need for need in needs if need.about not in records), key=lambda need: need.what not in _STOPPED
    )
    return Situation(tuple(waiting), tuple(lines), in_use, aside)


def age_days(day: str, now: datetime) -> int:
    """Return how many days ago a day (ISO) was, in UTC."""
    return (now.astimezone(UTC).date() - date.fromisoformat(day[:10])).days


def _lines(settings: Settings, journal: Journal) -> Iterator[tuple[Run, Run | None]]:
    """Yield the newest run and the one of the newest session that finished, of each profile, the last at work first."""
    by_line: dict[str, list[Run]] = {}
    for run in journal.runs(limit=MOST_RUNS):
        if run.target != PUBLISH and run.state != "cancelled":
            by_line.setdefault(line_of_work(settings, run), []).append(run)
    for runs in by_line.values():
        yield runs[0], next(iter(finished_of(settings, runs)), None)


def _line(settings: Settings, last: Run, good: Run | None) -> Line:
    profile = last.request.get(PROFILE, "")
    under = settings.where_known(profile)
    source, calendar = (last.request.get(name) or str(under[name]) for name in ("source", "calendar"))
    return Line(line_of_work(settings, last), source, calendar, last, good)


def _of_report(
    store: Store, journal: Journal, line: Line, good: Run, champion: Champion | None
) -> tuple[Line, list[Need]]:
    """Return the line with what its newest report says, and what that asks of a person."""
    key = good.keys.get("report", "")
    try:
        if store.meta(Slot("report", key)) is None:
            return line, []
        state = standing(store, journal, key)
        body = evaluation_at(store, good.keys["evaluate"])
    except (StageError, KeyError) as error:
        return line, [
            Need("damaged", line.name, str(error), "run", good.run_id, f"damaged:{line.name}:{good.run_id}")
        ]
    what, page, why = _REPORTS.get(state.state, ("", "", ""))
    about = about_report(line.name, key, state.state)
    which = f"Report of {body['data']['to']} ({_DONE.get(body['mode'], body['mode'])}): {body['verdict']}."
    why = f"{which} {why}" if why else f"{state.reason}."
    needs = [Need(what, line.name, why, page, good.run_id, about)] if what else []
    undecided = _undecided(body, good.keys["evaluate"], champion, journal.records())
    if undecided:
        about = f"candidate:{line.name}:{good.keys['evaluate']}"
        needs.insert(0, Need("to decide", line.name, undecided, "model", good.run_id, about))
    line = replace(line, report=state.state, data_to=body["data"]["to"], verdict=str(body["verdict"]))
    return line, needs


def _undecided(body: Mapping[str, Any], key: str, champion: Champion | None, records: list[Record]) -> str:
    """Return the advice that nobody has answered yet, empty when there is nothing to decide."""
    model, advice = body["model"], body["advice"]
    if not advice or not model.get("model_id") or model.get("retained"):
        return ""
    candidate = body["mode"] == "train" and (champion is None or champion.model_id != model["model_id"])
    if not candidate and advice["decision"] != RETRAIN:
        return ""
    decisions = [record for record in records if record.kind in (PROMOTION, ROLLBACK, RETRAINING)]
    answered = any(
        (candidate and record.subject == model["model_id"])
        or (record.content.get("advice") or {}).get("evaluation") == key
        for record in decisions
    )
    if answered:
        return ""
    question = f"Candidate {model['model_id']}: promote or reject." if candidate else "Keep or retrain."
    then = (body.get("champion") or {}).get("model_id")
    if candidate and champion is not None and champion.model_id != then:
        return f"{question} Since it was judged, {champion.model_id} was made the champion."
    return f"{question} {advice['sentence']}"


def _in_use(registry: Registry, champion: Champion) -> InUse:
    last = champion.changes[-1] if champion.changes else None
    try:
        trained_to = str(json.loads(registry.bytes_of(champion.model_id))["training"]["to"])
    except (AftercloseError, ValueError, KeyError, TypeError):
        trained_to = ""
    return InUse(champion.model_id, last.at_utc if last else "", last.who if last else "", trained_to)
