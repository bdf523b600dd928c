"""Which profiles runs, checkpoints and models belong to: by the journal, and where it does not say, by the metas.

A run recorded before there were profiles belongs to the one that its request would have today. :func:`take_over`
writes that down once; in a data root that cannot be written it is worked out at each reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from core.errors import AftercloseError
from core.fingerprint import SHORT
from core.journal import Journal, Run
from core.journal.faults import JournalError
from core.request.known_profiles import KnownProfiles, ProfileEntry, Question, question_of
from core.request.profiles import PROFILE
from core.request.roots import AllowedFiles
from core.request.settings import Settings
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind
from core.store.ticker_lists import expand

PAGE = 200

PUBLISH = "publish"
"""Target of runs that publish a report: they belong where the report does."""


def profile_of_run(settings: Settings, run: Run) -> str:
    """Return the profile that a run belongs to; empty where nothing tells it any more."""
    if run.profile or run.request.get(PROFILE):
        return run.profile or run.request[PROFILE]
    question = None if run.target == PUBLISH else _question(settings, run)
    return _name(settings, *question) if question else ""


def _name(settings: Settings, question: Question, input_digest: str) -> str:
    return KnownProfiles(settings.data).name_of(question, lambda entry: entry.input_digest == input_digest)


def _question(settings: Settings, run: Run) -> tuple[Question, str] | None:
    """Return what a run older than profiles asked for, and its input's digest."""
    meta = _ingest_of(settings, run.keys.get("ingest", ""))
    source = run.request.get("source") or str(meta.get("source") or settings["source"])
    try:
        allowed = AllowedFiles(settings, "tickers")  # a row may name any file by now
        texts = (run.request.get("path", ""), run.request.get("tickers", ""))
        question = question_of(source, *texts, allowed=allowed)
    except AftercloseError:  # a list in a file that is gone
        return _question_behind(settings, meta)
    return question, str(meta.get("input_digest") or "")


def _ingest_of(settings: Settings, key: str) -> dict[str, Any]:
    """Return the parameters of an ingest checkpoint, nothing where it is gone or damaged."""
    meta = Store(settings.data).readable_meta(Slot("ingest", key)) if key else None
    return dict(meta.body["parameters"]) if meta else {}


def _question_behind(settings: Settings, meta: dict[str, Any]) -> tuple[Question, str] | None:
    """Return what an ingest asked for, as far as its resolved parameters tell."""
    if not meta:
        return None
    tickers = expand(str(meta.get("tickers") or ""), settings.data)
    if meta["source"] == "sample" and set(tickers) == _of_sample(meta):
        tickers = ()
    question = question_of(str(meta["source"]), str(meta.get("path") or ""), ",".join(tickers))
    return question, str(meta.get("input_digest") or "")


def _of_sample(meta: dict[str, Any]) -> set[str]:
    from core.sources.sample import sessions_by_ticker

    first, last = str(meta.get("start") or ""), str(meta.get("end") or "9999")
    return {name for name, days in sessions_by_ticker().items() if any(first <= day <= last for day in days)}


def tickers_of_run(settings: Settings, run: Run) -> frozenset[str]:
    """Return the tickers that a run read, none where its ingest is gone."""
    meta = Store(settings.data).readable_meta(Slot("ingest", run.keys.get("ingest", "")))
    return frozenset(meta.body.get("tickers") or ()) if meta else frozenset()


def session_of_run(settings: Settings, run: Run) -> str | None:
    """Return the last session (ISO) that a run's report holds, None where it made none or it is gone."""
    return run.session or session_behind(Store(settings.data), run.keys.get("evaluate", ""))


def session_behind(store: Store, evaluate_key: str) -> str | None:
    """Return the last session in the data of an evaluation; None where there is none, or it is damaged."""
    slot = Slot("evaluate", evaluate_key)
    try:
        meta = store.meta(slot) if evaluate_key else None
        if meta is None:
            return None
        session = meta.body.get("session") or evaluation_at(store, evaluate_key)["data"]["to"]
    except (AftercloseError, ValueError, KeyError, TypeError):
        return None
    return str(session) if session else None


def entry_behind(settings: Settings, name: str) -> ProfileEntry | None:
    """Return what a profile stands for as its newest run tells it, None where none does."""
    for run in runs_if_readable(settings, name):
        question = _question(settings, run)
        if question is not None:
            return ProfileEntry(name, *question, (question[0].path,) if question[0].path else ())
    return None


def take_over(settings: Settings) -> None:
    """Give each run older than profiles its profile and its last session, once."""
    journal = Journal(settings.data, settings.journal)
    book, origins = KnownProfiles(settings.data), Origins(settings)
    for run in journal.without_profile():
        if run.target == PUBLISH:
            names = sorted(origins.of_key("report", run.keys.get("report", "")))
            journal.take_over(run.run_id, names[0] if names else "", None)
            continue
        name = profile_of_run(settings, run)
        question = None if run.request.get(PROFILE) else _question(settings, run)
        if question and name not in book.names():
            book.keep(name, *question)
        journal.take_over(run.run_id, name, session_of_run(settings, run))


