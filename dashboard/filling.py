"""Filling in past sessions from the desk: a form for a range, and how ranges go."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import streamlit as st

from core.errors import AftercloseError
from core.journal.backfills import GOING, Backfill, Backfills
from core.journal.occurrences import Occurrence
from core.queries.runs.run_labels import run_name
from core.request.known_profiles import KnownProfiles
from core.request.stages import MODES
from core.review.people import require
from core.schedule import backfill
from core.schedule.coverage import MOST_JOBS, Coverage, Range, coverage
from dashboard import acting, compact, parts, shell, states, wrapped
from dashboard.fields import AS_SET, EARLIEST, LATEST, NO_PROFILE
from dashboard.time_pictures import FILL
from dashboard.words import literal

REFRESH_S = 2.0
FIRST, LAST = "backfill-first", "backfill-last"
_FROM_ADDRESS = "backfill-taken"
"""In the session: that the form was filled in by an address."""

COUNTED_S = 60.0
"""Seconds for which a count is shown before the source is asked again: a live one must not be asked at each key."""

MOST_RANGES = 3
"""Newest ranges on the page."""


def form() -> None:
    """Draw the form of a range, say what it comes to, and start it when asked to."""
    st.caption(
        "One run for each session, a few at a time. What is there is skipped; a stopped range is resumed. "
        "Of a session that the source does not hold nothing is made."
    )
    _take_from_address()
    with st.grid(5, min_column_width=140):
        first, last = (
            st.date_input(label, None, EARLIEST, LATEST, format="YYYY-MM-DD", key=key)
            for label, key in (("First session", FIRST), ("Last session", LAST))
        )
        begins = shell.profile_to_begin_with(profiles())
        options = [NO_PROFILE, *profiles()]
        if "backfill-profile" not in st.session_state:
            st.session_state["backfill-profile"] = begins or NO_PROFILE
        profile = st.selectbox("Profile", options, key="backfill-profile")
        mode = st.selectbox("Mode", [AS_SET, *MODES], key="backfill-mode")
        jobs = st.number_input("At the same time", 1, MOST_JOBS, 2, key="backfill-jobs")
    answers = (("profile", profile), ("mode", mode))
    request = {name: text for name, text in answers if text not in (NO_PROFILE, AS_SET)}
    span = Range(_day(first), _day(last), request, int(jobs))
    counted = None
    if span.first and span.last:
        try:
            counted = count(span)
            st.caption(literal(f"{counted.profile}: {counted}."))
        except AftercloseError as error:
            shell.problem(error)
    why = acting.refusal("launch")
    off = why or (None if counted else "Choose the first and the last session.")
    if off and span.first and span.last and not why:
        off = "The range cannot be filled in: the reason stands above."
    pressed = st.button(
        "Fill in", icon=":material/play_arrow:", key="backfill-start", disabled=off is not None, help=off
    )
    if pressed and counted:
        start(span, counted)


def _day(chosen: object) -> str:
    return chosen.isoformat() if isinstance(chosen, date) else ""


def asked_in_address() -> bool:
    """Return whether the address names a session that is to be filled in."""
    return FILL in st.query_params or bool(st.session_state.get(_FROM_ADDRESS))


def _take_from_address() -> None:
    """Fill the form once with the profile and session that the address names."""
    profile = st.query_params.pop(FILL, None)
    if not profile:
        return
    session = st.query_params.pop(shell.SESSION_PARAMETER, "")
    st.session_state[_FROM_ADDRESS] = True
    st.session_state["backfill-profile"] = profile if profile in profiles() else NO_PROFILE
    with suppress(ValueError):
        st.session_state[FIRST] = st.session_state[LAST] = date.fromisoformat(session)


def profiles() -> list[str]:
    """Return the profiles of ``luigi.cfg``, and those without a section that ran here."""
    now = shell.settings()
    return [*now.profiles, *KnownProfiles(now.data).names()]


def count(span: Range) -> Coverage:
    """Return what a range comes to; asked again when another range stands in the form, or after a minute.

    Raises
    ------
    AftercloseError
        For mistakes in the range, and where this person may not start runs: the source is not asked then.
    """
    require(shell.person(), "launch")
    return _count(str(shell.settings().data), span.first, span.last, tuple(span.request.items()), span.jobs)


@st.cache_data(ttl=COUNTED_S, max_entries=16, show_spinner="Asking the source which sessions it holds…")
def _count(root: str, first: str, last: str, request: tuple[tuple[str, str], ...], jobs: int) -> Coverage:
    del root  # it only tells data roots apart
    return coverage(shell.settings(), Range(first, last, dict(request), jobs), datetime.now(UTC))


def start(span: Range, counted: Coverage) -> None:
    """Record a range and start the process that fills it in."""
    settings = shell.settings()
    try:
        backfill_id = backfill.begin(
            settings, span, person=shell.person(), now=datetime.now(UTC), counted=counted
        )
    except AftercloseError as error:
        shell.problem(error)
        return
    backfill.in_background(settings, backfill_id, Path.cwd())
    shell.notice(f"{span_words(span.first, span.last)} is being filled in: {counted}.")
    st.rerun()


@parts.redrawn("backfills", every_s=REFRESH_S)
def listing() -> None:
    """Draw the newest ranges; again every few seconds, because they go on by themselves."""
    settings = shell.settings()
    if shell.journal() is None:
        return
    journal = Backfills(settings.data, settings.journal, read_only=True)
    for each in journal.backfills(limit=MOST_RANGES):
        draw(journal, each)


def draw(journal: Backfills, request: Backfill) -> None:
    """Draw one range: progress, counts, a way to stop it, and the table of its sessions."""
    sessions = journal.sessions_of(request.backfill_id)
    with st.container(border=True, key=f"backfill-{request.backfill_id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{span_words(request.body['first'], request.body['last'])}**", width="content")
            states.badge(request.state)
            totals = ", ".join(f"{number:,} {state}" for state, number in backfill.counts(sessions).items())
            about = [totals, *map(literal, (request.body.get("profile", ""), request.who))]
            st.caption(" · ".join(filter(None, about)), width="content")
            off = acting.refusal("launch") is not None
            only = sessions[0] if len(sessions) == 1 else None
            if only and _report(only):
                shell.page_link("report", ":blue[Open its report]", run=only.run_id)
            if request.state == GOING and st.button("Stop", key=f"stop-{request.backfill_id}", disabled=off):
                settings = shell.settings()
                require(shell.person(), "launch")
                Backfills(settings.data, settings.journal).ask_to_stop(request.backfill_id)
        st.progress(backfill.progress(sessions))
        with st.expander("Sessions", key=f"sessions-{request.backfill_id}"):
            columns: dict[str, list[object]] = {
                "Session": [str(row.session) for row in sessions],
                "State": [wrapped.Drawn(compact.badge(row.state)) for row in sessions],
                "Report": [wrapped.Drawn(_report(row)) for row in sessions],
                "Run": [
                    wrapped.Drawn(compact.link(run_name(row.run_id), "run", row.run_id) if row.run_id else "")
                    for row in sessions
                ],
                "Note": [row.note or "" for row in sessions],
            }
            wrapped.table(columns, f"table-{request.backfill_id}", most_px=420)


def _report(row: Occurrence) -> str:
    """Return the way to the report of a session that was made by this range."""
    return (
        compact.link("Open it", "report", row.run_id)
        if row.run_id and row.state == backfill.SUCCEEDED
        else ""
    )


def span_words(first: str, last: str) -> str:
    """Return a range of sessions in words.

    >>> span_words("2026-11-24", "2026-11-24"), span_words("2026-11-24", "2026-11-27")
    ('2026-11-24', '2026-11-24 to 2026-11-27')
    """
    return first if first == last else f"{first} to {last}"
