"""The findings that stopped a run, and accepting one of them with a reason and an end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.prices.rule_summaries import rule_summaries
from core.queries.runs.folder import RunFolder
from core.review.waive import DEFAULT_NAME, accept, file_for, may_be_accepted
from dashboard import acting, shell, wrapped
from dashboard.words import literal

Finding = Mapping[str, Any]
ACCEPTED_DAYS = 30
"""For how long a finding is accepted unless the person says otherwise."""

MOST_CHOICES = 100

_MARKED = {"error": "■ error", "warning": "▲ warning"}
_TITLES = {
    "severity": "Severity", "rule": "Rule", "ticker": "Ticker", "date": "Date", "count": "Sessions", "value": "Value",
    "expected": "Expected",
}  # fmt: skip


def show(run: Run) -> None:
    """Draw the findings, and the way to accept one that may be."""
    findings = RunFolder(shell.settings().data, run.run_id).findings()
    if not findings:
        return
    with st.container(key="findings"):
        st.subheader("Findings of the gate", anchor=False)
        st.caption(
            "An error stops the run. Correct the data at its source and retry, or accept a finding that is right. "
            f"{_reach(run)}"
        )
        _remedies(findings)
        wrapped.table(_columns(findings), "findings-table", titles=_TITLES, most_px=480)
        _choose(run, findings)


def _remedies(findings: list[dict[str, Any]]) -> None:
    """Draw what to do, each rule that stopped the run once."""
    for each in rule_summaries(each for each in findings if each["severity"] == "error"):
        st.markdown(
            f"**{literal(each.rule)}** {literal(each.example)}{literal(each.more)}  \n{literal(each.action)}"
        )


def _reach(run: Run) -> str:
    """Return in a sentence for which runs an accepted finding counts."""
    path = file_for(shell.settings(), run.request)
    if path.name == DEFAULT_NAME:
        return "Accepted findings count for Retry; other runs ask again, unless their option waivers names the file."
    return f"Accepted findings count for every run with the waivers `{path.name}`, until the day given with each."


def _columns(findings: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the findings by column, what stopped the run first."""
    findings = sorted(findings, key=lambda each: each["severity"] != "error")
    findings = [{**each, "severity": _MARKED.get(each["severity"], each["severity"])} for each in findings]
    return {
        name: ["" if each.get(name) is None else str(each[name]) for each in findings] for name in _TITLES
    }


def _choose(run: Run, findings: list[dict[str, Any]]) -> None:
    """Draw the choice of what may be accepted; what makes a table unreadable may not."""
    open_ = [each for each in findings if each["severity"] == "error" and may_be_accepted(each["rule"])]
    if not open_:
        st.caption("None of the errors can be accepted: the table would be unreadable. Correct the data.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Finding to accept", range(min(len(open_), MOST_CHOICES)), key="to-accept", width=420,
            format_func=lambda index: describe(open_[index]),
        )  # fmt: skip
        if st.button(
            "Accept...",
            key="accept",
            icon=":material/how_to_reg:",
            disabled=acting.refusal("waive") is not None,
        ):
            confirm(run, open_[number])


def describe(finding: Finding) -> str:
    """Return a finding in one line.

    >>> describe({"rule": "jump", "ticker": "IBM", "date": "2012-01-03", "value": 2.5})
    'jump, IBM, 2012-01-03, 2.5'
    """
    parts = (finding["rule"], finding.get("ticker"), finding.get("date"), finding.get("value"))
    return ", ".join(str(part) for part in parts if part not in (None, ""))


@st.dialog("Accept this finding?", icon=":material/how_to_reg:")
def confirm(run: Run, finding: Finding) -> None:
    """Ask for the reason and the end, and accept the finding on record."""
    settings, now = shell.settings(), datetime.now(UTC).date()
    path = file_for(settings, run.request)
    st.write(literal(describe(finding)))
    st.caption(
        f"It goes on record under your name, and into `{path}`. It counts for data that end by the day below."
    )
    why = st.text_area("Reason", key="accept-why", max_chars=500, placeholder="why this is right")
    until = st.date_input(
        "Until", now + timedelta(days=ACCEPTED_DAYS), key="accept-until", format="YYYY-MM-DD"
    )
    if st.button("Accept", type="primary", key="accept-yes"):
        try:
            record = accept(
                settings, shell.journal_to_write(), path, finding,
                person=shell.person(), why=why or "", until=str(until),
            )  # fmt: skip
        except AftercloseError as error:
            shell.problem(error)
            return
        shell.notice(f"Accepted, record {record.seq}. Press Retry: the run goes on with {path.name}.")
        st.rerun()
