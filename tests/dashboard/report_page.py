"""What the tests of the Report page do and look up beside the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.journal import Journal
from core.request.settings import load
from core.review import drafts, signoff
from core.review.people import Person
from core.store.checkpoints import Store

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

AS_TEXT, WHAT_CHANGED = "The text as it stands", "What changed"
"""How a screen reader names these windows of the page."""

BOB = Person("local:bob", "Bob", "operator")


def report_key(data) -> str:
    (folder,) = (data / "checkpoints" / "report").iterdir()
    return folder.name


def present(data):
    return signoff.signable(Store(data), Journal(data), report_key(data))


def standing(data) -> str:
    return signoff.standing(Store(data), Journal(data), report_key(data)).state


def save_as_bob(data, text) -> None:
    drafts.save_draft(load({"AFTERCLOSE_DATA": str(data)}), Journal(data), report_key(data), text, person=BOB)


def sign(at, meaning="approved", comment="Open sections on purpose.") -> AppTest:
    if at.radio(key="meaning").value != meaning:
        at.radio(key="meaning").set_value(meaning).run()
    at.text_area(key="comment").set_value(comment)
    return at.button(key="sign").click().run()


def can_sign(at) -> bool:
    """Whether Sign can be pressed once a meaning is chosen."""
    at.radio(key="meaning").set_value("approved").run()
    return not at.button(key="sign").disabled
