"""What every page shares: settings, journal, checkpoints, and which run and report are looked at."""

from __future__ import annotations

import gc
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from html import escape
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.errors import AftercloseError, ParameterError
from core.journal import Journal, Run
from core.paths import StoragePath
from core.platform.storage import writable
from core.queries.runs.by_session import run_of
from core.queries.runs.run_labels import newest_shown
from core.registry.choosing import default_profile
from core.registry.origins import profile_of_run
from core.request import settings as configuration
from core.request.settings import Settings
from core.review.people import Person
from core.store.checkpoints import Slot, Store
from dashboard import compact, login
from dashboard.words import literal

RUN_PARAMETER = "run"
"""The run that a page is about stands in its address, so that a reload or a sent link shows the same."""

PROFILE_PARAMETER, SESSION_PARAMETER = "profile", "session"
"""In the address: a profile, and the session that its report holds; without one the newest."""

SCOPE = "only"
"""In the address of a page about all profiles: the one that it is narrowed to."""

_NAMING = (RUN_PARAMETER, PROFILE_PARAMETER, SESSION_PARAMETER)
_NOTICE = "notice"
_LOOKED_AT = "looked_at"
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="150" height="32" viewBox="0 0 150 32">
<circle cx="14" cy="16" r="10" fill="none" stroke="#3f86b8" stroke-width="2.5"/>
<path d="M14 10v6l4 3" fill="none" stroke="#3f86b8" stroke-width="2.5" stroke-linecap="round"/>
<text x="33" y="22" font-family="system-ui,sans-serif" font-size="18" font-weight="600"
 fill="#3f86b8">Afterclose</text></svg>"""
"""A clock after the close, in a blue that is readable on light and dark."""


def settings() -> Settings:
    """Return the settings as ``luigi.cfg`` and the environment have them now (a millisecond).

    Not cached: a run started from here reads the file again, and form and run must agree.
    """
    return configuration.load()


@st.cache_resource(max_entries=4)
def _journal(root: StoragePath, url: str) -> Journal:
    return Journal(root, url)


def can_write() -> bool:
    """Return whether this desk may change anything in the data root; where there is none yet, it may."""
    return writable(settings().data)


def journal() -> Journal | None:
    """Return the journal, None when there is none yet; only for reading where the root cannot be written."""
    now = settings()
    if not Journal.exists(now.data, now.journal):
        return None
    # a reader looks at once whether there is a write-ahead log, so it is opened anew each time
    return _journal(now.data, now.journal) if can_write() else Journal(now.data, now.journal, read_only=True)


@contextmanager
def reading() -> Iterator[None]:
    """Keep one connection to the journal while a page or a part of it is drawn: a page asks it some twenty times."""
    log = journal() if can_write() else None
    with log.reading() if log else nullcontext():
        yield


def journal_to_write() -> Journal:
    """Return the journal to write to, made if there is none."""
    now = settings()
    return _journal(now.data, now.journal)


def page_link(
    page: str,
    label: str,
    *,
    run: str | None = None,
    query: Mapping[str, str] | None = None,
    width: int | Literal["content", "stretch"] = "content",
    help_: str | None = None,
) -> None:
    """Draw a link to a page by its address (``data``, ``report``), about ``run`` if one is named."""
    about = dict(query) if query else {RUN_PARAMETER: run} if run else None
    st.page_link(f"views/{page}.py", label=label, query_params=about, width=width, help=help_)


def go(page: str, *, run: str | None = None) -> None:
    """Leave for a page by its address, about ``run`` if one is named."""
    st.switch_page(f"views/{page}.py", query_params={RUN_PARAMETER: run} if run else None)


def person() -> Person:
    """Return who sits at this desk."""
    return login.person(settings())


def store() -> Store:
    """Return the checkpoints of the data root."""
    return Store(settings().data)


def look_at(run_id: str) -> None:
    """Make a run the one that this page and those opened after it are about."""
    _write_address({RUN_PARAMETER: run_id})


def look_at_session(profile: str, session: str) -> None:
    """Make a profile's report for a session (empty: its newest) what this page and those opened after it are about."""
    _write_address({PROFILE_PARAMETER: profile, **({SESSION_PARAMETER: session} if session else {})})


def scope() -> str:
    """Return the profile that a page about all of them is narrowed to; empty for all."""
    return str(st.query_params.get(SCOPE, ""))


def narrow_to(name: str, *, has_report: bool) -> None:
    """Narrow a page about all profiles to one (empty: to none); pages about a report opened next are about it."""
    if name:
        st.query_params[SCOPE] = name
    else:
        st.query_params.pop(SCOPE, None)
    if has_report:
        st.session_state[_LOOKED_AT] = {PROFILE_PARAMETER: name}


def keep_looked_at() -> None:
    """Remember what the address names, on a page that is not about it, for those that are opened next."""
    about = {name: st.query_params[name] for name in _NAMING if st.query_params.get(name)}
    if about:
        st.session_state[_LOOKED_AT] = about


def look_at_newest() -> None:
    """Forget which run was looked at: pages that are opened next show the newest with a report."""
    st.session_state.pop(_LOOKED_AT, None)


def address() -> dict[str, str]:
    """Return what the address says of the run that is looked at, to be carried along; nothing for the newest."""
    return dict(st.session_state.get(_LOOKED_AT) or {})


