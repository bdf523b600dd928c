"""A look at a file or folder of prices, or at the embedded sample: what it holds, and what the gate would say of it.

It is read and judged by the code of ``ingest`` and ``validate``; nothing is committed or recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import AftercloseError, ValidationFailed
from core.parameters import Value, settings_from
from core.platform.isolated import call_isolated
from core.prices.calendar import sessions_between
from core.prices.calendar_fit import Fit, best_fit, fit_of
from core.prices.rule_summaries import RuleSummary, rule_summaries
from core.queries.look_pictures import TickerPicture, chosen, picture_of
from core.queries.runs.history import needed_sessions, shortage_of
from core.report.formatting import counted
from core.request import roots
from core.request.settings import Settings
from core.request.stages import STAGES, parameters_of
from core.sources import source_named
from core.sources.context import Context
from core.sources.ingest_settings import IngestSettings, SessionSettings
from core.sources.reading import FILES
from core.sources.table import usable_days
from core.tables.workplace import Workplace
from core.tables.writer import Scratch

if TYPE_CHECKING:
    import pandas as pd

    from core.tables.artifacts import Table

FIRST_ROWS = 5
SAMPLE = "sample"


@dataclass(frozen=True)
class Look:
    """What a file or folder of prices holds, and what a run would say of it.

    Parameters
    ----------
    name : str
        Of the file or folder.
    files : tuple of mapping
        How each file was read, as the artifact's header has it; empty for one plain file.
    columns : tuple of str
    rows, sessions : int
        Rows, and days on which some ticker has a close.
    first, last : str or None
        The first and last of these days (ISO).
    tickers : mapping of str to mapping
        ``rows``, ``first`` and ``last`` of each.
    first_rows : tuple of mapping
        As they are read, at most five.
    price_basis, adjusted_close : str
        As the header of ``prices_raw`` says.
    calendar, best : Fit or None
        The run's calendar and the one that fits best; None without days that it knows.
    findings : tuple of mapping
        The gate's own, under the run's settings, errors first.
    shortage : str
        Why the history is too short to judge a model; empty where it is not.
    needed : int
        Sessions from which a model can be judged under the run's settings.
    pictures : mapping of str to TickerPicture
        Of the tickers with findings and then the others, at most 40.
    """

    name: str
    files: tuple[Mapping[str, Any], ...]
    columns: tuple[str, ...]
    rows: int
    sessions: int
    first: str | None
    last: str | None
    tickers: Mapping[str, Mapping[str, Any]]
    first_rows: tuple[Mapping[str, Any], ...]
    price_basis: str
    adjusted_close: str
    calendar: Fit | None
    best: Fit | None
    findings: tuple[Mapping[str, Any], ...]
    shortage: str
    needed: int = 0
    pictures: Mapping[str, TickerPicture] = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        """Whether the gate would stop a run."""
        return any(finding["severity"] == "error" for finding in self.findings)

    @property
    def better_calendar(self) -> str:
        """The calendar that fits better than the run's own, empty if none does."""
        best = self.best
        if best is None or (self.calendar is not None and best.share <= self.calendar.share):
            return ""
        return best.calendar

    def rules(self) -> list[RuleSummary]:
        """Return the gate's findings, each rule once."""
        return rule_summaries(self.findings)

    def advice(self) -> list[str]:
        """Return in plain sentences what to do before a run, the most important first; nothing where nothing is."""
        sentences = []
        if self.better_calendar and self.best:
            sentences.append(self.best.advice)
        if self.stops:
            sentences.append("A run would stop at the gate: see the errors.")
        return [*sentences, self.shortage] if self.shortage else sentences


def fit_sentence(look: Look) -> str:
    """Return how the run's calendar fits, in one sentence."""
    fit = look.calendar
    if fit is None:
        return "The run's calendar does not know these days."
    return (
        f"Calendar {fit.calendar}: {fit.share:.1%} of days in common, {fit.missing:,} sessions without a row, "
        f"{fit.extra:,} days that are no sessions."
    )


def basis_sentence(look: Look) -> str:
    """Return what the prices are, as far as the file says, in one sentence."""
    basis = "The file does not say whether prices are adjusted for splits" if look.price_basis == "unknown" else (
        f"Prices are {look.price_basis.replace('_', ' ')}"
    )  # fmt: skip
    own = look.adjusted_close == "source"
    return (
        f"{basis}; {'it has an adjusted close' if own else 'without an adjusted close, the close stands in'}."
    )


def left_out_sentence(file: Mapping[str, Any]) -> str:
    """Return how many lines of a file are no rows, by kind, and the first; empty where there is none."""
    lines = file.get("left_out") or ()
    if not lines:
        return ""
    kinds = file.get("left_out_in_all") or Counter(line["why"] for line in lines)
    by_kind = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
    return f"{counted(sum(kinds.values()), 'line')} left out ({by_kind}), the first is line {lines[0]['line']:,}."


def look_apart(settings: Settings, request: Mapping[str, str], *, now: datetime) -> Look:
    """Return :func:`look_at` of a process of its own, which ``[files] read_memory_mb`` and ``read_timeout_s`` bound.

    Raises
    ------
    AftercloseError
        As there, and if reading the file takes too much or ends its process.
    """
    return call_isolated(
        settings.bounds, request.get("path") or "it", look_at, settings, dict(request), now=now
    )


