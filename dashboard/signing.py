"""What the buttons of sign-off do: each is one call of a service, about the text that was on the page."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable

import streamlit as st

from core.journal import Record
from core.paths import StoragePath
from core.review import signoff
from core.review.publication import publish
from dashboard import acting, shell

MEANING, COMMENT = "meaning", "comment"
PLACE = "sign-off"
"""Where what the buttons have to say is drawn: beside them."""


def _comment() -> str:
    return str(st.session_state.get(COMMENT) or "")


def _recorded(record: Record) -> str:
    st.session_state[MEANING], st.session_state[COMMENT] = None, ""
    return f"Recorded: {record.content['meaning']} by {record.content['user']}, record {record.seq}."


def sign(report_key: str, digest: str) -> None:
    """Sign the text with the digest that was on the page when the button was drawn."""

    def act() -> str:
        meaning = str(st.session_state.get(MEANING) or "")
        return _recorded(
            signoff.sign(
                shell.settings(), shell.journal_to_write(), report_key, text_sha256=digest, person=shell.person(),
                meaning=meaning, comment=_comment(),
            )
        )  # fmt: skip

    acting.saying(PLACE, act)


def submit(report_key: str, digest: str) -> None:
    """Put the text that was on the page before an approver."""
    _step(signoff.submit, report_key, digest)


def request_changes(report_key: str, digest: str) -> None:
    """Send the submitted text back with the comment."""
    _step(signoff.request_changes, report_key, digest)


def _step(take: Callable[..., Record], report_key: str, digest: str) -> None:
    def act() -> str:
        return _recorded(
            take(
                shell.settings(), shell.journal_to_write(), report_key, text_sha256=digest, person=shell.person(),
                comment=_comment(),
            )
        )  # fmt: skip

    acting.saying(PLACE, act)


def revoke(report_key: str) -> None:
    """Take the signature back with the comment as the reason."""
    acting.saying(
        PLACE,
        lambda: _recorded(
            signoff.revoke(
                shell.settings(),
                shell.journal_to_write(),
                report_key,
                person=shell.person(),
                comment=_comment(),
            )
        ),
    )


def publish_now(report_key: str) -> None:
    """Publish the signed text."""

    def act() -> str:
        folder = publish(shell.settings(), shell.journal_to_write(), report_key, person=shell.person())
        return f"Published in {folder}"

    acting.saying(PLACE, act)


def files(folder: StoragePath) -> list[tuple[str, str]]:
    """Return the published files by name, each with its media type."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return [(name, mimetypes.guess_type(name)[0] or "application/octet-stream") for name in names]


def loader(folder: StoragePath, name: str) -> Callable[[], bytes]:
    """Return what reads a published file when it is asked for."""
    return (folder / name).read_bytes
