"""Request in, values out: everything that could change is resolved once, before any task exists.

:func:`resolve` looks at the world (the source, the champion, the configuration) and returns plain
values; :func:`core.runs.plan.stage_plans` makes the plan of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core.errors import CommandError, ModelError, ParameterError, SourceError, nearest
from core.label import Label
from core.models.splits import least_fold_sessions
from core.parameters import Value, settings_from
from core.paths import StoragePath
from core.platform.isolated import Bounds, call_isolated
from core.registry.champions import Champion, Champions
from core.registry.registry import Registry
from core.request import plugin_digests, roots
from core.request.profiles import PROFILE
from core.request.settings import Settings, placed
from core.request.stages import MODEL_KINDS, chain, parameters_of
from core.runs.plan import NOT_SCORING, stage_plans
from core.runs.profile import profile_of
from core.sources import OWN, source_named
from core.sources.ingest_settings import IngestSettings
from core.store import ticker_lists, universe_files
from core.store import waivers as waiver_files
from core.store.checkpoints import Slot, Store
from core.store.vintages import choose_vintage

_COMMON_CALENDARS = ("XNYS", "24/7")
"""Known to exist without importing exchange_calendars, which costs a rerun half a second."""

_NOT_LIVE: dict[str, Value] = {"vintage": 0, "on_missing": None}
"""A source whose bytes are in the key answers once, and no ticker of it comes and goes."""

_NOT_FILES: dict[str, Value] = dict.fromkeys(("date_format", "delimiter", "decimal", "encoding", "columns"))
"""How files are read is in the key of files only."""


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
        The last stage label.
    fresh : bool
        Whether a live source is to be asked again although an intact answer is there.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before a stage runs.
    """
    parameters = parameters_of(chain(upto))
    texts = dict(request)
    values = _values_of(texts, parameters, settings.under(texts.pop(PROFILE, "").strip()))
    _judge_range(values)
    _judge_calendar(values, settings, requested=bool(texts.get("calendar", "").strip()))
    source = source_named(str(values["source"]))
    if values.get("path") and values["source"] != "files":
        raise ParameterError(
            f"--path came with --source {values['source']}", expected="--source files", parameter="path"
        )
    if values.get("path"):
        values["path"] = roots.local_path(str(values["path"]), settings)
    tickers = roots.tickers_in(str(values["tickers"] or ""), settings, upper=values["source"] != "files")
    values |= _universe(values, settings)
    values |= _modules(values, settings)  # before the source is asked: a plug-in function is one
    answer = source.resolve(settings_from(IngestSettings, values), tickers, now)
    values |= {
        "tickers": ticker_lists.keep(answer.tickers, settings.data),
        "start": answer.start,
        "end": answer.end,
        "input_digest": answer.input_digest,
        "input_name": answer.input_name,
    }
    if values["source"] != "files":
        values |= _NOT_FILES  # before a vintage is looked for: what is in no key must not be in that one
    values |= _live(values, settings.data, fresh=fresh) if not answer.input_digest else _NOT_LIVE
    if "waivers" in parameters:
        values["waivers_digest"] = _keep_waivers(str(values["waivers"] or ""), settings)
    if "mode" in parameters:
        values = _with_mode(values, settings, partial(profile_of, request, settings, asks=True))
    # a value travels to a task as text: what comes back there must be what is planned with here
    return _as_planned(values)


def _keep_waivers(name: str, settings: Settings) -> str | None:
    """Return the digest of the file of waivers, of which the data root now has a copy; None without one.

    In a team it is one that the configuration names, as it speaks in other people's names, or the desk's own, which is
    refused where it says of somebody what they did not do.
    """
    if not name:
        return None
    from core.review.waive import path_of, recorded_waivers

    path = path_of(settings, name)
    data = recorded_waivers(settings, path)
    if data is None:
        configured = (settings.defaults, *settings.profiles.values())
        configured_files = [str(values.get("waivers") or "") for values in configured]
        roots.check_configured(name, configured_files, settings, parameter="waivers")
        data = waiver_files.COPIES.read(path, "waivers")
    return waiver_files.keep(data, path.name, settings.data)


def _modules(values: Mapping[str, Value], settings: Settings) -> dict[str, Value]:
    """Return where plug-in modules are, and their digests by what they touch."""
    modules = plugin_digests.resolved(values, settings)
    if values["source"] != OWN:
        modules["sources_modules"] = None  # no other source rests on it
    return {name: value for name, value in modules.items() if name in values}


def _universe(values: Mapping[str, Value], settings: Settings) -> dict[str, Value]:
    """Return the digests of the files that say how the universe changes, of which the data root now has copies."""
    digests: dict[str, Value] = {}
    for name in ("symbols", "membership"):
        if name in values:
            path = str(values[name] or "")
            if path:
                roots.check_path(path, settings, parameter=name)
            allowed = roots.AllowedFiles(settings, name)
            digests[f"{name}_digest"] = universe_files.keep(path, settings.data, name, allowed)
    return digests