def look_at(settings: Settings, request: Mapping[str, str], *, now: datetime) -> Look:
    """Return what the file or folder named by ``request`` holds, or the embedded sample.

    Parameters
    ----------
    settings : Settings
        Defaults of everything that the request does not name.
    request : mapping of str to str
        ``path`` and any parameter of ``ingest``, ``validate`` or ``train_or_score``, as text; ``source`` is ``files``
        unless it says ``sample``.
    now : datetime
        The present, with its zone: rows after this day are from the future.

    Raises
    ------
    AftercloseError
        If the path may not be read, is not there, or is no table of prices.
    """
    values = _values(settings, request)
    is_file = values["source"] == FILES
    if is_file:
        values["path"] = roots.local_path(str(values["path"] or ""), settings, makes_root=False)
    tickers = roots.tickers_in(str(values["tickers"] or ""), settings, upper=not is_file)
    source = source_named(str(values["source"]))
    source_settings = settings_from(IngestSettings, values)
    answer = source.resolve(source_settings, tickers, now)
    values |= {"input_digest": answer.input_digest, "input_name": answer.input_name}
    with Scratch() as scratch:
        source_settings = replace(source_settings, input_digest=answer.input_digest)
        if not is_file:
            tickers = answer.tickers
            source_settings = replace(source_settings, start=answer.start or "", end=answer.end or "")
        allowed = roots.AllowedFiles(settings)
        table = source.read(source_settings, tickers, Context(scratch=scratch, allowed=allowed))
        findings = _findings(table, values, now.date(), Workplace(scratch))
        from core.sources.lines import with_lines

        return _look_of(table, answer.input_name, values, tuple(with_lines(findings, source_settings)))


def _values(settings: Settings, request: Mapping[str, str]) -> dict[str, Value]:
    """Return the values that a run of ``request`` would have: files as source unless it is the sample, in training."""
    from core.request.profiles import PROFILE

    parameters = parameters_of(STAGES)
    under = settings.under(request.get(PROFILE, "").strip())
    values: dict[str, Value] = {
        name: parameter.parse(parameter.default) if parameter.resolved else under[name]
        for name, parameter in parameters.items()
    }
    for name, text in request.items():
        if name != PROFILE and text.strip():
            values[name] = parameters[name].parse(text.strip())
    source = SAMPLE if request.get("source", "").strip() == SAMPLE else FILES
    return values | {"source": source, "mode": "train"}


def _findings(
    table: Table, values: Mapping[str, Value], today: date, workplace: Workplace
) -> tuple[Mapping[str, Any], ...]:
    """Return what the gate says, whether it would stop or not."""
    from core.prices.gate_settings import ValidateSettings
    from core.prices.validation import validate

    try:
        document = validate(table, settings_from(ValidateSettings, values), today=today, workplace=workplace)[
            1
        ].body
    except ValidationFailed as error:
        document = dict(error.findings)
    return tuple(document["findings"])


def _look_of(
    table: Table, name: str, values: Mapping[str, Value], findings: tuple[Mapping[str, Any], ...]
) -> Look:
    reading, days = settings_from(SessionSettings, values), set[str]()
    head: pd.DataFrame | None = None
    for part in table.each():
        head = part.head(FIRST_ROWS) if head is None else head
        days |= usable_days(part, reading, whole=True) if col.DATE in part else set()
    ordered = sorted(day for day in days if _is_day(day))
    own = fit_of(str(values["calendar"]), ordered)
    best = best_fit(own, ordered)
    source = table.header["source"]
    return Look(
        name=name,
        files=tuple(source.get("files") or ()),
        columns=tuple(map(str, table.columns)),
        rows=table.rows,
        sessions=len(ordered),
        first=ordered[0] if ordered else None,
        last=ordered[-1] if ordered else None,
        tickers=source.get("tickers") or {},
        first_rows=() if head is None else tuple(_cells(row) for row in head.to_dict("records")),
        price_basis=str(table.header["price_basis"]),
        adjusted_close=str(table.header["adjusted_close"]),
        calendar=own,
        best=best,
        findings=findings,
        shortage=shortage_of(len(ordered), values),
        needed=needed_sessions(values),
        pictures=_pictures(table, findings, _sessions(best, ordered)),
    )


def _sessions(fit: Fit | None, days: list[str]) -> list[str]:
    """Return the sessions of a calendar over the span of ``days``; these themselves where no calendar knows them."""
    if fit is None or not days:
        return days
    try:
        sessions = sessions_between(fit.calendar, date.fromisoformat(days[0]), date.fromisoformat(days[-1]))
    except AftercloseError:
        return days
    return [str(day) for day in sessions]


def _pictures(
    table: Table, findings: Iterable[Mapping[str, Any]], sessions: list[str]
) -> dict[str, TickerPicture]:
    """Return the pictures of the tickers that are drawn."""
    if not {col.DATE, col.CLOSE, col.TICKER} <= set(table.columns):
        return {}
    names = chosen(table.header["source"].get("tickers") or {}, (str(f.get("ticker")) for f in findings))
    rows: dict[str, list[pd.DataFrame]] = {}
    for part in table.each():
        tickers = part[col.TICKER].astype(str).str.strip()
        for name, own in part.loc[tickers.isin(names), [col.DATE, col.CLOSE]].groupby(tickers, sort=False):
            rows.setdefault(str(name), []).append(own)
    import pandas as pd

    return {name: picture_of(pd.concat(rows[name]), sessions) for name in names if name in rows}


def _cells(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON values."""
    from core.prices.cells import json_value

    return {str(name): json_value(cell) for name, cell in row.items()}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
