"""The list of runs with its filters and its order; what is chosen stands in the address."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.journal import Journal
from core.journal.runs_and_drafts import ACTIVE, ENDED
from core.parameters import natural
from core.queries.operations.run_table import TableFilter, table
from core.queries.reports.listing import DAMAGED, MISSING
from core.queries.runs.search import SORTS, RunFilter, people
from core.registry.choosing import profiles_here
from core.report.formatting import counted
from core.request.settings import Settings
from core.request.stages import SOURCES
from core.review.annotations import annotations_of
from core.review.standing import STATES
from dashboard import cells, compact, folding, parts, run_actions, run_table, shell
from dashboard.run_table import Order
from dashboard.words import literal

RUNS_A_PAGE = 15
MOST_PAGES = 10**9
REFRESH_S = 5.0
TABLE = "run-table"
_STATE, _SOURCE, _WHO, _REPORT, _TAG = "state", "from", "who", "report", "tag"
_TEXT, _ASIDE, _PAGE = "text", "aside", "page"
_SORT, _ASCENDING = "sort", "ascending"
_NARROWED = "runs-narrowed-to"
"""In the session: the profile that the page was last narrowed to, above it; with another the first page is shown."""


def show(journal: Journal) -> None:
    """Draw the filters, and the runs that match, a page at a time; again by itself, because runs go on."""

    @parts.redrawn("runs", every_s=REFRESH_S)
    def draw() -> None:
        _show(journal)

    draw()


def _show(journal: Journal) -> None:
    with st.container(key="run-tools"):  # what can be done with what is ticked takes the place of the filters
        criteria, order = _filter(journal), _order()
        actions = st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-actions")
    matches = table(
        shell.settings(), journal, criteria, datetime.now(UTC), page=_page_number(), size=RUNS_A_PAGE
    )
    pages = max(1, -(-matches.count // RUNS_A_PAGE))
    pressed = run_table.with_ticks(matches.rows, TABLE, order, cleared=run_actions.cleared(), sort=_sort_by)
    if pressed.opened:
        shell.go("run", run=pressed.opened)
    with actions:
        run_actions.show(journal, [row for row in matches.rows if row.run.run_id in pressed.ticked])
    with st.container(horizontal=True, vertical_alignment="center", key="run-pages"):
        if pages > 1:
            st.pagination(pages, key=_PAGE, bind="query-params")
        nothing = "" if matches.count else "No run is like that. Take a filter away to see more. "
        starter = run_table.started_by_all(matches.rows)
        which = "all" if pages == 1 else "those on this page"
        by = f", {which} started by {literal(starter)}" if starter and matches.count > 1 else ""
        st.caption(f"{nothing}{counted(matches.count, 'run')}{by}. Times are UTC.", width="content")
        used = {view.state for row in matches.rows for view in row.stages}
        compact.draw(cells.legend(used), width="content")
        if matches.put_aside or criteria.aside:
            st.toggle(
                "Also those put aside", key=_ASIDE, bind="query-params", on_change=_first_page,
                help="Runs that somebody put aside, with a reason, are not listed otherwise.",
            )  # fmt: skip


def _order() -> Order:
    by = st.query_params.get(_SORT, "started")
    return Order(by if by in SORTS else "started", _ASCENDING in st.query_params)


def _sort_by(by: str) -> None:
    """Sort by a head: the largest first, and the other way round when it is pressed again."""
    before = _order()
    upwards = by == before.by and not before.ascending
    for name, value in ((_SORT, by if by != "started" else ""), (_ASCENDING, "1" if upwards else "")):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)
    _first_page()


def _page_number() -> int:
    """Return the page in the address: it counts before the widget for it is drawn."""
    number = st.session_state.get(_PAGE) or st.query_params.get(_PAGE, "1")
    return natural(str(number), MOST_PAGES) or 1


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def _filter(journal: Journal) -> TableFilter:
    tags = sorted({tag for each in annotations_of(journal).values() for tag in each.tags})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        compact.draw(folding.line("Filters"), width="content")  # on a phone the first run stands above them
        state = _choice("State", "any state", (*ACTIVE, *ENDED), _STATE)
        report = _choice("Report", "any report", (*STATES, "published", DAMAGED, MISSING), _REPORT)
        source = _choice("Source", "any source", SOURCES, _SOURCE)
        who = _choice("Started by", "by anybody", people(journal), _WHO)
        tag = _choice("Tag", "any tag", tags, _TAG) if tags else None
        text = st.text_input(
            "Contains", key=_TEXT, type="search", live=True, bind="query-params", width=200,
            placeholder="id, option, error", on_change=_first_page, label_visibility="collapsed",
        )  # fmt: skip
    folding.say(".st-key-filters", sum(map(bool, (state, report, source, who, tag, text))))
    settings, order, profile = shell.settings(), _order(), shell.scope()
    if st.session_state.setdefault(_NARROWED, profile) != profile:
        st.session_state[_NARROWED] = profile
        _first_page()
    base = RunFilter(
        state or "", source or "", who or "", text or "", str(settings["source"]), profile,
        by_profile=_sources(settings) if source else {},
    )  # fmt: skip
    aside = bool(st.session_state.get(_ASIDE, _ASIDE in st.query_params))
    return TableFilter(base, report or "", tag or "", aside, order.by, order.ascending)


def _sources(settings: Settings) -> dict[str, str]:
    """Return the source of the runs of each profile that name none."""
    names = [name for name in profiles_here(settings) if name not in settings.profile_faults]
    return {name: str(settings.where_known(name)["source"]) for name in names}


def _choice(label: str, every: str, options: tuple[str, ...] | list[str], key: str) -> str | None:
    """Draw a filter in which ``every`` stands while it lets all through."""
    return st.selectbox(
        label, options, index=None, placeholder=every, key=key, bind="query-params", width=150,
        format_func=lambda option: str(option).replace("_", " "), on_change=_first_page, label_visibility="collapsed",
    )  # fmt: skip
