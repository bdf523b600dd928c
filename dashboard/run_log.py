"""The log of one run on its page: filters in the address, followed while it grows, opened at the first error."""

from __future__ import annotations

import streamlit as st

from core.journal import Run
from core.queries.runs.folder import RunFolder
from core.queries.runs.log_search import (
    LEVELS,
    MOST_SEARCHED_BYTES,
    SEARCHED_BYTES,
    LogExcerpt,
    LogFilter,
    around_first_error,
    end_of,
    whole,
)
from core.request.stages import NAMES
from dashboard import monospaced, parts, shell

FOLLOW = "follow"
MOST_DOWNLOADED = 64 * 1024**2
HEIGHT = 460
MOST_WHOLE = 22
"""Lines of a log that stand there whole."""

MOST_SHORT = 12
"""Lines that are seen before somebody asks for more: how it ended."""

BEFORE_ERROR = 5
"""So many of them stand before the first error."""

_WHOLE = "log-is-whole"
"""In the session: the run of which somebody asked for the whole log and its filters, or followed it."""

ATTEMPTS = (1, 2, 3, 4, 5)
NARROWING = ("stage", "attempt", "find")
"""In the address: filters that are drawn once one of them is asked for."""

FILTERS = (FOLLOW, "level", *NARROWING)
"""In the address: all that chooses lines of the log."""


def show(run: Run) -> None:
    """Draw the filters and the lines that match; of a run that is over how it ended, and the way to them.

    Most who look at a run need no filter, and each of them costs every view of the page.
    """
    folder = RunFolder(shell.settings().data, run.run_id)
    if run.active:
        _open_whole(run)  # whoever follows it keeps what is on the page once it is over
    elif st.session_state.get(_WHOLE) != run.run_id and not any(n in st.query_params for n in FILTERS):
        _short(run, folder)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="log-filters"):
        criteria = _filter(run)
        follow = st.toggle(
            "Follow", value=opens_at_end(run), key=FOLLOW, bind="query-params",
            help="Keep the newest line in sight. Off, a failed run's log opens at its first error.",
        )  # fmt: skip
        st.download_button(
            "Download log", data=parts.to_download(lambda: whole(folder.log_path, MOST_DOWNLOADED)), on_click="ignore",
            file_name=f"{run.run_id}.jsonl", mime="application/x-ndjson", key="log-download",
            icon=":material/download:", type="tertiary",
        )  # fmt: skip
    excerpt = _excerpt(folder, criteria, follow=follow, going=run.active)
    if not run.active and len(excerpt.lines) <= MOST_WHOLE:
        place = st.container(border=True, key="log")  # what is short and will not grow needs no window
    else:
        place = st.container(height=HEIGHT, border=True, autoscroll=follow, key="log")
    with place:
        _lines(excerpt, criteria)
    st.caption(f"Times are UTC. Files: `{folder.path}`")


def _short(run: Run, folder: RunFolder) -> None:
    """Draw the lines around the first error, else the last ones, and the way to all of them."""
    excerpt = _excerpt(folder, LogFilter(LEVELS[0]), follow=opens_at_end(run), going=False)
    error = next((at for at, line in enumerate(excerpt.lines) if line.level == "error"), None)
    ends = opens_at_end(run) or error is None
    first = max(0, len(excerpt.lines) - MOST_SHORT if ends else (error or 0) - BEFORE_ERROR)
    excerpt_lines = excerpt.lines[first : first + MOST_SHORT]
    with st.container(border=True, key="log"):
        _lines(LogExcerpt(excerpt_lines), LogFilter(LEVELS[0]))
    which = f"{'The last' if ends else 'Around the first error,'} {len(excerpt_lines)} lines. "
    label = f"{which if len(excerpt_lines) < len(excerpt.lines) or excerpt.left_out else ''}Search and download the log"
    icon = ":material/manage_search:"
    st.button(label, key="log-whole", type="tertiary", icon=icon, on_click=_open_whole, args=(run,))


def _open_whole(run: Run) -> None:
    st.session_state[_WHOLE] = run.run_id


def opens_at_end(run: Run) -> bool:
    """Return whether the log opens at its end: of a run that failed it opens at the first error."""
    return run.state != "failed"


def _filter(run: Run) -> LogFilter:
    level = st.segmented_control(
        "Level from", LEVELS, default=LEVELS[0], required=True, key="level", bind="query-params"
    )
    more = st.toggle(
        "More filters", value=any(name in st.query_params for name in NARROWING), key="more-filters",
        help="By stage, attempt and words. Off, they do not count.",
    )  # fmt: skip
    return _narrowed(run, str(level)) if more else LogFilter(str(level))


def _narrowed(run: Run, level: str) -> LogFilter:
    """Draw what few look for: the lists and the field for words would cost every view of a run."""
    stages = [stage for stage in NAMES if stage in run.keys] or list(NAMES)
    stage = st.selectbox(
        "Stage", stages, index=None, placeholder="any", key="stage", bind="query-params", width=170
    )
    attempt = st.selectbox(
        "Attempt", ATTEMPTS, index=None, placeholder="any", key="attempt", bind="query-params", width=110
    )
    text = st.text_input(
        "Contains", key="find", type="search", live=True, bind="query-params", width=200,
        placeholder="in the sentence",
    )  # fmt: skip
    return LogFilter(level, stage or "", attempt or 0, text or "")


def _excerpt(folder: RunFolder, criteria: LogFilter, *, follow: bool, going: bool) -> LogExcerpt:
    excerpt = around_first_error(folder.log_path) if not follow and not criteria.narrow else None
    most = SEARCHED_BYTES if going else MOST_SEARCHED_BYTES  # a log that goes is searched every second
    return excerpt or end_of(folder.log_path, criteria, most)


def _lines(excerpt: LogExcerpt, criteria: LogFilter) -> None:
    if excerpt.lines or excerpt.left_out:
        monospaced.log(excerpt)
    else:
        monospaced.lines("no line is like that" if criteria.narrow else "nothing yet")


def printed(run: Run) -> None:
    """Draw the end of what the run printed."""
    text = RunFolder(shell.settings().data, run.run_id).output()
    with st.container(height=HEIGHT, border=True, autoscroll=True, key="printed"):
        monospaced.lines(text or "nothing yet")
    st.caption("What its processes printed; a run that was started in a terminal printed there.")
