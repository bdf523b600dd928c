"""The pipeline in one table: seven stages, what each reads, writes and is set by.

Luigi tasks and their parameters, command-line options, the fields of the form, checkpoint keys, ``afterclose dag`` and
``docs/commands.md`` are made from :data:`STAGES`. The words of the form (:mod:`core.request.form_words`), ``luigi.cfg``
and ``docs/configuration.md`` are written by hand, and tests compare them with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import CommandError, nearest
from core.label import DIRECTION, LABELS, MOST_SESSIONS
from core.parameters import Parameter
from core.prices.catalogue import CAN_DROP_ROW, CAN_DROP_TICKER, CAN_STOP, DROPPED_BY_DEFAULT

MODEL_KINDS = ("logistic_regression", "hist_gradient_boosting")
"""The closed list of model kinds; a model file of any other kind is refused."""

SOURCES = ("sample", "files", "yahoo", "tiingo", "own")
MODES = ("auto", "train", "score")
CALIBRATIONS = ("none", "sigmoid", "isotonic")
WEIGHTS = ("none", "uniqueness", "decay", "both")
WINDOWS = ("expanding", "rolling")


@dataclass(frozen=True)
class Artifact:
    """A file that a stage writes: its kind (the name without ending) and its shape."""

    kind: str
    shape: Literal["table", "document", "text"] = "table"
    suffix: str = ".json"

    @property
    def filename(self) -> str:
        """The plain file name (a very large table is ``.parquet`` instead)."""
        return f"{self.kind}{self.suffix}"


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline.

    Parameters
    ----------
    name : str
        The stage's name; its Luigi task is named after it.
    function : str
        What computes it, as ``module:function``; see :func:`core.runs.compute.compute`.
    reads : tuple of str
        Kinds of artifacts, of any earlier stage.
    writes : tuple of Artifact
        The first is the main one.
    parameters : tuple of Parameter
        What is in the stage's key, beside its version and the keys before it.
    version : int
        Raised when the same input would give other bytes.
    retry : str
        ``transient``: again on faults that pass by themselves, in ``[retry] tries`` attempts with linear back-off;
        ``once more``: a second attempt after any error but a refusal; ``never``.
    libraries : tuple of str
        Numeric libraries whose major.minor is in the key.
    summary : str
        One sentence for a person.
    """

    name: str
    function: str
    reads: tuple[str, ...]
    writes: tuple[Artifact, ...]
    parameters: tuple[Parameter, ...]
    version: int
    retry: Literal["transient", "never", "once more"]
    libraries: tuple[str, ...]
    summary: str

    @property
    def task(self) -> str:
        """The name of its Luigi task: ``FeatureEngineer`` for ``feature_engineer``."""
        return "".join(word.capitalize() for word in self.name.split("_"))


CALENDAR = Parameter(
    "calendar",
    "text",
    "XNYS",
    "market",
    "Exchange calendar (an exchange_calendars name such as XNYS, or 24/7).",
)

PLUGINS = Parameter(
    "plugins",
    "text",
    "",
    "plugins",
    "Modules of your own: files relative to luigi.cfg, or installed ones by name, separated by commas.",
    keyed=False,
    key="modules",
)


PLUGINS_LIMIT = Parameter("plugins_timeout_s", "number", "20", "plugins", "Seconds that loading a module of your own, or a call of one of its functions, may take; 0 is no limit.", low=0, high=86_400, keyed=False, key="timeout_s")  # fmt: skip


def _digest_of_own(what: str) -> Parameter:
    """Return the parameter that puts plug-in modules into the key of the stage that they touch."""
    help_ = f"Digest of the modules that declare {what}."
    return Parameter(f"{what}_modules", "text", "", "", help_, resolved=True, quiet=True)


