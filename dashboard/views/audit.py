"""Record: who did what, when, to which digest; filtered by the address, exported, and verified on request.

A record opens from its row: all that is kept of it is there at once, in the browser's own ``details``.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import escape

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations.schedule_form import rule_words
from core.queries.reports import audit
from core.queries.reports.audit import AuditEntry
from core.queries.runs.run_labels import run_name
from core.registry.origins import Origins, finished_runs
from core.report.formatting import counted, minute, spaced
from core.upkeep.one_check import verify_alone
from core.upkeep.verification import Verification
from dashboard import compact, folding, shell, wrapped
from dashboard.words import second

_STARTS = (audit.STARTED, audit.AGAIN)
_TALL_PX, _MOST_WHOLE = 760, 25
"""A table of more rows scrolls in so much height; a shorter one stands there whole."""

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


def show() -> None:
    """Draw the page, or say what is missing."""
    log = shell.journal()
    every = audit.entries(audit.of_people(log), shell.settings()) if log else []
    requests = audit.requests_of(log) if log else {}
    _verify()
    if not every:
        st.info(
            "No act of a person is on record yet. Starts of runs, signatures (**Report**) and decisions about models "
            "(**Model**) appear here."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="audit-count"):
        matches = _newest(_filtered(every), len(every))
    rows = [_row(entry, requests.get(entry.record, "")) for entry in matches[: wrapped.MOST_ROWS]]
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    wrapped.table(columns, "audit_table", most_px=_TALL_PX if len(rows) > _MOST_WHOLE else 0)
    more = (
        f"The first {len(rows):,} of {len(matches):,}; an export has all. "
        if len(matches) > len(rows)
        else ""
    )
    words = f"{more}Drafts are on the page Report. Record {every[0].record} seals all before it: SHA-256"
    compact.draw(f'<span class="quiet sealed">{words} {compact.to_copy(every[0].sha256)}</span>')


def _newest(matches: list[AuditEntry], of: int) -> list[AuditEntry]:
    """Draw how many records there are, the choice to leave out those that only say who started a run, and the exports;
    return what is shown.
    """
    others = [entry for entry in matches if entry.act not in _STARTS]
    starts = len(matches) - len(others)
    place = st.container(width="content")
    leave_out = (
        starts and others and st.toggle(f"Hide run starts ({starts:,})", key="no_starts", bind="query-params")
    )
    entries = others if leave_out else matches
    number = f"{len(entries):,} of " if len(entries) < of else ""
    place.caption(f"{number}{counted(of, 'record')}, the newest first.")
    _exports(entries)
    return entries


def _exports(entries: list[AuditEntry]) -> None:
    with st.container(horizontal=True, gap="small", width="content", key="exports"):
        for name, mime, make in (
            ("csv", "text/csv", audit.as_csv),
            ("json", "application/json", audit.as_json),
        ):
            st.download_button(
                name.upper(), make(entries), f"audit.{name}", mime, key=f"export_{name}", on_click="ignore",
                icon=":material/download:", help=f"Export what matches as {name.upper()}",
            )  # fmt: skip


def _filtered(every: list[AuditEntry]) -> list[AuditEntry]:
    people, acts = audit.choices(every)
    with folding.on_phone("audit", "Filters", number=_count_set()), st.grid(5, min_column_width=150):
        who = st.selectbox("Who", ["", *people], key="who", bind="query-params", format_func=_all)
        act = st.selectbox("What", ["", *acts], key="what", bind="query-params", format_func=_all)
        text = st.text_input(
            "Contains",
            key="text",
            bind="query-params",
            max_chars=200,
            placeholder="report, model, profile, why",
        )
        since = st.date_input(
            "From", None, EARLIEST, LATEST, format="YYYY-MM-DD", key="since", bind="query-params"
        )
        until = st.date_input(
            "To", None, EARLIEST, LATEST, format="YYYY-MM-DD", key="until", bind="query-params"
        )
    days = [day.isoformat() if isinstance(day, date) else "" for day in (since, until)]
    narrowed = [entry for entry in every if shell.scope() in ("", *entry.profile.split(", "))]
    return audit.matching(narrowed, who=who or "", act=act or "", text=text, since=days[0], until=days[1])


def _count_set() -> int:
    """Return how many filters count: the address has them before they are drawn, later the session."""
    names = ("who", "what", "text", "since", "until")
    return sum(bool(st.session_state.get(name, st.query_params.get(name))) for name in names)


def _all(name: str) -> str:
    return name or "all"


def _row(entry: AuditEntry, request: str) -> dict[str, object]:
    return {
        "Record": str(entry.record),
        "Time": wrapped.Drawn(compact.unbroken(second(entry.at_utc))),
        "Who": f"{entry.who} ({entry.role})" if entry.role else entry.who,
        "What": spaced(entry.act),
        "About": wrapped.Drawn(_subject(entry)),
        "Detail": wrapped.Drawn(_detail(entry, request)),
    }


_LABELS = {"at_utc": "Time", "who": "Who", "act": "What", "why": "Why", "sha256": "Seal (SHA-256)"}
"""Field of a record -> its name where the field's own says too little."""


