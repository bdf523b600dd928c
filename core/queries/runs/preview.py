"""What a run would do, told before it is started: effective parameters, stages reused and stages made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.parameters import Parameter, Value
from core.queries.runs.history import shortage
from core.request.known_profiles import KnownProfiles
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.request.stages import NAMES, chain, onwards, parameters_of
from core.runs.inputs import is_complete
from core.runs.launcher import FORCE, NO_WAIT
from core.runs.plan import stage_plans, without_effect
from core.runs.profile import HOW_TO_READ_LATER_FILES, later_file
from core.runs.resolve import resolve
from core.store.checkpoints import Slot, Store

REUSED, COMPUTED, COMPARED = "reused", "made", "compared"
"""What becomes of a stage: taken as it is, computed, or computed again and compared (forced)."""


@dataclass(frozen=True)
class Effective:
    """One parameter as the run gets it, as text, and where it is from: ``asked``, ``settings`` or ``plan``."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Step:
    """One stage of the run: its checkpoint's key, and what becomes of it."""

    stage: str
    key: str
    does: str


@dataclass(frozen=True)
class Preview:
    """What a run would do if it started now.

    Parameters
    ----------
    parameters : tuple of Effective
        In the order of the stages; those without a value are left out.
    steps : tuple of Step
        In running order.
    shortage : str
        Why the history is too short to judge a model, where that can be known; else empty.
    unused : str
        Which requested options it does not use because it scores; else empty.
    later : str
        That its profile, named without a path, reads an earlier file than was read last, and what to do; else empty.
    """

    parameters: tuple[Effective, ...]
    steps: tuple[Step, ...]
    shortage: str = ""
    unused: str = ""
    later: str = ""

    def count(self, does: str) -> int:
        """Return how many stages are ``reused``, ``made`` or ``compared``."""
        return sum(step.does == does for step in self.steps)


def preview(
    settings: Settings, request: Mapping[str, str], *, now: datetime, target: str = "report"
) -> Preview:
    """Return what a run of ``request`` would do now; nothing is started.

    Parameters
    ----------
    request : mapping of str to str
        As :func:`core.runs.launcher.launch` takes it.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before a stage runs.
    """
    upto = target if target in NAMES else NAMES[-1]
    force = request.get(FORCE, "").strip()
    forced = onwards(force) if force else ()
    options = {name: text for name, text in request.items() if name not in (FORCE, NO_WAIT)}
    values = resolve(options, settings=settings, now=now, upto=upto, fresh="ingest" in forced)
    store, complete_slots, steps = Store(settings.data), set[Slot](), []
    for plan in stage_plans(values, upto).line():
        there = is_complete(store, plan, complete_slots)
        does = COMPARED if there and plan.stage.name in forced else REUSED if there else COMPUTED
        steps.append(Step(plan.stage.name, plan.slot.key, does))
    return Preview(
        tuple(_effective(values, options, upto)),
        tuple(steps),
        shortage(values, settings.data, settings.bounds),
        without_effect(options, values),
        _later(options, settings),
    )


def _later(request: Mapping[str, str], settings: Settings) -> str:
    name = request.get(PROFILE, "").strip()
    says_itself = name in settings.profiles or request.get("path", "").strip()
    entry = None if says_itself else KnownProfiles(settings.data).entry(name)
    words = later_file(entry) if entry else ""
    return f"{words}. {HOW_TO_READ_LATER_FILES}" if words else ""


def _effective(values: Mapping[str, Value], request: Mapping[str, str], upto: str) -> list[Effective]:
    effective = []
    if request.get(PROFILE):
        effective.append(Effective(PROFILE, request[PROFILE], "asked"))
    for name, parameter in parameters_of(chain(upto)).items():
        if values[name] is not None:
            text = parameter.text(values[name])
            if name == "path":  # an address as it was asked for, not the copy that is read
                text = request.get(name, "").strip() or text
            effective.append(Effective(name, text, _origin(parameter, request)))
    return effective


def _origin(parameter: Parameter, request: Mapping[str, str]) -> str:
    if parameter.resolved:
        return "plan"
    return "asked" if request.get(parameter.name, "").strip() else "settings"
