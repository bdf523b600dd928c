"""What the desk takes from a browser's connection: what a page sends to be drawn, and nothing that is done for all.

Streamlit empties what it keeps for everybody, and says which repository the program is of, for whoever is connected,
logged in or not. What reviewers typed and could not save is kept there, as is the last look at the ledger.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from streamlit.runtime.app_session import AppSession

if TYPE_CHECKING:
    from streamlit.proto.BackMsg_pb2 import BackMsg

OF_PAGES = frozenset(
    {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
)
"""Kinds of messages that the pages need: each is about the session of whoever sends it."""


def take_only_what_pages_send() -> None:
    """Let every other message from a browser be none, for the whole process."""
    handle = AppSession.handle_backmsg

    @wraps(handle)
    def handle_own(self: AppSession, msg: BackMsg) -> None:
        if msg.WhichOneof("type") in OF_PAGES:
            handle(self, msg)

    AppSession.handle_backmsg = handle_own  # type: ignore[method-assign]  # Streamlit has no setting for it
