"""What the buttons of sign-off do: each is one call of a service, about the text that was on the page."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from core.journal import Journal, Record
from core.paths import StoragePath
from core.request.settings import Settings
from core.review import signoff
from core.review.bundle_files import files_in
from core.review.openssh import read_key
from core.review.people import Person
from core.review.publication import publish
from core.review.published import published_file, signed_text
from core.review.registering import OwnKeyNeeded, SignsWith, key_text, register
from dashboard import acting, parts, shell

MEANING, COMMENT = "meaning", "comment"
WAITING, PASTED = "waiting_for_own_key", "own_signature"
PUBLIC = "own_public_key"
PLACE = "sign-off"
"""Where what the buttons have to say is drawn: beside them."""


def _comment() -> str:
    return str(st.session_state.get(COMMENT) or "")


def _recorded(record: Record) -> str:
    st.session_state[MEANING], st.session_state[COMMENT] = None, ""
    return f"Recorded: {record.content['meaning']} by {record.content['user']}, record {record.seq}."


def sign(report_key: str, digest: str) -> None:
    """Sign the text with the digest that was on the page when the button was drawn."""
    meaning = str(st.session_state.get(MEANING) or "")
    about = {"text_sha256": digest, "meaning": meaning, "comment": _comment()}
    _with_own_key(Waiting(report_key, signoff.sign, about))


@dataclass(frozen=True)
class Waiting:
    """An act that waits for a signature by the person's own key: what was chosen, and what is to be signed."""

    report_key: str
    act: Callable[..., Record]
    about: Mapping[str, str]
    text: str = ""
    fingerprint: str = ""


def waiting(report_key: str) -> Waiting | None:
    """Return the act on a report that waits for a signature, None if none does."""
    state = st.session_state.get(WAITING)
    return state if isinstance(state, Waiting) and state.report_key == report_key else None


def give_up() -> None:
    """Forget the act that waits for a signature."""
    st.session_state.pop(WAITING, None)


def hand_in() -> None:
    """Do the act that waits with the signature that was pasted."""
    state = st.session_state.get(WAITING)
    if isinstance(state, Waiting):
        signature = str(st.session_state.get(PASTED) or "")
        _with_own_key(state, lambda _: signature)


def _with_own_key(wish: Waiting, signs: Callable[[str], str] | None = None) -> None:
    """Do an act; where the person's own key is asked for, keep it until the signature is pasted."""

    def act() -> str:
        try:
            record = wish.act(
                shell.settings(), shell.journal_to_write(), wish.report_key, person=shell.person(), signs=signs,
                **wish.about,
            )  # fmt: skip
        except OwnKeyNeeded as needed:
            st.session_state[WAITING] = replace(wish, text=needed.text, fingerprint=needed.fingerprint)
            return "Nothing is recorded yet: it waits for a signature by your own key."
        give_up()
        return _recorded(record)

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
    _with_own_key(Waiting(report_key, signoff.revoke, {"comment": _comment()}))


def register_key(report_key: str) -> None:
    """Register the key whose public half was pasted, once a signature by it was."""
    _with_own_key(Waiting(report_key, _register, {"public": str(st.session_state.get(PUBLIC) or "")}))


def _register(
    settings: Settings, journal: Journal, _: str, *, person: Person, public: str, signs: SignsWith | None
) -> Record:
    if signs is None:
        text = key_text(settings, journal, person, public)[1]
        raise OwnKeyNeeded(person.name, read_key(public).fingerprint, text)
    return register(settings, journal, public, person=person, why="", signs=[signs])


def publish_now(report_key: str) -> None:
    """Publish the signed text."""

    def act() -> str:
        folder = publish(shell.settings(), shell.journal_to_write(), report_key, person=shell.person())
        return f"Published: {len(files(folder)):,} files."

    acting.saying(PLACE, act)


def files(folder: StoragePath) -> list[tuple[str, str]]:
    """Return the published files by name, each with its media type."""
    return [(name, mimetypes.guess_type(name)[0] or "application/octet-stream") for name in files_in(folder)]


def loader(folder: StoragePath, name: str) -> Callable[[], bytes]:
    """Return what reads a published file when it is asked for, and judges it then: a page may stand for hours."""
    return parts.to_download(partial(published_file, shell.settings(), folder, name))


def text_loader(report_key: str) -> Callable[[], bytes]:
    """Return what makes the signed text when it is asked for, by records that are judged then."""
    return parts.to_download(partial(signed_text, shell.settings(), report_key))