def _values_of(
    request: Mapping[str, str], names: Mapping[str, object], settings: Settings
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, parameter in parameters_of(chain("report")).items():
        if name in names:
            text = request.get(name, "").strip()
            if text and parameter.resolved:
                raise CommandError(
                    f"{parameter.option} was given", expected="nothing: the plan fills it", parameter=name
                )
            default = parameter.parse(parameter.default) if parameter.resolved else settings[name]
            values[name] = parameter.parse(text) if text else default
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


def _judge_calendar(values: Mapping[str, Value], settings: Settings, *, requested: bool) -> None:
    calendar = values.get("calendar")
    if calendar is None or calendar in _COMMON_CALENDARS:
        return
    from core.prices.calendar import check_calendar

    try:
        check_calendar(str(calendar))
    except ParameterError as error:
        set_in_file = not requested and calendar == settings["calendar"]
        raise (placed(error, "calendar", settings) if set_in_file else error) from None


def _live(values: Mapping[str, Value], root: StoragePath, *, fresh: bool) -> dict[str, Value]:
    def slot_of(vintage: int) -> Slot:
        numbered = {**_as_planned(values), "vintage": vintage}
        return stage_plans(numbered, "ingest").slot

    return {"vintage": choose_vintage(Store(root), slot_of, fresh=fresh)}


def _as_planned(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return values as they come back from their travel as text to a task."""
    parameters = parameters_of(chain("report"))
    return {name: parameters[name].parse(parameters[name].text(value)) for name, value in values.items()}


def _with_mode(values: dict[str, Value], settings: Settings, profile: Callable[[], str]) -> dict[str, Value]:
    """Return the values with the mode, and the model, that the profile's champion decides."""
    champions, registry = Champions(settings), Registry(settings.data)
    champion = champions.of(profile()) if values["mode"] == "auto" else None
    if values["mode"] == "auto":
        values["mode"] = "score" if champion else "train"
    if values["mode"] == "score":
        champion = champion or champions.require(profile())
        registry.bytes_of(champion.model_id, champion.sha256)
        _judge_label(values, champion.model_id, registry.label_of(champion.model_id))
        values |= {**dict.fromkeys(NOT_SCORING), "model_id": champion.model_id}
        return values
    _judge_splits(values)
    _judge_models(values)
    if "champion_id" in values:
        values["champion_id"] = _compared_with(champions.of(profile()), registry)
    if values["window"] == "expanding":
        values["rolling_sessions"] = None
    return values


def _compared_with(champion: Champion | None, registry: Registry) -> str | None:
    """Return the champion that a candidate is compared with; a damaged one must not stop its successor."""
    if champion is None:
        return None
    try:
        registry.bytes_of(champion.model_id, champion.sha256)
    except ModelError:
        return f"{champion.model_id} (unreadable)"
    return champion.model_id


def _judge_label(values: Mapping[str, Value], identity: str, model: Label | None) -> None:
    """Refuse to score with a model of another label; a file that says nothing of it is judged by the stage."""
    label = settings_from(Label, values)
    if model is not None and not model.asks_like(label):  # the text of its module is judged by the stage
        parameter = "label" if model.label != label.label else "horizon_sessions"
        raise ParameterError(
            f"model {identity} was trained on the {model.name}, and this run asks for the {label.name}",
            expected=f"--horizon-sessions {model.horizon_sessions} --label {model.label}, as the model has them",
            remedy="Train one for this label with --mode train, in a profile of its own if both are to be used.",
            parameter=parameter,
        )


_WITHOUT_TRIAL = {"model_parameters": None, "model_grid": None, "sample_weights": "none"}
"""Values with which the built-in kinds need no trial, and no numeric library is loaded for one."""


TRIAL_BOUNDS = Bounds(memory_mb=1_024, time_s=30.0)
"""What a trial of settings may take where others are served meanwhile: in a thread of a desk, not of a terminal."""

_ONE_TRIAL = threading.Lock()
"""Several trials at once would take as much each."""


def _judge_models(values: Mapping[str, Value]) -> None:
    """Refuse a model or settings that cannot be trained; a desk tries them in a process of its own, within bounds."""
    names = {str(values["model"]), *str(values["beside"] or "").split(",")}
    if names <= {*MODEL_KINDS, ""} and all(values[name] == value for name, value in _WITHOUT_TRIAL.items()):
        return
    from core.features import model_features
    from core.models.choosing import check_models
    from core.models.train_settings import TrainSettings

    chosen, features = settings_from(TrainSettings, values), len(model_features())
    if threading.current_thread() is threading.main_thread():
        check_models(chosen, features)
        return
    try:
        with _ONE_TRIAL:
            call_isolated(TRIAL_BOUNDS, "made-up rows", check_models, chosen, features)
    except SourceError as error:
        raise ParameterError(
            f"a trial of --model {chosen.model} on a few made-up rows was ended: it took more than "
            f"{TRIAL_BOUNDS.memory_mb:,} MiB of memory or {TRIAL_BOUNDS.time_s:g} seconds",
            expected="settings with which a few rows are fitted at once",
            remedy="Ask for fewer or smaller parts, or start it in a terminal.",
            parameter="model_parameters",
        ) from error


@dataclass(frozen=True)
class _Split:
    """What decides whether sessions are left to train on and to resample."""

    min_train_sessions: int | None
    fold_sessions: int
    embargo_sessions: int
    horizon_sessions: int


def _judge_splits(values: Mapping[str, Value]) -> None:
    split = settings_from(_Split, values)
    horizon, gap = split.horizon_sessions, split.embargo_sessions + split.horizon_sessions
    if split.min_train_sessions is not None and split.min_train_sessions <= gap:
        over = f" and --horizon-sessions {horizon}" if horizon > 1 else ""
        raise ParameterError(
            f"--embargo-sessions {split.embargo_sessions}{over} came with "
            f"--min-train-sessions {split.min_train_sessions}",
            expected="sessions left to train on before the first fold",
            remedy="Lower the embargo, or begin testing later.",
            parameter="embargo_sessions",
        )
    if horizon > 1 and split.fold_sessions < least_fold_sessions(horizon):
        raise ParameterError(
            f"--fold-sessions {split.fold_sessions} came with --horizon-sessions {horizon}",
            expected=f"{least_fold_sessions(horizon)} sessions or more: two outcomes that do not overlap",
            remedy="Lengthen the folds, or shorten the horizon.",
            parameter="fold_sessions",
        )