def _write_address(about: Mapping[str, str]) -> None:
    for name in (RUN_PARAMETER, PROFILE_PARAMETER, SESSION_PARAMETER):
        if name in about:
            st.query_params[name] = about[name]
        elif name in st.query_params:
            del st.query_params[name]
    st.session_state[_LOOKED_AT] = dict(about)


def chosen_run() -> Run | None:
    """Return the run that the address names (itself, or by profile and session), else the one looked at before, else
    that of the newest report.

    Raises
    ------
    ParameterError
        If the address names a run that is not in the journal, or a session that no report of the profile holds.
    """
    log = journal()
    about = {name: st.query_params[name] for name in _NAMING if st.query_params.get(name)}
    if RUN_PARAMETER in about:
        requested = run_named(log, about[RUN_PARAMETER])
        st.session_state[_LOOKED_AT] = {RUN_PARAMETER: requested.run_id}
        return requested
    if PROFILE_PARAMETER in about:
        run = run_of(settings(), about[PROFILE_PARAMETER], about.get(SESSION_PARAMETER, ""))
        if run is None:
            raise ParameterError(
                f"no run of profile {about[PROFILE_PARAMETER]!r} finished with a report",
                expected="a profile with a finished report",
                remedy="The page Runs lists what ran.",
            )
        st.session_state[_LOOKED_AT] = about
        return run
    return _looked_at_before(log) or (newest_shown(settings()) if log else None)


def _looked_at_before(log: Journal | None) -> Run | None:
    """Return the run looked at before, and write it into the address; None where there is none any more."""
    before: dict[str, str] = st.session_state.get(_LOOKED_AT) or {}
    if log is None or not before:
        return None
    try:
        if RUN_PARAMETER in before:
            run = log.run(before[RUN_PARAMETER])
        else:
            run = run_of(settings(), before[PROFILE_PARAMETER], before.get(SESSION_PARAMETER, ""))
    except ParameterError:
        run = None  # another data root may stand behind the same tab by now
    if run is not None:
        _write_address(before)
    return run


def profile() -> str:
    """Return the profile of the run that the pages are about; without a run that of a run by default."""
    now, run = settings(), chosen_run()
    return (profile_of_run(now, run) if run else "") or default_profile(now)


def profile_to_begin_with(names: Collection[str]) -> str | None:
    """Return what a choice among profiles begins with: the one chosen above or looked at last, else the only one."""
    looked_at = st.session_state.get(_LOOKED_AT) or {}
    log, run_id = journal(), str(looked_at.get(RUN_PARAMETER, ""))
    run = log.run(run_id) if log and run_id else None
    own = (
        scope()
        or str(looked_at.get(PROFILE_PARAMETER, ""))
        or (profile_of_run(settings(), run) if run else "")
    )
    only = next(iter(names)) if len(names) == 1 else None
    return own if own in names else only


def local_zone() -> ZoneInfo | None:
    """Return the zone of the browser, None (this machine's) where it names none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, ZoneInfoNotFoundError):  # whatever a browser sends
        return None


def run_named(log: Journal | None, run_id: str) -> Run:
    """Return the run called ``run_id``.

    Raises
    ------
    ParameterError
        If it is not in the journal.
    """
    run = log.run(run_id) if log else None
    if run is None:
        raise ParameterError(
            f"there is no run {run_id!r}",
            expected="the id of a run in the journal",
            remedy="The page Runs lists them.",
        )
    return run


def report_key() -> str | None:
    """Return the key of the chosen run's report, None while there is no finished one."""
    run = chosen_run()
    key = run.keys.get("report") if run else None
    return key if key and store().meta(Slot("report", key)) is not None else None


def header() -> None:
    """Draw what every page has before anything else: the product, and how things look."""
    st.logo(LOGO, size="large")


def who() -> str:
    """Return as HTML who looks, at which data on hover, and whether nothing can be changed here."""
    now = settings()
    person_, where = login.person(now), escape(f"Data in {now.data}")
    name = f'<span class="who" title="{where}">{escape(f"{person_.name} ({person_.role})")}</span>'
    return compact.row((name, *([] if can_write() else [compact.badge("read-only")])))


def whereabouts() -> str:
    """Return as Markdown who looks and at which data: what the desk's menu says about it."""
    return f"{login.actor(settings())}, data in `{settings().data}`"


def problem(error: AftercloseError) -> None:
    """Show a deliberate error as it is: what came, what was expected, what to do."""
    alarm(str(error))


@contextmanager
def guarded() -> Iterator[None]:
    """Answer whatever goes wrong inside by one message; never a traceback on the page."""
    try:
        yield
    except AftercloseError as error:
        problem(error)
    except Exception as error:
        logging.getLogger("afterclose").exception("unexpected error on a page")
        alarm(f"Unexpected {type(error).__name__}; the details are printed where the desk was started.")


def alarm(text: str) -> None:
    """Show that something is wrong."""
    st.error(literal(" ".join(text.split())), icon=":material/error:")


def notice(text: str) -> None:
    """Keep a sentence for the page that is drawn next."""
    st.session_state[_NOTICE] = text


def show_notice() -> None:
    """Show the sentence that was kept, once, over the page: nothing on it moves."""
    text = st.session_state.pop(_NOTICE, None)
    if text:
        st.toast(literal(text), icon=":material/info:", duration="long")


@st.cache_resource(max_entries=8)
def settle(what: str) -> str:
    """Take what is loaded by now out of garbage collection, once for each name.

    Streamlit collects after every run of a script; walking all modules each time costs a page that
    refreshes every second most of its time.
    """
    gc.collect()
    gc.freeze()
    return what
