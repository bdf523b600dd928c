"""What needs a person, and where things stand. Refreshes itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations.attention import (
    InUse,
    Line,
    Need,
    Situation,
    age_days,
    situation,
)
from core.queries.operations.profile_history import NOT_MADE, ProfileHistory, SessionDay, history
from core.queries.operations.profile_list import next_runs
from core.queries.runs.progress import in_short
from core.queries.runs.run_labels import run_name, short_ids
from core.report.formatting import counted, minute
from core.review.publication import published
from core.schedule.freshness import Freshness, freshness_of
from core.sources.reading import FILES
from dashboard import acting, cells, compact, parts, putting_aside, requesting, shell, starting, time_pictures
from dashboard.words import day, literal

REFRESH_S = 5.0
MOST_DAYS = 20
"""Sessions of a strip: a month."""

MOST_LINES = 6
"""Profiles that are drawn; the page Profiles has all in one list."""

MOST_NEEDS = 20
"""Needs that are drawn."""


def page() -> None:
    """Lay out what goes on now, what needs a person and where things stand; or say how to begin."""
    journal = shell.journal()
    if journal is None or not journal.count_runs():
        begin()
        return

    @parts.redrawn("now", every_s=REFRESH_S)
    def draw() -> None:
        with shell.reading():
            if acting.has_message(putting_aside.PLACE):
                _situation.clear()
            now = _situation(str(shell.settings().data), shell.settings().journal)
            inbox(now)
            lines(now)

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
        _own_prices()


def _own_prices() -> None:
    shell.page_link(
        "start", "Use your own prices", query={requesting.SOURCE: FILES},
        help_="A file of yours, Yahoo, and every option",
    )  # fmt: skip


@st.cache_data(ttl=REFRESH_S - 1, max_entries=4, show_spinner=False)
def _situation(data: str, journal: str) -> Situation:
    """Return the situation, looked up once for all viewers."""
    del data, journal  # they tell two desks apart
    log = shell.journal()
    assert log is not None, "the page asked before"
    return situation(shell.settings(), log)


def inbox(now: Situation) -> None:
    """Draw what needs a person, a link to where it is done with each."""
    st.subheader("Needs you", anchor=False)
    acting.show_message(putting_aside.PLACE)
    putting_aside.ask()
    scope = shell.scope()
    needs = tuple(need for need in now.needs if scope in ("", need.line))
    if needs:
        _needs(needs)
    else:
        where = f" in {literal(scope)}" if scope else ""
        st.success(f"Nothing{where} waits for a person.", icon=":material/inbox:")
    if len(needs) < len(now.needs):
        st.caption(f"{counted(len(now.needs) - len(needs), 'thing')} more in other profiles.")
    putting_aside.draw(tuple(entry for entry in now.aside if scope in ("", entry.need.line)))


def _needs(needs: tuple[Need, ...]) -> None:
    with st.container(border=True, gap="small", key="needs"):
        for number, need in enumerate(needs[:MOST_NEEDS]):
            _need(number, need)
    if len(needs) > MOST_NEEDS:
        st.caption(
            f"The first {MOST_NEEDS} of {len(needs):,}; what failed first, then in the order of the latest runs."
        )


_ACTIONS = {
    "failed": "See why", "damaged": "See what", "to decide": "Decide", "to sign": "Read and sign",
    "to revise": "Revise", "stale": "Read again",
}  # fmt: skip


def _need(number: int, need: Need) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"need-{number}"):
        name = f'<strong class="cut" title="{escape(need.line)}">{escape(need.line)}</strong>'
        why = compact.quiet(short_ids(" ".join(in_short(need.why).split())))
        compact.draw(f'<div class="need">{compact.badge(need.what)}{name}{why}</div>')
        shell.page_link(need.page, f":blue[{_ACTIONS[need.what]}]", run=need.run_id, width=120)
        putting_aside.offer(need)


def lines(now: Situation) -> None:
    """Draw each profile: where it stands, its last runs by stage, its last sessions, what comes next."""
    st.subheader("Profiles" if not shell.scope() else "Profile", anchor=False)
    coming = _next_runs(*_moment())
    chosen = [line for line in now.lines if shell.scope() in ("", line.name)]
    rows = [(line, _history(line.name, line.calendar, *_moment())) for line in chosen[:MOST_LINES]]
    failures = {
        need.line: need for need in (*(a.need for a in now.aside), *now.needs) if need.what == "failed"
    }
    rows.sort(key=lambda row: row[0].name not in failures)  # what failed comes first, as above
    most = max((len(past.runs) for _, past in rows), default=0)
    drawn = [day for _, past in rows for day in _drawn_days(past)]
    compact.draw(time_pictures.legends([run for _, past in rows for run in past.runs], drawn))
    compact.draw(f"<style>body {{ --runs: {max(most, 1)}; }}</style>")
    for line, past in rows:
        failure = failures.get(line.name)
        is_above = failure in now.needs
        if failure and _is_short(line, failures):
            _short_line(line, past, failure, is_above=is_above)
        else:
            champion = now.champions.get(line.name)
            _line(line, past, champion, coming.get(line.name, ""), failure, is_above=is_above)
    if not rows:
        st.caption("Nothing ran of this profile lately.")
    if len(chosen) > MOST_LINES:
        st.caption(
            f"The {MOST_LINES} that were at work last, of {len(chosen):,}: **Profiles** above has each."
        )


def _is_short(line: Line, failures: Mapping[str, Need]) -> bool:
    """Return whether a profile came to nothing so far: a line says all there is to say of it."""
    return line.good is None and line.name in failures


def _short_line(line: Line, past: ProfileHistory, failure: Need, *, is_above: bool) -> None:
    """Draw a profile without a report; ``is_above``: that it failed stands above already."""
    at = compact.link(run_name(line.last.run_id), "run", line.last.run_id)
    with (
        st.container(border=True, key=f"short-{line.name}"),
        st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"head-of-{line.name}"),
    ):
        compact.draw(
            compact.row((
                f'<span class="line-name">{compact.strong(line.name)}</span>',
                "" if is_above else compact.badge(failure.what),
                compact.quiet("No report yet. Last run"), at, cells.line(past.runs[-1].stages) if past.runs else "",
            ))
        )  # fmt: skip
        _ways(line, failure, is_above=is_above)


def _ways(
    line: Line, failure: Need | None, fresh: Freshness | None = None, *, is_above: bool = False
) -> None:
    """Draw the ways on from a profile: its runs, and doing it again, or why its last run failed where that does not
    stand above already; the sample has nothing newer, so the way on from it is other prices.
    """
    shell.page_link("runs", ":blue[All its runs]", query={shell.SCOPE: line.name})
    if failure:
        if not is_above:
            shell.page_link(failure.page, "See why", run=failure.run_id)
    elif line.source == "sample" and fresh and fresh.behind:
        _own_prices()
    else:
        _run_again(line)


def _line(
    line: Line,
    past: ProfileHistory,
    champion: InUse | None,
    next_run: str,
    failure: Need | None,
    *,
    is_above: bool,
) -> None:
    fresh = _stands(line.name, line.last.run_id, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M"))
    with st.container(border=True, gap="xsmall", key=f"line-{line.name}"):
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"head-of-{line.name}"
        ):
            name = f'<span class="line-name">{compact.strong(line.name)}</span>'
            compact.draw(compact.row((name, compact.badge(fresh.state if fresh else "unknown"))))
            _ways(line, failure, fresh, is_above=is_above)
        facts = "".join(
            f"<dt>{label}</dt><dd>{value}</dd>" for label, value in _facts(line, champion, fresh, next_run)
        )
        parts = (
            f'<dl class="line-facts">{facts}</dl>',
            time_pictures.grid(past.runs),
            _sessions(past, line.name),
        )
        columns = "".join(f"<div>{part}</div>" for part in parts)
        compact.draw(f'<div class="line-of-work">{columns}</div>')


def _drawn_days(past: ProfileHistory) -> tuple[SessionDay, ...]:
    """Return the sessions of a strip; none where nothing became of any of them."""
    days = past.days[-MOST_DAYS:]
    return () if all(day.state == NOT_MADE for day in days) else days


def _sessions(past: ProfileHistory, profile: str) -> str:
    """Return the last sessions side by side, or in words that none of them has a report."""
    days = _drawn_days(past)
    if not days:
        number = len(past.days[-MOST_DAYS:])
        return compact.quiet(f"None of the last {number} sessions has a report.") if number else ""
    ends = ", up to the end of the data" if past.after else ""
    return time_pictures.titled(f"Last {len(days)} sessions{ends}", time_pictures.strip(days, profile))


def _run_again(line: Line) -> None:
    off = acting.refusal("launch") or ("It is running now." if line.last.active else None)
    if st.button(
        "Run again", icon=":material/replay:", key=f"again-{line.name}", disabled=off is not None,
        help=off or "Asks for the same as its newest report did; what would be done is shown first.",
    ):  # fmt: skip
        starting.confirm(starting.again(line.to_ask_again), line.to_ask_again.target)


def _moment() -> tuple[str, str, tuple[int, int, int], str]:
    """Return what changes when anything happens here, or a minute is over."""
    settings, log = shell.settings(), shell.journal()
    assert log is not None, "the page asked before"
    return str(settings.data), settings.journal, log.moment(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")


@st.cache_data(ttl=300, max_entries=64, show_spinner=False)
def _history(profile: str, calendar: str, *moment: object) -> ProfileHistory:
    del moment  # another one is looked up anew
    log = shell.journal()
    assert log is not None, "the page asked before"
    return history(shell.settings(), log, profile, calendar, datetime.now(UTC))


@st.cache_data(ttl=300, max_entries=4, show_spinner=False)
def _next_runs(*moment: object) -> dict[str, str]:
    del moment  # another one is looked up anew
    return next_runs(shell.settings(), datetime.now(UTC))


def _facts(
    line: Line, champion: InUse | None, fresh: Freshness | None, next_run: str
) -> Iterator[tuple[str, str]]:
    """Yield what is known of a profile by name: its last run, its report, its data, its champion, what comes."""
    at = compact.link(run_name(line.last.run_id), "run", line.last.run_id)
    again = fresh is not None and fresh.state == line.last.state  # the badge beside the name says it
    yield "Last run", at if again else f"{at}, {escape(line.last.state)}"
    if line.good is None:
        yield "Report", compact.quiet("none yet")
    else:
        read = compact.link(line.data_to or "Read it", "report", line.good.run_id)
        yield "Report", f"{read} {compact.badge(_report_state(line))}"
        if line.verdict:
            yield "Verdict", compact.badge_to(line.verdict, "model", line.good.run_id)
        if line.data_to is not None:
            yield "Data", compact.words(_data(line, line.data_to, fresh))
    yield "Champion", _champion(champion, datetime.now(UTC))
    yield "Next run", compact.words(minute(next_run) if next_run else "no schedule")


def _report_state(line: Line) -> str:
    """Return how the newest report stands in one word of the desk: as the head and the table of runs have it."""
    log, key = shell.journal(), line.good.keys.get("report", "") if line.good else ""
    public = line.report == "signed" and published(shell.settings().data, log, key)
    return "published" if public else line.report.replace("_", " ")


def _data(line: Line, data_to: str, fresh: Freshness | None) -> str:
    """Return how far the data go, and how far that is from the session that should be there."""
    behind = f", {counted(fresh.behind, 'session')} behind" if fresh and fresh.behind else ""
    return f"to {data_to}{behind}{' (the sample ends there)' if line.source == 'sample' else ''}"


@st.cache_data(ttl=300, max_entries=64, show_spinner=False)
def _stands(profile: str, last_run: str, at: str) -> Freshness | None:
    """Return how fresh a profile is, None where its calendar does not say; judged once a minute and after each run."""
    del last_run  # a new one is judged anew
    try:
        return freshness_of(shell.settings(), datetime.fromisoformat(at).replace(tzinfo=UTC), profile)
    except AftercloseError:
        return None


def _champion(model: InUse | None, now: datetime) -> str:
    """Return in HTML which model scores a profile, since when, and how old its training is."""
    if model is None:
        return "none: runs train a candidate"
    since = f" since {day(model.since)} ({_ago(model.since, now)})" if model.since else ""
    trained = f", trained to {model.trained_to}" if model.trained_to else ""
    return f"{compact.short_id(model.model_id)}{compact.words(since + trained)}"


def _ago(at: str, now: datetime) -> str:
    days = age_days(at, now)
    return "today" if days == 0 else f"{counted(days, 'day')} ago"


page()
