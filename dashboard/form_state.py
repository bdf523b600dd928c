"""What the form of a run holds, also of fields that are not on the page just now.

Streamlit forgets a field that is not drawn; the form does not: only what differs from the defaults is kept here, by
parameter, and a field is filled from it when it is drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.parameters import Value

_CHANGED = "form_changed"


def key_of(name: str) -> str:
    """Return the widget key of a parameter's field."""
    return "source" if name == "source" else f"field-{name}"


def _changed() -> dict[str, Value]:
    changed: dict[str, Value] = st.session_state.setdefault(_CHANGED, {})
    return changed


def value_of(name: str, default: Value) -> Value:
    """Return what the form holds for a parameter."""
    return _changed().get(name, default)


def values(defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Return what the form holds, by parameter."""
    return {**defaults, **{name: value for name, value in _changed().items() if name in defaults}}


def is_changed(name: str, default: Value) -> bool:
    """Return whether a parameter differs from its default; nothing and an empty text are the same."""
    value = value_of(name, default)
    return value != default and not (value in (None, "") and default in (None, ""))


def put(name: str, value: Value) -> None:
    """Let the form hold ``value``, also in a field that is on the page; only before that is drawn."""
    remember(name, value)
    st.session_state.pop(key_of(name), None)


def remember(name: str, value: Value) -> None:
    """Keep what a field on the page holds."""
    _changed()[name] = value


def reset(*names: str) -> None:
    """Let parameters have their defaults again; only before their fields are drawn."""
    for name in names:
        _changed().pop(name, None)
        st.session_state.pop(key_of(name), None)


def fill(values: Mapping[str, Value]) -> None:
    """Let the form hold ``values`` and nothing else; only before its fields are drawn."""
    reset(*_changed(), *(name for name in values if key_of(name) in st.session_state))
    _changed().update(values)


def seed(name: str, as_widget: Any) -> None:
    """Let the widget of a parameter hold a value unless it holds something already."""
    st.session_state.setdefault(key_of(name), as_widget)
