"""Request in, plan out: everything that could change is resolved once, before any task exists.

:func:`resolve` looks at the world (the source, the champion, the configuration) and returns plain
values. :func:`stage_plans` is pure: the same values give the same keys in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from core.errors import CommandError, ModelError, ParameterError, SettingsError, nearest
from core.fingerprint import SHORT, digest_of
from core.parameters import Value
from core.platform.files import replace_file
from core.registry.registry import Registry
from core.request import tickers as ticker_list
from core.request.profiles import PROFILE
from core.request.settings import Settings, placed
from core.request.stages import Stage, chain, parameters_of
from core.sources import source_named
from core.store import waivers as waiving
from core.store.checkpoints import Slot, Store
from core.store.vintages import choose_vintage

_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_COMMON_CALENDARS = ("XNYS", "24/7")
"""Known to exist without importing exchange_calendars, which costs a rerun half a second."""

_NOT_LIVE: dict[str, Value] = {"vintage": 0, "on_missing": None}
"""A source whose bytes are in the key answers once, and no ticker of it comes and goes."""

_NOT_FILES: dict[str, Value] = dict.fromkeys(("date_format", "delimiter", "decimal", "encoding"))
"""How files are read is in the key of files only."""

_SCORING_IGNORES = (
    "model", "beside", "seed", "min_train_sessions", "fold_sessions", "window", "rolling_sessions",
    "embargo_sessions",
)  # fmt: skip


@dataclass(frozen=True)
class StagePlan:
    """What one stage gets and where its checkpoint belongs.

    Parameters
    ----------
    stage : Stage
        The entry of the stage table.
    slot : Slot
        Stage name and key.
    fingerprint : str
        64 hex digits over parameters, stage version, library versions and everything upstream.
    parameters : mapping
        Resolved values of the stage's own parameters.
    libraries : mapping
        Numeric libraries and their major.minor.
    upstream : StagePlan or None
        The stage before.
    """

    stage: Stage
    slot: Slot
    fingerprint: str
    parameters: Mapping[str, Value]
    libraries: Mapping[str, str]
    upstream: StagePlan | None

    def before(self, name: str) -> StagePlan:
        """Return this plan or the one of an earlier stage, by stage name."""
        plan: StagePlan | None = self
        while plan is not None and plan.stage.name != name:
            plan = plan.upstream
        if plan is None:
            raise KeyError(name)
        return plan

    def retaining(self, model_id: str) -> StagePlan:
        """Return this plan as it goes on when training failed for good and ``model_id`` is kept.

        From training on, keys end in ``-retained-<model id>``; everything before stays as planned.
        """
        if self.slot.key.endswith(f"-retained-{model_id}"):
            return self
        if self.stage.name == "train_or_score":
            scoring = {**dict.fromkeys(_SCORING_IGNORES), "mode": "score", "model_id": model_id}
            parameters, upstream = {**self.parameters, **scoring}, self.upstream
        elif self.upstream is not None and len(self.line()) > len(chain("train_or_score")):
            parameters, upstream = dict(self.parameters), self.upstream.retaining(model_id)
        else:
            return self
        slot = Slot(self.slot.stage, f"{self.slot.key}-retained-{model_id}")
        return replace(self, slot=slot, parameters=parameters, upstream=upstream)

    @property
    def keys(self) -> dict[str, str]:
        """Checkpoint key of each stage up to this one, in running order."""
        return {plan.slot.stage: plan.slot.key for plan in self.line()}

    @property
    def values(self) -> dict[str, Value]:
        """Resolved values of every parameter up to this stage."""
        return {name: value for plan in self.line() for name, value in plan.parameters.items()}

    def line(self) -> list[StagePlan]:
        """Return the plans from the first stage to this one."""
        return [*(self.upstream.line() if self.upstream else []), self]


def resolve(
    request: Mapping[str, str],
    *,
    settings: Settings,
    now: datetime,
    upto: str = "report",
    fresh: bool = False,
) -> dict[str, Value]:
    """Return the resolved value of every parameter of the stages up to ``upto``.

    Parameters
    ----------
    request : mapping of str to str
        What the user gave, as text, by parameter name; an empty text means "not given". ``profile``
        names a profile whose values stand in place of the defaults.
    settings : Settings
        Defaults and data root.
    now : datetime
        The time of the start, with its zone; used for nothing but live sources.
    upto : str
        The last stage wanted.
    fresh : bool
        Whether a live source is to be asked again although an intact answer is there.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before a stage runs.
    """
    known = parameters_of(chain(upto))
    given = dict(request)
    values = _given(given, known, settings.under(given.pop(PROFILE, "").strip()))
    _judge_range(values)
    _judge_calendar(values, settings, given=bool(given.get("calendar", "").strip()))
    source = source_named(str(values["source"]))
    if values.get("path") and values["source"] != "files":
        raise ParameterError(
            f"--path came with --source {values['source']}", expected="--source files", parameter="path"
        )
    wanted = ticker_list.parse(
        str(values["tickers"] or ""), upper=values["source"] != "files", folder=Path.cwd()
    )
    found = source.resolve(values, wanted, now)
    values |= {
        "tickers": _kept(found.tickers, settings.data),
        "start": found.start,
        "end": found.end,
        "input_digest": found.input_digest,
        "input_name": found.input_name,
    }
    if values["source"] != "files":
        values |= _NOT_FILES  # before a vintage is looked for: what is in no key must not be in that one
    values |= _live(values, settings.data, fresh=fresh) if not found.input_digest else _NOT_LIVE
    if "waivers" in known:
        values["waivers_digest"] = waiving.keep(str(values["waivers"] or ""), settings.data)
    if "mode" in known:
        values = _with_mode(values, settings.data)
    # a value travels to a task as text: what comes back there must be what is planned with here
    return _as_planned(values)


def _given(request: Mapping[str, str], known: Mapping[str, object], settings: Settings) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, parameter in parameters_of(chain("report")).items():
        if name in known:
            given = request.get(name, "").strip()
            if given and parameter.resolved:
                raise CommandError(
                    f"{parameter.option} was given", expected="nothing: the plan fills it", parameter=name
                )
            default = parameter.parse(parameter.default) if parameter.resolved else settings[name]
            values[name] = parameter.parse(given) if given else default
    for name in request:
        if name not in values:
            raise CommandError(
                f"there is no option --{name.replace('_', '-')}",
                expected=f"one of {', '.join('--' + n.replace('_', '-') for n in values)}",
                remedy=nearest(name, values).strip(),
            )
    return values


def _judge_range(values: Mapping[str, Value]) -> None:
    start, end = values["start"], values["end"]
    if start and end and str(start) > str(end):
        raise ParameterError(
            f"--start {start} is after --end {end}",
            expected="a start on or before the end",
            remedy="Both days are included. Did you swap them?",
            parameter="start",
        )


def _judge_calendar(values: Mapping[str, Value], settings: Settings, *, given: bool) -> None:
    calendar = values.get("calendar")
    if calendar is None or calendar in _COMMON_CALENDARS:
        return
    from core.prices.calendar import check_calendar

    try:
        check_calendar(str(calendar))
    except ParameterError as error:
        set_in_file = not given and calendar == settings["calendar"]
        raise (placed(error, "calendar", settings) if set_in_file else error) from None


def _kept(tickers: tuple[str, ...], root: Path) -> str:
    text, joined = ticker_list.compact(tickers)
    if joined is not None:
        path = ticker_list.universe_file(root, text)
        if not path.is_file():
            try:
                replace_file(path, joined.encode())
            except OSError as error:
                raise SettingsError(
                    f"the ticker list cannot be kept in {path.parent}: {error.strerror or error}",
                    expected="a writable data root",
                ) from error
    return text


def _live(values: Mapping[str, Value], root: Path, *, fresh: bool) -> dict[str, Value]:
    def slot_of(vintage: int) -> Slot:
        numbered = {**_as_planned(values), "vintage": vintage}
        return stage_plans(numbered, "ingest").slot

    return {"vintage": choose_vintage(Store(root), slot_of, fresh=fresh)}


def _as_planned(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return values as they come back from their travel as text to a task."""
    known = parameters_of(chain("report"))
    return {name: known[name].parse(known[name].text(value)) for name, value in values.items()}