def runs_of(settings: Settings, profile: str) -> Iterator[Run]:
    """Yield the runs of a profile, the newest first; of all profiles where it is empty."""
    journal, offset = Journal.find(settings.data, settings.journal), 0
    while page := journal and journal.runs(limit=PAGE, offset=offset, profile=profile):
        yield from (run for run in page if not profile or profile_of_run(settings, run) == profile)
        offset += PAGE


def runs_if_readable(settings: Settings, profile: str) -> list[Run]:
    """Return the runs of a profile; none while the journal is just being made, or cannot be read.

    A run that starts does not stop for it: whoever writes the record says what is wrong with the journal.
    """
    try:
        return list(runs_of(settings, profile))
    except JournalError:
        return []


def finished_runs(settings: Settings, profile: str) -> list[Run]:
    """Return the runs of a profile that finished with a report: the newest session first, then the newest run."""
    return finished_of(settings, runs_of(settings, profile))


def finished_of(settings: Settings, runs: Iterable[Run]) -> list[Run]:
    """Return which of some runs finished with a report, in the order of :func:`finished_runs`."""
    finished = (run for run in runs if run.has_report)
    return sorted(finished, key=lambda run: (session_of_run(settings, run) or "", run.seq), reverse=True)


class Origins:
    """The profiles behind keys and models of a data root; what it reads it reads once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.trouble: JournalError | None = None

    @cached_property
    def profiles(self) -> list[str]:
        """The profiles that ever ran here, sorted."""
        return sorted({name for name, _ in self._runs if name})

    @cached_property
    def _runs(self) -> list[tuple[str, Run]]:
        try:
            return [(profile_of_run(self._settings, run), run) for run in runs_of(self._settings, "")]
        except JournalError as error:  # said by whoever needs the record; what metas tell is left
            self.trouble = error
            return []

    def judge_read(self) -> None:
        """Raise unless the journal could be read: what is found here lowers a rule, or is said not to be there.

        Raises
        ------
        JournalError
            As reading it did.
        """
        _ = self._runs
        if self.trouble is not None:
            raise self.trouble

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], frozenset[str]]:
        by_key: dict[tuple[str, str], set[str]] = {}
        for name, run in self._runs:
            for stage, key in run.keys.items() if name else ():
                by_key.setdefault((stage, key), set()).add(name)
        return {slot: frozenset(names) for slot, names in by_key.items()}

    def of_run(self, run_id: str) -> frozenset[str]:
        """Return the profile of a run, none where it is not known."""
        return self._by_run.get(run_id, frozenset())

    @cached_property
    def _by_run(self) -> dict[str, frozenset[str]]:
        return {run.run_id: frozenset({name}) for name, run in self._runs if name}

    def of_key(self, stage: str, key: str) -> frozenset[str]:
        """Return the profiles whose runs made or used a checkpoint; of an unrecorded one what its metas tell."""
        recorded = self._by_key.get((stage, key))
        return recorded or self._behind(Slot(stage, key))

    def _behind(self, slot: Slot) -> frozenset[str]:
        store = Store(self._settings.data)
        try:
            ingest = keys_behind(store, slot).get("ingest", "")
            question = _question_behind(self._settings, _ingest_of(self._settings, ingest))
        except (AftercloseError, OSError):
            return frozenset()
        return frozenset({_name(self._settings, *question)} if question else ())

    @cached_property
    def _trainings(self) -> dict[str, list[str]]:
        """Model id -> keys of the training checkpoints that hold it."""
        store, trainings = Store(self._settings.data), dict[str, list[str]]()
        for path in sorted((self._settings.data / "checkpoints" / "train_or_score").glob("*")):
            meta = store.readable_meta(Slot("train_or_score", path.name))
            digest = meta.digests.get("model.json") if meta else None
            if digest:
                trainings.setdefault(digest[:SHORT], []).append(path.name)
        return trainings

    def homes(self, identity: str) -> frozenset[str]:
        """Return the profiles that a model belongs to: where it was trained, else the only one there is."""
        alone = frozenset(self.profiles if len(self.profiles) == 1 else ())
        return self.of_model(identity) or alone

    def of_model(self, identity: str) -> frozenset[str]:
        """Return the profiles in which a model was trained; none for one that came from elsewhere."""
        keys = self._trainings.get(identity, [])
        by_key = frozenset[str]().union(*(self.of_key("train_or_score", key) for key in keys))
        return by_key or self._recorded.get(identity, frozenset())

    @cached_property
    def models_by_run(self) -> list[tuple[str, str]]:
        """Run and model of each training that the journal has, also of those whose checkpoints are gone."""
        journal = Journal(self._settings.data, self._settings.journal, read_only=True)
        return [
            (event.run_id, str(event.facts["model_id"]))
            for event in journal.completions("train_or_score")
            if event.facts.get("model_id") and (event.facts.get("parameters") or {}).get("mode") == "train"
        ]

    @cached_property
    def _recorded(self) -> dict[str, frozenset[str]]:
        """Model id -> profiles by what runs recorded: gc and a restore leave models without their checkpoints."""
        profile_of = {run.run_id: name for name, run in self._runs if name}
        if not profile_of:
            return {}
        by_model: dict[str, set[str]] = {}
        for run, identity in self.models_by_run:
            if run in profile_of:
                by_model.setdefault(identity, set()).add(profile_of[run])
        return {identity: frozenset(names) for identity, names in by_model.items()}
