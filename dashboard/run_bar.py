"""What the run that is asked for will do, in sight while the form is filled in, with the button that starts it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape

from core.errors import AftercloseError
from core.parameters import Value
from core.queries.look import Look
from core.queries.runs.ahead import Ahead, ChampionFacts, ahead, champion_facts, duration_sentence
from core.queries.runs.preview import REUSED, Preview
from core.queries.runs.run_labels import short_ids
from core.queries.runs.usual import usual_of_profile
from core.report.formatting import counted
from core.runs.profile import profile_of
from dashboard import compact, look_table, shell
from dashboard.words import literal


def champion_of(request: Mapping[str, str]) -> tuple[str, ChampionFacts | None]:
    """Return the profile that a request belongs to and its champion; no name where that cannot be said."""
    settings = shell.settings()
    try:
        profile = profile_of(request, settings)
        return profile, champion_facts(settings, profile)
    except AftercloseError:
        return "", None


def captions(profile: str, champion: ChampionFacts | None) -> dict[str, str]:
    """Return what each mode would do now, by mode."""
    if not profile:  # of an address, or of what is wrong elsewhere
        return {
            "auto": "Scores with the champion of its profile, or trains where there is none; said before it starts.",
            "train": "A candidate; adopted only by a person.",
            "score": "The champion of its profile gives the signals; nothing is trained.",
        }
    who = f"champion {short_ids(champion.model_id)}" if champion else ""
    return {
        "auto": f"Now: scores with {who}."
        if champion
        else f"Now: trains, because {literal(profile)} has no champion yet.",
        "train": f"A candidate, compared with {who}; adopted only by a person."
        if champion
        else "A candidate; adopted only by a person.",
        "score": f"{who.capitalize()} gives the signals; nothing is trained."
        if champion
        else f"Not possible yet: {literal(profile)} has no champion.",
    }


def foresee(
    plan: Preview, about: tuple[str, ChampionFacts | None], look: Look | None, values: Mapping[str, Value]
) -> Ahead:
    """Return what the run will do, with what the look knows of the data."""
    last = (look.last if look else None) or next((p.value for p in plan.parameters if p.name == "end"), "")
    try:
        date.fromisoformat(last)
    except ValueError:
        last = ""
    return ahead(
        plan,
        *about,
        last=last,
        tickers=tuple(look.tickers) if look else (),
        calendar=str(values["calendar"] or ""),
    )


def words(coming: Ahead, plan: Preview, profile: str, look: Look | None, options: str) -> None:
    """Draw what the run will do; what speaks against it stands first."""
    reused = plan.count(REUSED)
    tally = f"{reused} reused, {len(plan.steps) - reused} to be made"
    stops = _of_look(look, plan)
    doubts = "".join([*(_doubt(_STOPS, _to_the_look(look)) for _ in stops), *map(_doubt, coming.doubts)])
    parts = [f'<div class="ahead-doubts">{doubts}</div>'] if doubts else []
    if not stops:  # what stands behind the gate would not be done
        by_stage = coming.facts if reused else coming.facts[:-1]  # the tally says that all are made
        more = (f"{tally}.", _duration(plan, profile), *by_stage, f"Changed: {options}." if options else "")
        parts += [
            f"<div><strong>{escape(short_ids(coming.head))}.</strong> {escape(short_ids(coming.because))}</div>",
            f'<div class="quiet">{escape(short_ids(" ".join(filter(None, more))))}</div>',
        ]
    compact.draw(f'<div class="run-ahead">{"".join(parts)}</div>')


def _duration(plan: Preview, profile: str) -> str:
    journal = shell.journal()
    return duration_sentence(plan, usual_of_profile(journal, profile)) if journal and profile else ""


def _to_the_look(look: Look | None) -> str:
    errors = sum(finding["severity"] == "error" for finding in look.findings) if look else 0
    what = "the error" if errors == 1 else f"the {errors:,} errors"
    return f': <a href="#{look_table.ERRORS}" target="_self" class="to-page">see {what}</a>'


def _doubt(text: str, more: str = "") -> str:
    sign = '<span aria-hidden="true" class="sign">warning</span>'
    return f'<span class="doubt">{sign}<span>{escape(text)}{more}</span></span>'


def doubt_of_look(look: Look | None, plan: Preview) -> str:
    """Return in a sentence what the look has against a run; empty where it has nothing."""
    return "".join(f"{text}." for text in _of_look(look, plan))


def _of_look(look: Look | None, plan: Preview) -> list[str]:
    """Return what the look has against a run that is still to read the prices."""
    if look is None or not look.stops or plan.steps[1].does == REUSED:
        return []
    errors = sum(finding["severity"] == "error" for finding in look.findings)
    return [f"{_STOPS}: {counted(errors, 'error')}"]


_STOPS = "It would stop at the gate"