def _with_mode(values: dict[str, Value], root: Path) -> dict[str, Value]:
    registry = Registry(root)
    if values["mode"] == "auto":
        values["mode"] = "score" if registry.champion() else "train"
    if values["mode"] == "score":
        champion = registry.require_champion()
        registry.bytes_of(champion.model_id)
        # a scoring run uses none of these, so they must not be in its key
        values |= {**dict.fromkeys(_SCORING_IGNORES), "model_id": champion.model_id}
        return values
    _judge_splits(values)
    if "champion_id" in values:
        values["champion_id"] = _compared_with(registry)
    if values["window"] == "expanding":
        values["rolling_sessions"] = None
    return values


def _compared_with(registry: Registry) -> str | None:
    """Return the champion that a candidate is compared with; a damaged one must not stop its successor."""
    champion = registry.champion()
    if champion is None:
        return None
    try:
        registry.bytes_of(champion.model_id)
    except ModelError:
        return f"{champion.model_id} (unreadable)"
    return champion.model_id


def _judge_splits(values: Mapping[str, Value]) -> None:
    first, embargo = int(str(values["min_train_sessions"])), int(str(values["embargo_sessions"]))
    if first <= embargo + 1:
        raise ParameterError(
            f"--embargo-sessions {embargo} came with --min-train-sessions {first}",
            expected="sessions left to train on before the first fold",
            remedy="Lower the embargo, or begin testing later.",
            parameter="embargo_sessions",
        )


def stage_plans(values: Mapping[str, Value], upto: str = "report") -> StagePlan:
    """Return the plan of the stage ``upto``, with those before it behind ``upstream``. Pure.

    Parameters
    ----------
    values : mapping
        What :func:`resolve` returned (or the part of it that the stages up to ``upto`` use).
    """
    plan: StagePlan | None = None
    label = _label(values)
    for stage in chain(upto):
        plan = _stage_plan(stage, values, label, plan)
    assert plan is not None, "a chain has at least one stage"
    return plan


def _stage_plan(
    stage: Stage, values: Mapping[str, Value], label: str, upstream: StagePlan | None
) -> StagePlan:
    own = {p.name: values[p.name] for p in stage.parameters}
    libraries = {name: library_version(name) for name in stage.libraries}
    fingerprint = digest_of(
        {
            "stage": stage.name,
            "version": stage.version,
            "parameters": {p.name: own[p.name] for p in stage.parameters if p.keyed},
            "libraries": libraries,
            "upstream": upstream.fingerprint if upstream else None,
        }
    )
    slot = Slot(stage.name, f"{label}-{fingerprint[:SHORT]}")
    return StagePlan(stage, slot, fingerprint, own, libraries, upstream)


def _label(values: Mapping[str, Value]) -> str:
    if values["end"]:
        return str(values["end"])
    if values["source"] == "files":
        from core.sources.files import label_of

        return label_of(str(values["input_name"]))
    return str(values["source"])


@cache
def library_version(name: str) -> str:
    """Return the installed major.minor of a library, as it stands in keys."""
    return ".".join(version(_DISTRIBUTIONS.get(name, name)).split(".")[:2])
