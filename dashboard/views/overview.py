"""What needs a person, and where things stand. Refreshes itself."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.errors import AftercloseError
from core.review.attention import InUse, Line, Need, Situation, age_days, sessions_behind, situation
from dashboard import acting, listing, shell, starting, states
from dashboard.words import day, minute, plain

REFRESH_S = 5.0
LATEST = 5


def page() -> None:
    """Lay out what goes on now, what needs a person and where things stand; or say how to begin."""
    journal = shell.journal()
    if journal is None or not journal.count_runs():
        begin()
        return

    @st.fragment(run_every=REFRESH_S, key="now")
    def draw() -> None:
        with shell.guarded():
            now = _situation(str(shell.settings().data), shell.settings().journal)
            inbox(now)
            lines(now.lines)
            champion(now.champion)
            latest()

    draw()


def begin() -> None:
    """Draw the way to a first run."""
    st.info(
        "Nothing has run here yet. The built-in sample (five tickers, 2000 to 2013) takes about fifteen "
        "seconds, and you will see every stage.",
        icon=":material/info:",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Run the sample", type="primary", icon=":material/play_arrow:", key="run-sample",
            disabled=acting.refusal("launch") is not None,
        ):  # fmt: skip
            starting.confirm({"source": "sample"})
        shell.page_link("runs", "Run something else", help_="Files of your own, Yahoo, and every option")


@st.cache_data(ttl=REFRESH_S - 1, max_entries=4, show_spinner=False)
def _situation(data: str, journal: str) -> Situation:
    """Return the situation, looked up once for all viewers."""
    del data, journal  # they tell two desks apart
    known = shell.journal()
    assert known is not None, "the page asked before"
    return situation(shell.settings(), known)


def inbox(now: Situation) -> None:
    """Draw what needs a person, a link to where it is done with each."""
    st.subheader("Needs you", anchor=False)
    if not now.needs:
        st.success("Nothing waits for a person.", icon=":material/inbox:")
        return
    with st.container(border=True, gap="small", key="needs"):
        for number, need in enumerate(now.needs):
            _need(number, need)


_ACTIONS = {
    "failed": "See why", "damaged": "See what", "to decide": "Decide", "to sign": "Read and sign",
    "to revise": "Revise", "stale": "Read again",
}  # fmt: skip


def _need(number: int, need: Need) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"need-{number}"):
        states.badge(need.what, width=116)
        shell.page_link(need.page, f":blue[{_ACTIONS[need.what]}]", run=need.run_id, width=120)
        st.markdown(f"**{plain(need.line)}**", width="content")
        st.caption(plain(" ".join(need.why.split())), width="stretch")


def lines(found: tuple[Line, ...]) -> None:
    """Draw the last run, the report and the data of each line of work."""
    st.subheader("Lines of work", anchor=False)
    with st.grid(3, min_column_width=300, gap="small"):
        for line in found:
            _line(line)


def _line(line: Line) -> None:
    with st.container(border=True, height="stretch", gap="xsmall", key=f"line-{line.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(line.name)}**", width="content")
            states.badge(line.last.state)
        shell.page_link("run", f":blue[{line.last.run_id}]", run=line.last.run_id, help_="Open its last run")
        st.caption(f"last run {minute(line.last.started_at or line.last.created_at)}")
        if line.good is None:
            st.caption("No report yet.")
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("report", width="content")
            states.badge(line.report.replace("_", " "))
            st.caption(plain(line.verdict), width="content")
        _freshness(line)


def _freshness(line: Line) -> None:
    """Draw how far the data go, held against what the exchange has closed since."""
    if line.data_to is None:
        return
    text = f"data to {line.data_to}"
    if line.source == "sample":
        st.caption(f"{text}, the end of the embedded sample")
        return
    behind = _behind(line.calendar, line.data_to, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        states.badge("fresh" if behind == 0 else "behind" if behind else "unknown")
        counted = (
            f", {behind:,} {line.calendar} {'session' if behind == 1 else 'sessions'} behind"
            if behind
            else ""
        )
        st.caption(f"{text}{counted}", width="content")


@st.cache_data(ttl=300, max_entries=32, show_spinner=False)
def _behind(calendar: str, data_to: str, at: str) -> int | None:
    """Return the sessions that closed since, None where the calendar does not say; judged once a minute."""
    try:
        return sessions_behind(calendar, data_to, datetime.fromisoformat(at).replace(tzinfo=UTC))
    except AftercloseError:
        return None


def champion(found: InUse | None) -> None:
    """Draw which model scores, since when, and how old its training is."""
    st.subheader("Champion", anchor=False)
    if found is None:
        st.caption("No model is in use: runs train a candidate. Promote one on the page **Model**.")
        return
    now = datetime.now(UTC)
    facts = [f"`{found.model_id}`"]
    if found.since:
        by = f" by {plain(found.who)}" if found.who else ""
        facts.append(f"in use since {day(found.since)} ({_ago(found.since, now)}){by}")
    if found.trained_to:
        facts.append(f"trained to {found.trained_to} ({_ago(found.trained_to, now)})")
    st.markdown("  ·  ".join(facts))


def _ago(at: str, now: datetime) -> str:
    days = age_days(at, now)
    return "today" if days == 0 else f"{days:,} {'day' if days == 1 else 'days'} ago"


def latest() -> None:
    """Draw the latest runs, whatever they were for."""
    journal = shell.journal()
    st.subheader("Latest runs", anchor=False)
    listing.rows(journal.runs(limit=LATEST) if journal else [], "latest")
    shell.page_link("runs", "All runs")


page()