def _detail(entry: AuditEntry, request: str) -> str:
    """Return why, or of a start what was asked for; pressed, all that is kept of the record."""
    why = _reason(entry)
    words = escape(why) if why else compact.quiet(request or "whole record")
    facts = "".join(
        f"<dt>{_LABELS.get(name, spaced(name).capitalize())}</dt><dd>{escape(str(value))}</dd>"
        for name, value in audit.rows([entry])[0].items()
        if value not in ("", None)
    )
    whole = f'<dl class="facts">{facts}</dl>'
    return f'<details class="whole-record"><summary><bdi>{words}</bdi></summary>{whole}</details>'


def _reason(entry: AuditEntry) -> str:
    """Return why; of a schedule its rule as a person would say it."""
    if not entry.act.endswith("schedule"):
        return entry.why
    parts = (
        _RULE.sub(lambda rule: rule_words(rule[0]), part.removeprefix("when: "))
        if part.startswith("when: ")
        else part
        for part in entry.why.split("; ")
    )
    return "; ".join(parts)


_RULE = re.compile(r"\b(?:close(?:\+\w+)?|weekly \w{3} [\d:]+|arrival)(?=, )")
"""A rule of :mod:`core.schedule.timing`, before the calendar that it goes by."""


def _subject(entry: AuditEntry) -> str:
    """Return what a record is about: a run as a link, a rule in plain words; below ticker, date and profile."""
    if _RUN.fullmatch(entry.subject):
        name = compact.link(run_name(entry.subject), "run", entry.subject)
    elif run := report_of(entry):
        name = compact.link_to_id(entry.subject, "report", run)
    elif run := trained_by(entry):
        name = compact.link_to_id(entry.subject, "model", run)
    else:
        name = compact.short_id(spaced(entry.subject))
    more = " · ".join(escape(text) for text in (entry.ticker, entry.date, entry.profile) if text)
    return f'<bdi>{name} <bdi class="about quiet unbroken">{more}</bdi></bdi>'


def report_of(entry: AuditEntry) -> str:
    """Return the newest run of the report that a record is about; empty where it is about none."""
    if entry.profile and _REPORT.fullmatch(entry.subject):
        return _reports(entry.profile, str(shell.settings().data), entry.record).get(entry.subject, "")
    return ""


def trained_by(entry: AuditEntry) -> str:
    """Return the run that trained the model that a record is about; empty where it is about none."""
    if not _MODEL.fullmatch(entry.subject):
        return ""
    return _trainings(str(shell.settings().data), entry.record).get(entry.subject, "")


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _trainings(*rests_on: object) -> dict[str, str]:
    del rests_on
    return {model: run for run, model in Origins(shell.settings()).models_by_run}


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _reports(profile: str, *rests_on: object) -> dict[str, str]:
    del rests_on
    return {run.keys["report"]: run.run_id for run in finished_runs(shell.settings(), profile)[::-1]}


_REPORT = re.compile(r".+-[0-9a-f]{12}(-retained-[0-9a-f]+)?")
_MODEL = re.compile(r"[0-9a-f]{12}")
_RUN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")


def _verify() -> None:
    """Draw whether all that is kept is whole, the button that checks it, and what the last check found changed."""
    last = _checks(str(shell.settings().data))
    with st.container(horizontal=True, vertical_alignment="center", key="verify_line"):
        compact.draw(_standing(last))
        pressed = st.button(
            "Verify everything", key="verify", type="primary", icon=":material/verified:",
            help="Reads every file and record again, and says which was changed.",
        )  # fmt: skip
    if pressed:
        try:
            with st.spinner("Verifying…"):
                last[:] = [(datetime.now(UTC).isoformat(), verify_alone(shell.settings()))]
        except AftercloseError as error:
            shell.problem(error)
            return
        st.rerun()  # what was found stands above
    faults = last[-1][1].faults if last else ()
    if faults:
        names = {"What": "what", "Which": "which", "How": "how"}
        columns = {title: [getattr(fault, name) for fault in faults] for title, name in names.items()}
        wrapped.table(columns, "faults_table", most_px=_TALL_PX)


def _standing(last: list[tuple[str, Verification]]) -> str:
    """Return in a line what the last check found."""
    if not last:
        return compact.headline("not verified", "Not verified yet", " since the desk was started.")
    at, check = last[-1]
    number = f"{counted(len(check.faults), 'fault')} in " if check.faults else ""
    state, words = ("damaged", "Damaged") if check.faults else ("whole", "All whole")
    return compact.headline(state, words, f": {number}{_looked(check)}, checked {minute(at)}.")


@st.cache_resource(max_entries=8)
def _checks(root: str) -> list[tuple[str, Verification]]:
    """Return the last check of a data root with its time (UTC, ISO), for all who look at this desk."""
    del root  # it tells data roots apart
    return []


def _looked(verification: Verification) -> str:
    """Return how much a check has looked at."""
    counts = (
        ("checkpoint", verification.checkpoints),
        ("model", verification.models),
        ("record", verification.records),
    )
    return ", ".join(counted(count, noun) for noun, count in counts)


with shell.guarded():
    show()
