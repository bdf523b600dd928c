"""The desk behind its door: what ``afterclose dashboard`` serves.

Streamlit takes the ASGI application of this file; ``app.py`` beside it is the desk itself.
"""

from __future__ import annotations

import os
import time
from functools import wraps
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from streamlit import file_util, net_util
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.watcher.polling_path_watcher import PollingPathWatcher
from streamlit.web.server.starlette.starlette_auth_routes import _get_cookie_value_from_request

from core.request import settings as configuration
from core.request import uploads
from core.review import attempts, logouts
from core.review.login_file import ORIGIN_VARIABLE
from dashboard.api import routes
from dashboard.bodies import Scope, Uploads
from dashboard.compressed import Compressed, files_of
from dashboard.door import Door, Limits, names_of
from dashboard.first_paint import FirstPaint
from dashboard.login import claims_in, may_launch
from dashboard.provider import believe_signed_tokens_only

LOOPBACK_NAMES = ("127.0.0.1", "localhost")

# Asked by Streamlit for an Origin that it does not know; the door lets none of these in. Nothing is looked up even so.
net_util.get_external_ip = lambda: None

believe_signed_tokens_only()

OF_PAGES = frozenset(
    {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
)
"""Kinds of messages that the pages need: each is about the session of whoever sends it."""

_handle = AppSession.handle_backmsg


@wraps(_handle)
def _handle_own(self: AppSession, msg: Any) -> None:
    """Let every other message be none.

    Streamlit empties what it keeps for everybody, and says which repository the program is of, for whoever is
    connected, logged in or not. What reviewers typed and could not save is kept there, as is the last look at the
    ledger.
    """
    if msg.WhichOneof("type") in OF_PAGES:
        _handle(self, msg)


AppSession.handle_backmsg = _handle_own  # type: ignore[method-assign]  # Streamlit has no setting for it


def _as_started(_: PollingPathWatcher) -> None:
    """Leave the settings as they are: Streamlit would look at its three files of them five times a second each."""


PollingPathWatcher._check_if_path_changed = _as_started  # type: ignore[assignment]  # noqa: SLF001 - a method is replaced; Streamlit has no setting for it

_public = os.environ.get(ORIGIN_VARIABLE, "")
_address = st.get_option("server.address")
# with a log-in the address itself is no name: people come by the one that the log-in leads back to
_names = names_of(
    LOOPBACK_NAMES if _public else (str(_address), *LOOPBACK_NAMES),
    int(st.get_option("server.port")),
    _public,
)
_limits = Limits(
    lambda address: attempts.wait_s(configuration.load(), "login", address),
    lambda address: attempts.failed(configuration.load(), "login", address),
)


def _may_upload(scope: Scope) -> bool:
    """Return whether somebody who may start runs asks: what is uploaded lies in the desk's memory first."""
    signed = _get_cookie_value_from_request(Request(scope), "_streamlit_user")
    return may_launch(configuration.load(), signed, needed=bool(_public), now=time.time())


def _in_memory() -> dict[str, int]:
    """Return the bytes of uploads that their pages have not let go yet, by session."""
    manager = Runtime.instance().uploaded_file_mgr if Runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(manager.file_storage.items())
    }


def _whose(scope: Scope) -> str:
    """Return the person who is logged in; nobody is told apart where people do not log in."""
    claims = claims_in(_get_cookie_value_from_request(Request(scope), "_streamlit_user"))
    return f"{claims.get('sub')}@{claims.get('iss')}" if _public else ""


def _log_out(scope: Scope) -> None:
    """Let a login that is ended count nowhere: a copy of its cookie may be elsewhere."""
    signed = _get_cookie_value_from_request(Request(scope), "_streamlit_user")
    logouts.end(configuration.load(), claims_in(signed))


_uploads = Uploads(
    lambda: uploads.room(configuration.load()),
    _may_upload,
    lambda: uploads.most_together(configuration.load()),
    _in_memory,
    _whose,
)
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=routes(),
    middleware=[
        Middleware(Door, names=_names, limits=_limits, uploads=_uploads, log_out=_log_out),
        Middleware(FirstPaint),
        Middleware(Compressed, files=files_of(Path(file_util.get_static_dir()))),
    ],
)
