"""A report as an Excel workbook: its tables, signals, findings and repairs, and the digests they rest on.

Numbers are those of the evaluation, to the 16 digits that a workbook has; no text is ever a formula or a link.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from core.errors import ParameterError, SettingsError
from core.journal import Run
from core.queries.reports.tables import every_sheet, label
from core.report.readings import confidence
from core.report.sheets import ordered, predictors
from core.request.settings import Settings
from core.request.stages import writer_of
from core.store.artifacts import artifact_at, file_of
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind
from core.tables import Body
from core.tables.artifacts import Document

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


MOST_ROWS = 1_000_000
"""Excel ends after 1,048,576 rows; what a sheet leaves out is said in its last row."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""When every workbook says that it was made: the same run gives the same bytes."""

_NAME_LENGTH = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class _Page:
    """One sheet of the workbook: its name, heads and rows of numbers, texts, days and None."""

    name: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def workbook(settings: Settings, run: Run) -> bytes:
    """Return a run's report as a workbook (``.xlsx``).

    Raises
    ------
    ParameterError
        If the run has no evaluation.
    CheckpointError
        If an artifact is damaged.
    SettingsError
        If XlsxWriter is not installed.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise SettingsError(
            "XlsxWriter is not installed", expected="the package xlsxwriter", remedy="pip install xlsxwriter"
        ) from error
    pages = _pages(settings, run)
    data = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    with Workbook(data, options) as book:
        book.set_properties({"title": f"Afterclose, run {run.run_id}", "created": _EPOCH})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        day, wrapped = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"text_wrap": True})
        names: set[str] = set()
        for page in pages:
            sheet = book.add_worksheet(_sheet_name(page.name, names))
            _write(sheet, page, bold, day, wrapped)
    return data.getvalue()


def _sheet_name(caption: str, names: set[str]) -> str:
    """Return a name that Excel takes and that no sheet has yet."""
    base = _NOT_IN_NAMES.sub(" ", caption)[:_NAME_LENGTH].strip() or "Sheet"
    name, number = base, 1
    while name.lower() in names:
        number += 1
        name = f"{base[: _NAME_LENGTH - 3].rstrip()} {number}"
    names.add(name.lower())
    return name


def _write(sheet: Worksheet, page: _Page, bold: Format, day: Format, wrapped: Format) -> None:
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, page.head, bold)
    for number, row in enumerate(page.rows[:MOST_ROWS], 1):
        for place, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, place, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 - Excel knows no zones
            elif isinstance(value, bool):
                sheet.write_boolean(number, place, value)
            elif isinstance(value, int | float):
                sheet.write_number(number, place, value)
            elif value is not None:
                text = str(value)
                sheet.write_string(number, place, text, wrapped if len(text) > _WIDEST else None)
    if page.rows:
        sheet.autofilter(0, 0, min(len(page.rows), MOST_ROWS), len(page.head) - 1)
    for place, head in enumerate(page.head):
        longest = max((len(str(row[place])) for row in page.rows[:200]), default=0)
        sheet.set_column(place, place, min(max(longest, len(head) // 2, 8) + 2, _WIDEST))
    if len(page.rows) > MOST_ROWS:
        sheet.write_string(
            MOST_ROWS + 1, 0, f"{len(page.rows) - MOST_ROWS:,} more rows are left out: export the run"
        )


_WIDEST = 60


def _pages(settings: Settings, run: Run) -> list[_Page]:
    store = Store(settings.data)
    key = run.keys.get("evaluate", "")
    body = _document(store, Slot("evaluate", key), "evaluation")
    if body is None:
        raise ParameterError(
            f"run {run.run_id} has no evaluation",
            expected="a run that came to its report",
            remedy="See: afterclose show " + run.run_id,
        )
    keys = {**keys_behind(store, Slot("evaluate", key)), **run.keys}
    findings = _document(store, Slot("validate", keys["validate"]), "findings") or {}
    repairs = _document(store, Slot("clean", keys["clean"]), "repairs") or {}
    return [
        _about(run, body),
        _measures(body),
        *(
            _Page(
                sheet.caption,
                _heads(sheet.columns),
                [[column.value(row) for column in sheet.columns] for row in sheet.rows],
            )
            for sheet in every_sheet(body)
            if sheet.rows
        ),
        _listed("Findings", findings.get("findings", ()), _FINDINGS),
        _listed("Repairs", repairs.get("repairs", ()), _REPAIRS),
        _digests(store, keys),
    ]


_FINDINGS = ("rule", "severity", "ticker", "date", "value", "expected", "action", "count")
_REPAIRS = ("rule", "ticker", "date", "column", "before", "after")


def _heads(columns: Iterable[Any]) -> tuple[str, ...]:
    """Return titles, an interval's with the title of its figure: two of them may be called alike."""
    heads, before = [], ""
    for column in columns:
        heads.append(f"{before}, {column.title}" if column.kind == "interval" and before else column.title)
        before = column.title
    return tuple(heads)


def _about(run: Run, body: Body) -> _Page:
    facts = {
        "run": run.run_id, "profile": run.profile, "last session": body["data"]["to"], "made": run.ended_at or "",
        "verdict": body["verdict"], "in a sentence": body["verdict_sentence"], "reason": body["reason"] or "",
        "advice": (body.get("advice") or {}).get("decision", ""), "report": run.keys.get("report", ""),
    }  # fmt: skip
    return _Page("About", ("what", "value"), [(name, _day(value)) for name, value in facts.items()])


def _measures(body: Body) -> _Page:
    interval = f"{confidence(body)} interval"
    rows = [
        (p.name, label(key), *(p.estimate(key).get(part) for part in ("value", "low", "high")))
        for p in predictors(body)
        for key in ordered(p.measures)
    ]
    return _Page("Measures", ("of", "measure", "value", f"{interval}, from", f"{interval}, to"), rows)


def _listed(name: str, entries: Iterable[Body], columns: tuple[str, ...]) -> _Page:
    return _Page(name, columns, [[_day(entry.get(column)) for column in columns] for entry in entries])


def _digests(store: Store, keys: Mapping[str, str]) -> _Page:
    rows = []
    for stage, key in keys.items():
        meta = store.meta(Slot(stage, key))
        for name, artifact in (meta.artifacts if meta else {}).items():
            rows.append((stage, key, name, artifact.get("rows"), artifact["bytes"], artifact["sha256"]))
    return _Page("Digests", ("stage", "key", "file", "rows", "bytes", "SHA-256"), rows)


def _day(value: Any) -> Any:
    """Return an ISO day as a day, everything else as it is."""
    try:
        return (
            date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2000-01-01") else value
        )
    except ValueError:
        return value


def _document(store: Store, slot: Slot, kind: str) -> Body | None:
    assert slot.stage == writer_of(kind).name, "each kind is written by one stage"
    filename = file_of(kind, store, slot) if slot.key else None
    artifact = artifact_at(store, slot, filename) if filename else None
    return artifact.body if isinstance(artifact, Document) else None
