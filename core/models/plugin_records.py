"""What a model file says of plug-in code: its features, its label, and the text of their modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.features.definitions import MODULES, own_of
from core.fingerprint import digest_of_texts
from core.label import FIELD, LABELS, OWN_IN_TRAINING
from core.models.document import REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TEXT = 200
"""Longest ticker, version or reason that is taken from a model file."""


_PLACE_FORM: Mapping[str, type] = {
    "text": str, "warm_up": int, "across": bool, "module": str, "line": int, "sha256": str,
}  # fmt: skip
OWN_FORM = {"name": str, **_PLACE_FORM}
_WORDS_FORM = {"event": str, **_PLACE_FORM}


def has_form(entry: Any, forms: Mapping[str, type]) -> bool:
    """Return whether an entry describes a user-defined feature or label."""
    return (
        isinstance(entry, dict)
        and entry.keys() == forms.keys()
        and all(type(entry[name]) is form for name, form in forms.items())
        and all(is_text(value) for value in entry.values() if isinstance(value, str))
    )


def is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def label_form(training: Mapping[str, Any]) -> dict[str, tuple[str, Callable[[Any], bool]]]:
    """Return what the record of a label that is not the default is; a user-defined one has its words."""
    if OWN_IN_TRAINING not in training:
        return {FIELD: (f"one of {', '.join(LABELS)}", LABELS.__contains__)}
    words = ("what a module says of its label", lambda entry: has_form(entry, _WORDS_FORM))
    return {FIELD: ("a label's name", is_text), OWN_IN_TRAINING: words}


def check_modules(body: Mapping[str, Any]) -> None:
    """Refuse texts that are not of the modules whose digests features and label name; they are only ever shown."""
    modules, training = body.get(MODULES, {}), body["training"]
    label: Any = training.get(OWN_IN_TRAINING) if isinstance(training, dict) else None
    digests = {entry["sha256"] for entry in own_of(body)}
    digests |= {label["sha256"]} if has_form(label, _WORDS_FORM) else set()
    sound = isinstance(modules, dict) and modules.keys() <= digests
    if not sound or not all(
        _is_source(texts) and digest_of_texts(texts) == d for d, texts in modules.items()
    ):
        raise ModelError(
            f"{MODULES} is malformed", expected="the text of each module by its digest", remedy=REMEDY
        )


def _is_source(texts: Any) -> bool:
    return isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())
