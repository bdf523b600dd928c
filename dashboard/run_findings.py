"""The findings that stopped a run as a work list: how each stands, its rows, and accepting those that are ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.prices.rule_summaries import rule_summaries
from core.queries.runs.finding_list import (
    ACCEPTED,
    OPEN,
    TO_CORRECT,
    Item,
    consequence,
    in_words,
    outlook,
    tally,
    why_not_accepted,
    work_list,
)
from core.queries.runs.folder import RunFolder
from core.report.about_data import accepted
from core.report.formatting import counted, spaced
from core.request.profiles import PROFILE
from core.review.makers import request_on_record
from core.review.waive import accept, file_for, own_file
from dashboard import (
    acting,
    compact,
    data,
    kept_words,
    monospaced,
    parts,
    requesting,
    rows_in_question,
    run_actions,
    shell,
    starting,
    wrapped,
)
from dashboard.words import literal, sentence

Finding = Mapping[str, Any]
PAGE = "findings"
ACCEPTED_DAYS = 30
"""For how long a finding is accepted unless the person says otherwise."""

MOST_ROWS = 25
"""Errors with a tick each; "tick all" reaches the others."""

_TITLES = {
    "rule": "Rule",
    "ticker": "Ticker",
    "date": "Date",
    "count": "Sessions",
    "value": "Value",
    "expected": "Expected",
}
_WHY, _UNTIL = "accept-why", "accept-until"


def show(run: Run) -> None:
    """Draw the findings of a run that the gate stopped, and the way to accept those that may be."""
    folder = RunFolder(shell.settings().data, run.run_id)
    findings = folder.findings()
    if not findings:
        return
    try:
        items = work_list(shell.settings(), run.request, findings, folder.last_session())
    except AftercloseError:
        run_actions.again(run, first=True)
        raise
    with st.container(key="findings"):
        shell.alarm(_stopped(run, items))
        only = _rows_of_the_only(run, items)
        _remedies(findings, with_lines=only is None)
        if only is not None:
            wrapped.table(only.columns, "finding-table", numbers=rows_in_question.NUMBERS)
        if len(items) == 1 and items[0].state == OPEN:  # said above: there is nothing to choose from a list
            _ways_on(run, items, items, "Accept it as right...")
        else:
            st.subheader("Findings of the gate", anchor=False)
            st.markdown(f"**{tally(items)}** {outlook(items)}")
            _work_list(run, items)
        acting.show_message(PAGE)
        if any(item.state == OPEN for item in items):
            st.caption(_reach(run))
        _look_closer(run, items, with_rows=only is None)
        _warnings([each for each in findings if each["severity"] != "error"])


def _rows_of_the_only(run: Run, items: Sequence[Item]) -> rows_in_question.RawRows | None:
    """Return the rows of a finding that stands alone; None of several, and where they cannot be read (said below)."""
    try:
        return rows_in_question.of(run, items[0].finding) if len(items) == 1 else None
    except AftercloseError:
        return None


def are_there(run: Run) -> bool:
    """Return whether the gate stopped a run and its findings can be read."""
    try:
        return bool(RunFolder(shell.settings().data, run.run_id).findings())
    except AftercloseError:
        return False  # said where they are shown


def _stopped(run: Run, items: Sequence[Item]) -> str:
    """Return in plain words what stopped the run: its first error, and how many more there are."""
    if not items:
        return "The gate stopped the run."
    first = items[0].finding
    about = ", ".join(str(first[key]) for key in ("ticker", "date") if first.get(key))
    where = f"{about}: " if about else ""
    more = f", and {counted(len(items) - 1, 'more error')}" if len(items) > 1 else ""
    why = sentence(f"{where}{in_words(first, rows_in_question.prices(run, first))}{more}")
    expired = "".join((run.error or "").partition("Waivers that have expired")[1:])
    return (
        f"{why} So the gate stopped the run, and nothing was computed from these prices. {expired}".rstrip()
    )


def _bring(run: Run) -> None:
    """Draw the way on that mends the data: the form as this run was, for a corrected file."""
    if not run.request.get("path"):
        return
    if st.button("Bring a corrected file", type="primary", icon=":material/upload_file:", key="bring"):
        st.switch_page("views/start.py", query_params={requesting.CLONE: run.run_id})


def accepted_words(run: Run) -> str:
    """Return how many findings a run passed the gate with because a person accepted them; empty for none."""
    request = run.request
    if not (request.get("waivers") or shell.settings().under(request.get(PROFILE, ""))["waivers"]):
        return ""
    try:
        artifact = data.artifact_of(shell.store(), run.keys, "findings")
        source = data.document(shell.store(), artifact).get("source") if artifact else None
    except AftercloseError:
        return ""  # the box of its stage says what is damaged
    number = accepted((source or {}).get("waivers"))
    return f"findings: 0 errors open, {number:,} accepted" if number else ""


def _remedies(findings: list[dict[str, Any]], *, with_lines: bool) -> None:
    """Draw what to do about each rule that stopped the run; ``with_lines``: and the lines of the file."""
    rules = rule_summaries(each for each in findings if each["severity"] == "error")
    for each in rules:
        name = f"**{literal(spaced(each.rule))}** {literal(each.example)}{literal(each.more)}  \n"
        st.markdown(f"{name if len(rules) > 1 else ''}{literal(each.action)}")
        if each.lines and with_lines:
            compact.draw(f'<div class="file-lines">{monospaced.markup(chr(10).join(each.lines))}</div>')


def _reach(run: Run) -> str:
    """Return in a sentence for which runs an accepted finding counts."""
    path = file_for(shell.settings(), run.request)
    if path == own_file(shell.settings()):
        return "Accepting lets Retry go on; other runs still stop here."
    return f"Accepted findings count for every run with the waivers `{path.name}`, until the day given with each."


# ---- the list


def _tick(run: Run, number: int) -> str:
    return f"tick-{run.run_id}-{number}"


def _work_list(run: Run, items: Sequence[Item]) -> None:
    """Draw each error with a tick where it can be accepted, and the button for those that are ticked."""
    open_ = [number for number, item in enumerate(items) if item.state == OPEN]
    every = f"tick-all-{run.run_id}"
    with st.container(border=True, gap="xsmall", key="work-list"):
        if len(open_) > 1:
            st.checkbox(
                f"All {len(open_):,} that are open", key=every, on_change=_tick_all, args=(run, every, open_)
            )
        for number, item in enumerate(items[:MOST_ROWS]):
            _row(run, number, item)
        if len(items) > MOST_ROWS:
            st.caption(f"The first {MOST_ROWS} of {len(items):,} errors.")
    ticked = [items[number] for number in open_ if st.session_state.get(_tick(run, number))]
    if all(item.state == TO_CORRECT for item in items):
        st.caption(f"None of the errors can be accepted. {why_not_accepted(items)} Correct the data.")
    _ways_on(run, items, ticked, f"Accept {len(ticked):,} ticked..." if ticked else "Accept ticked...")


def _ways_on(run: Run, items: Sequence[Item], ticked: Sequence[Item], label: str) -> None:
    """Draw side by side what can be done: correct the data, accept what is ticked, ask again."""
    with st.container(horizontal=True, gap="xsmall", key="ways-on"):
        if all(item.state == ACCEPTED for item in items):
            _retry(run)
            return
        _bring(run)
        if any(item.state == OPEN for item in items):
            _offer(run, ticked, label)
        run_actions.again(run, first=False)


def _offer(run: Run, items: Sequence[Item], label: str) -> None:
    """Draw the button that asks whether these findings are accepted; off without any."""
    why = acting.refusal("waive") or (None if items else "Tick what is right first.")
    if st.button(label, key="accept", icon=":material/how_to_reg:", disabled=why is not None, help=why):
        confirm(run, items)


def _retry(run: Run) -> None:
    """Draw the way on where it was made: all findings are accepted."""
    off = acting.refusal("launch")
    if st.button("Retry now", key="retry-accepted", type="primary", icon=":material/replay:",
                 disabled=off is not None, help=off):  # fmt: skip
        starting.confirm(starting.again(run), run.target)


def _tick_all(run: Run, every: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        st.session_state[_tick(run, number)] = st.session_state[every]


def _row(run: Run, number: int, item: Item) -> None:
    waiver = item.waiver
    about = f"by {waiver.who} until {waiver.until}: {waiver.why}" if waiver else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"finding-{number}"):
        if item.state == OPEN:
            st.checkbox(literal(item.words()), key=_tick(run, number), width=380)
        else:
            st.checkbox(
                literal(item.words()), value=False, disabled=True, key=f"{_tick(run, number)}-off", width=380
            )
        badge = compact.cell(compact.badge(item.state), 104)
        compact.draw(compact.beside((badge, *([compact.quiet(about)] if about else []))))


def _warnings(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    with st.expander(f"Warnings that stop nothing ({len(findings):,})", key="findings-warnings"):
        rows = [{**each, "rule": spaced(str(each["rule"]))} for each in findings]
        columns = {
            name: ["" if row.get(name) is None else str(row[name]) for row in rows] for name in _TITLES
        }
        wrapped.table(columns, "findings-table", titles=_TITLES, most_px=480)


# ---- the rows


def _look_closer(run: Run, items: Sequence[Item], *, with_rows: bool) -> None:
    """Draw the closes around one finding; ``with_rows``: and its rows as they came, which stand nowhere else."""
    several = [item for item in items if item.finding.get("ticker") and item.finding.get("date")]
    if not several:
        return
    number = 0
    if len(several) > 1:
        number = st.selectbox(
            "Rows of", range(len(several)), key="finding-rows", width=420,
            format_func=lambda index: several[index].words(),
        )  # fmt: skip
    finding = several[number].finding
    rows = rows_in_question.of(run, finding)
    if rows is None:
        return
    rows_in_question.picture(rows, finding)
    if with_rows:
        wrapped.table(rows.columns, "finding-table", numbers=rows_in_question.NUMBERS)


# ---- accepting


@parts.question("Accept these findings?", width="medium", icon=":material/how_to_reg:")
def confirm(run: Run, items: Sequence[Item]) -> None:
    """Say what accepting does to the rows, ask for the reason and the end, and accept the findings on record."""
    settings, today = shell.settings(), datetime.now(UTC).date()
    request = request_on_record(shell.journal_to_write(), run)
    path = file_for(settings, request)
    lines = [
        f"- {literal(item.words())}: {literal(consequence(settings, request, item.finding))}"
        for item in items
    ]
    with st.container(height=min(300, 60 + 52 * len(lines)), border=False, key="accept-list"):
        st.markdown("\n".join(lines))
    kept_words.bring_back(PAGE, _WHY, run.run_id)
    st.text_area("Reason", key=_WHY, max_chars=500, placeholder="why this is right")
    last = today + timedelta(days=ACCEPTED_DAYS)
    st.text_input(
        "Until (YYYY-MM-DD)", last.isoformat(), key=_UNTIL, width=220,
        help="The last session that data may reach for this to count.",
    )  # fmt: skip
    st.caption(f"Each goes on record under your name, and into `{path}`.")
    acting.confirm(PAGE, "Accept", "accept-yes", partial(_accept, run, list(items)))


def _accept(run: Run, items: Sequence[Item]) -> None:
    def act() -> str:
        settings, journal = shell.settings(), shell.journal_to_write()
        path = file_for(settings, request_on_record(journal, run))
        records = accept(
            settings, journal, path, [item.finding for item in items],
            person=shell.person(), why=str(st.session_state.get(_WHY) or ""),
            until=str(st.session_state.get(_UNTIL) or ""),
        )  # fmt: skip
        numbers = ", ".join(str(record.seq) for record in records)
        return f"Accepted {len(records):,}, record {numbers}."

    if acting.saying(PAGE, act):
        st.session_state[_WHY] = ""