_FILES = (
    Parameter("date_format", "choice", "auto", "files", "How dates are written where they do not decide it themselves: us is month first, eu is day first.", choices=("auto", "iso", "us", "eu", "ymd", "epoch")),
    Parameter("delimiter", "choice", "auto", "files", "What separates the cells of a text file.", choices=("auto", "comma", "semicolon", "tab", "pipe")),
    Parameter("decimal", "choice", "auto", "files", "The decimal mark where numbers do not decide it themselves.", choices=("auto", "point", "comma")),
    Parameter("encoding", "choice", "auto", "files", "The encoding of a text file that is not UTF-8.", choices=("auto", "utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "gb18030", "big5", "cp932", "cp949")),
    Parameter("columns", "text", "", "files", "Which column is which where names do not say it: date=Datum,close=Schluss, or the same as JSON."),
)  # fmt: skip
"""How files are read, in the key for source files only."""


def _request_policy_of(source: str, *, threads: int) -> tuple[Parameter, ...]:
    """Return concurrency, timeout, back-off and overlap of a live source: in no key, for they change no answer."""
    about = f"(source {source})."
    return (
        Parameter(f"{source}_threads", "integer", str(threads), source, f"Tickers asked for at the same time {about}", low=1, high=16, keyed=False),
        Parameter(f"{source}_timeout_s", "number", "20", source, f"Seconds to wait for one answer {about}", low=0.1, high=600, keyed=False),
        Parameter(f"{source}_limit_wait_s", "number", "30", source, f"First wait after Too Many Requests; each further wait is this much longer {about}", low=0, high=3600, keyed=False),
        Parameter(f"{source}_overlap_sessions", "integer", "10", source, f"Sessions of the earlier answer that are asked for again and compared {about}", low=1, high=1000, keyed=False),
    )  # fmt: skip


_INGEST = (
    Parameter("source", "choice", "sample", "ingest", "Where prices come from.", choices=SOURCES),
    Parameter(
        "path",
        "text",
        "",
        "ingest",
        "File, folder, pattern or address with prices (source files only).",
        keyed=False,
    ),
    Parameter(
        "tickers", "tickers", "", "ingest", "Comma list, JSON list or @file; empty: all the source has."
    ),
    Parameter("start", "date", "", "ingest", "First session, inclusive; empty: what the source has."),
    Parameter("end", "date", "", "ingest", "Last session, inclusive; empty: what the source has."),
    Parameter(
        "symbols",
        "text",
        "",
        "ingest",
        "File (CSV: old, new, date) of tickers that go on under another name.",
        keyed=False,
    ),
    Parameter("symbols_digest", "text", "", "", "SHA-256 of the symbols' bytes.", resolved=True, quiet=True),
    Parameter("input_digest", "text", "", "", "SHA-256 of the source's bytes.", resolved=True),
    Parameter("input_name", "text", "", "", "Name of the source's file.", resolved=True),
    Parameter("vintage", "integer", "0", "", "Which answer of a live source.", resolved=True),
    Parameter(
        "on_missing",
        "choice",
        "fail",
        "ingest",
        "Tickers that a live source does not give: fail the stage, or drop them and say so.",
        choices=("fail", "drop"),
    ),
    *_FILES,
    # the calendar decides which session is the last closed one; what it decides is in the key as the end
    replace(CALENDAR, keyed=False),
    *_request_policy_of("yahoo", threads=4),
    *_request_policy_of("tiingo", threads=2),
    PLUGINS,
    PLUGINS_LIMIT,
    _digest_of_own("sources"),
)

_SPIKES = (
    Parameter("spike_ratio", "number", "1.5", "clean", "A close this many times off both neighbours is an outlier spike.", low=1.01, high=1000),
    Parameter("spike_reversion", "number", "0.1", "clean", "A spike has reverted when its neighbours agree within this share.", low=0, high=1),
)  # fmt: skip

_VALIDATE = (
    CALENDAR,
    *_SPIKES,
    Parameter("max_missing_share", "number", "0.01", "validate", "Largest share of a ticker's rows that may lack a price.", low=0, high=1),
    Parameter("price_tolerance", "number", "1e-6", "validate", "Relative tolerance when high, low, open and close are compared.", low=0, high=0.01),
    Parameter("jump_ratio", "number", "1.5", "validate", "Close-to-close ratio beyond which a move is pointed out.", low=1.01, high=1000),
    Parameter("volume_ratio", "number", "25", "validate", "Volume beyond this many times its median over volume_sessions rows is pointed out.", low=1, high=1e9),
    Parameter("stale_sessions", "integer", "5", "validate", "Sessions with the same close that are pointed out.", low=2, high=1000),
    Parameter("min_rows", "integer", "30", "validate", "Fewer rows of a ticker than this are pointed out.", low=0, high=100000),
    Parameter("split_tolerance", "number", "0.03", "validate", "A move within this share of a usual split ratio may be a split that was not taken out.", low=0, high=0.2),
    Parameter("gap_days", "integer", "30", "validate", "A large move after this many days without a row points to another company.", low=2, high=10000),
    Parameter("volume_sessions", "integer", "21", "validate", "Rows in the median that volumes are compared with.", low=2, high=1000),
    Parameter("bar_ratio", "number", "2", "validate", "A high of more than this many times the low is pointed out.", low=1.01, high=1000),
    Parameter("close_only", "flag", "false", "validate", "Accept prices without open, high, low and volume; the report says what could not be checked."),
    Parameter("stop_on", "names", "", "validate", "Warnings that stop the run like errors.", choices=CAN_STOP),
    Parameter("waivers", "text", "", "validate", "File (TOML) of findings that a person accepts.", keyed=False),
    Parameter("waivers_digest", "text", "", "", "SHA-256 of the waivers' bytes.", resolved=True),
    PLUGINS,
    PLUGINS_LIMIT,
    _digest_of_own("rules"),
)  # fmt: skip

_CLEAN = (
    CALENDAR,
    *_SPIKES,
    Parameter("split_ratio", "number", "1.2", "clean", "Adjustment-factor jump from which a split, below it a dividend, is flagged.", low=1.01, high=100),
    Parameter("drop_row", "names", DROPPED_BY_DEFAULT, "clean", "Rules whose rows are dropped; rows of other warnings are kept and flagged.", choices=CAN_DROP_ROW),
    Parameter("drop_ticker", "names", "", "clean", "Rules that drop the whole ticker.", choices=CAN_DROP_TICKER),
    Parameter("fill", "choice", "none", "clean", "Fill missing cells with the ticker's row before (forward), on record, instead of dropping the row.", choices=("none", "forward")),
)  # fmt: skip

_FEATURES = (
    Parameter("membership", "text", "", "features", "File (CSV: date, ticker, change) of who comes in and goes out of the universe.", keyed=False),
    Parameter("membership_digest", "text", "", "", "SHA-256 of the membership's bytes.", resolved=True, quiet=True),
    Parameter("horizon_sessions", "integer", "1", "features", "How many sessions the label looks ahead.", low=1, high=MOST_SESSIONS, quiet=True),
    Parameter("label", "choice", DIRECTION, "features", "What is predicted: whether the price rises (direction), does better than the mean of all tickers (excess), or what a module of your own asks, by its name.", choices=LABELS, own=True, quiet=True),
    PLUGINS,
    PLUGINS_LIMIT,
    _digest_of_own("features"),
)  # fmt: skip

_TRAIN = (
    CALENDAR,
    Parameter("mode", "choice", "auto", "train", "Train a candidate, score with the champion, or auto: score if there is one.", choices=MODES),
    Parameter("model", "choice", "logistic_regression", "train", "The model named in the report: one of these, or the dotted name of a classifier.", choices=MODEL_KINDS, open=True),
    Parameter("model_parameters", "json", "", "train", "Settings of that model, as a JSON object.", quiet=True),
    Parameter("model_grid", "json", "", "train", "Values to choose its settings from within each fold, as a JSON object of lists; each counts as a try.", quiet=True),
    Parameter("calibration", "choice", "none", "train", "How its probabilities are set right by the latest fifth of what it learns from.", choices=CALIBRATIONS, quiet=True),
    Parameter("sample_weights", "choice", "none", "train", "How much rows count: less where their outcomes overlap, less the older they are, or both.", choices=WEIGHTS, quiet=True),
    Parameter("half_life_sessions", "integer", "504", "train", "Sessions after which a row counts half, where weights decay.", low=1, high=1_000_000, quiet=True),
    Parameter("beside", "names", "hist_gradient_boosting", "train", "Models trained beside it for comparison.", choices=MODEL_KINDS, open=True),
    Parameter("seed", "integer", "7", "train", "Seed of everything random in training.", low=0, high=2**31 - 1),
    Parameter("min_train_sessions", "integer", "auto", "train", "Sessions before the first test fold; auto: half of the history, 712 at most.", low=30, high=1_000_000, auto=True),
    Parameter("fold_sessions", "integer", "252", "train", "Sessions in one test fold.", low=5, high=100_000),
    Parameter("window", "choice", "expanding", "train", "Training windows that keep all history, or roll along with a fixed length.", choices=WINDOWS),
    Parameter("rolling_sessions", "integer", "504", "train", "Most sessions of a rolling training window.", low=30, high=1_000_000),
    Parameter("embargo_sessions", "integer", "0", "train", "Sessions left out between training and test, beside the label's horizon.", low=0, high=10_000),
    Parameter("model_id", "text", "", "", "The model that scores, by content id.", resolved=True),
)  # fmt: skip

_EVALUATE = (
    Parameter("bootstrap_samples", "integer", "1000", "evaluate", "Resamples behind each interval.", low=100, high=100_000),
    Parameter("block_sessions", "integer", "10", "evaluate", "Consecutive dates that are resampled together.", low=1, high=1000),
    Parameter("confidence", "number", "0.95", "evaluate", "Coverage of the intervals.", low=0.5, high=0.999),
    Parameter("bootstrap_seed", "integer", "11", "evaluate", "Seed of the resampling.", low=0, high=2**31 - 1),
    Parameter("drift_sessions", "integer", "63", "evaluate", "Sessions in the current window of the drift statistics.", low=5, high=10_000),
    Parameter("leak_auc", "number", "0.60", "evaluate", "An AUC above this is flagged as a likely leak.", low=0.5, high=1),
    Parameter("max_age_sessions", "integer", "252", "evaluate", "Sessions after training from which a model's age is reason to retrain.", low=1, high=1_000_000),
    Parameter("min_new_rows", "integer", "252", "evaluate", "Labelled rows after training below which the advice is that too little is known.", low=0, high=1e9),
    Parameter("drift_columns", "integer", "3", "evaluate", "Families of columns drifting at the same time from which drift is reason to retrain; a return and its lags are one.", low=1, high=1000),
    Parameter("cost_bps", "number", "5", "evaluate", "Cost of a change of position, in basis points.", low=0, high=1000),
    Parameter("champion_id", "text", "", "", "The champion that a candidate is compared with, by content id.", resolved=True),
)  # fmt: skip

_PRICES = ("numpy", "pandas")
_LEARN = ("numpy", "pandas", "sklearn")

# The pipeline is one line: this order is the only place where it stands. Each stage requires the one before.
STAGES: tuple[Stage, ...] = (
    Stage(
        "ingest", "core.sources:ingest", (), (Artifact("prices_raw"),), _INGEST, 6, "transient", _PRICES,
        "Reads daily prices from the source as they are.",
    ),
    Stage(
        "validate", "core.prices.validation:validate", ("prices_raw",),
        (Artifact("prices_valid"), Artifact("findings", "document")),
        _VALIDATE, 7, "never", _PRICES,
        "Checks schema, types and every row; an error stops the run.",
    ),
    Stage(
        "clean", "core.prices.cleaning:clean", ("prices_valid", "findings"),
        (Artifact("prices_clean"), Artifact("repairs", "document")),
        _CLEAN, 2, "transient", _PRICES,
        "Removes what the rules name, on record, and enriches.",
    ),
    Stage(
        "feature_engineer", "core.features.engineering:engineer_audited", ("prices_clean",), (Artifact("features"),),
        _FEATURES, 3, "transient", _PRICES,
        "Computes features of each session from data up to that session.",
    ),
    Stage(
        "train_or_score", "core.models.train_or_score:train_or_score", ("features", "findings"),
        (Artifact("predictions"), Artifact("model", "document")),
        _TRAIN, 7, "once more", _LEARN,
        "Trains a candidate walk-forward, or scores with the champion.",
    ),
    Stage(
        "evaluate", "core.evaluation.evaluate:evaluate",
        ("model", "predictions", "features", "findings", "repairs"),
        (Artifact("evaluation", "document"),), _EVALUATE, 13, "never", (*_LEARN, "scipy"),
        "Measures the predictions against baselines, with intervals and drift.",
    ),
    Stage(
        "report", "core.report.render:render", ("evaluation",),
        (Artifact("report", "text", ".txt"), Artifact("report", "text", ".html")),
        (PLUGINS, PLUGINS_LIMIT, _digest_of_own("sections")), 12, "never", (),
        "Writes the draft report for a person to read and sign.",
    ),
)  # fmt: skip

BY_NAME = {stage.name: stage for stage in STAGES}
NAMES = tuple(BY_NAME)


def stage_named(name: str) -> Stage:
    """Return the stage called ``name``.

    Raises
    ------
    CommandError
        If there is none, with the nearest name.
    """
    if name not in BY_NAME:
        raise CommandError(
            f"there is no stage {name!r}",
            expected=f"one of {', '.join(NAMES)}",
            remedy=nearest(name, NAMES).strip(),
        )
    return BY_NAME[name]


def chain(name: str) -> tuple[Stage, ...]:
    """Return the stages from the first up to and including ``name``, in running order."""
    return STAGES[: NAMES.index(stage_named(name).name) + 1]


def previous(name: str) -> Stage | None:
    """Return the stage that the stage called ``name`` requires, None for the first."""
    earlier = chain(name)[:-1]
    return earlier[-1] if earlier else None


def onwards(name: str) -> tuple[str, ...]:
    """Return the names of the stage called ``name`` and of all after it, in running order."""
    return NAMES[NAMES.index(stage_named(name).name) :]


def parameters_of(stages: Iterable[Stage]) -> dict[str, Parameter]:
    """Return every parameter of ``stages`` by name, each once, in the table's order."""
    return {p.name: p for stage in stages for p in stage.parameters}


def writer_of(kind: str) -> Stage:
    """Return the stage that writes artifacts of ``kind``."""
    return next(s for s in STAGES if any(a.kind == kind for a in s.writes))
