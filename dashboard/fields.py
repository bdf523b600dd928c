"""The fields of a run's form, made from the stage table; each says its own mistake as soon as it is made.

What a field holds lives in the session under its key, so that a profile or an earlier run can fill the form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ParameterError
from core.parameters import Parameter, Value
from core.request.form import main_fields, more_fields
from core.request.stages import STAGES, parameters_of
from dashboard.words import literal

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
LIVE = "400ms"
"""How long a pause in typing is taken for the end of a word."""


def key_of(name: str) -> str:
    """Return the widget key of a parameter's field."""
    return "source" if name == "source" else f"field-{name}"


def fill(values: Mapping[str, Value]) -> None:
    """Let the fields hold ``values``; only before they are drawn."""
    fields = [*main_fields().values(), *(p for group in more_fields().values() for p in group)]
    for parameter in fields:
        st.session_state[key_of(parameter.name)] = _widget_value(parameter, values[parameter.name])


def seed(parameter: Parameter, default: Value) -> None:
    """Let a field hold its default unless it holds something already."""
    st.session_state.setdefault(key_of(parameter.name), _widget_value(parameter, default))


def _widget_value(parameter: Parameter, value: Value) -> object:
    """Return a value as the widget of its kind holds it."""
    if parameter.auto:
        return parameter.text(value)
    match parameter.kind:
        case "names":
            return [name for name in str(value or "").split(",") if name]
        case "date":
            return date.fromisoformat(str(value)) if value else None
        case "integer" | "number" | "choice":
            return value
        case "flag":
            return bool(value)
        case _:
            return str(value or "")


@dataclass(frozen=True)
class Drawn:
    """Fields that are on the page: what they hold, and the place below each for what is wrong with it."""

    values: dict[str, Value] = dataclasses.field(default_factory=dict)
    places: dict[str, DeltaGenerator] = dataclasses.field(default_factory=dict)

    def draw(self, parameter: Parameter, default: Value) -> None:
        """Draw the widget for one parameter."""
        seed(parameter, default)
        with st.container(gap="xxsmall"):
            self.values[parameter.name] = _widget(parameter)
            self.places[parameter.name] = st.container(key=f"wrong-{parameter.name}")

    def choose(self, parameter: Parameter, default: Value) -> None:
        """Draw one choice as buttons side by side."""
        seed(parameter, default)
        self.values[parameter.name] = st.segmented_control(
            parameter.label, parameter.choices, required=True, help=parameter.help, key=key_of(parameter.name)
        )

    def leave(self, groups: Mapping[str, Iterable[Parameter]], defaults: Mapping[str, Value]) -> None:
        """Let parameters that are not on the page have their defaults."""
        self.values.update({p.name: defaults[p.name] for group in groups.values() for p in group})

    def malformed(self) -> dict[str, str]:
        """Return what the parameters themselves say against what the fields hold, by name."""
        parameters = parameters_of(STAGES)
        mistakes = {name: _malformed(parameters[name], value) for name, value in self.values.items()}
        return {name: text for name, text in mistakes.items() if text}

    def tell(self, mistakes: Mapping[str, str]) -> None:
        """Write below each field what is wrong with it."""
        for name, text in mistakes.items():
            if name in self.places:
                self.places[name].markdown(wrong(text))


def wrong(text: str) -> str:
    """Return what is wrong as Markdown: a symbol, a colour and the words as they are."""
    return f":red[:material/error: {literal(' '.join(text.split()))}]"


def _malformed(parameter: Parameter, value: Value) -> str:
    """Return what the parameter itself says against the value; nothing when it is one of its own."""
    try:
        parameter.parse(parameter.text(value))
    except ParameterError as error:
        return str(error)
    return ""


def _widget(parameter: Parameter) -> Value:
    label, key, help_ = parameter.label, key_of(parameter.name), parameter.help
    match parameter.kind:
        case "choice":
            return st.selectbox(
                label,
                parameter.choices,
                help=help_,
                key=key,
                accept_new_options=parameter.open or parameter.own,
            )
        case "names":
            several = st.multiselect(
                label,
                parameter.choices,
                help=help_,
                key=key,
                accept_new_options=parameter.open or parameter.own,
            )
            return ",".join(several)
        case "date":
            chosen = st.date_input(label, None, EARLIEST, LATEST, format="YYYY-MM-DD", help=help_, key=key)
            return chosen.isoformat() if isinstance(chosen, date) else None
        case "integer" | "number":
            return _number(parameter, label, key)
        case "flag":
            return st.checkbox(label, help=help_, key=key)
        case _:
            hint = _HINTS.get(parameter.name)
            return st.text_input(label, placeholder=hint, help=help_, key=key, live=LIVE)


_HINTS = {"tickers": "all the source has", "path": "a file, a folder or an address"}


def _number(parameter: Parameter, label: str, key: str) -> Value:
    """Draw the widget for a number within its bounds and return it, None when it is left empty.

    One that may be ``auto`` is a text; what is no number within its bounds is returned as it was typed, and judged
    with the other fields.
    """
    if parameter.auto:
        text = st.text_input(label, help=parameter.help, key=key, live=LIVE)
        with suppress(ParameterError):
            return parameter.parse(text)
        return text
    kind: type[int | float] = int if parameter.kind == "integer" else float
    low, high = (None if bound is None else kind(bound) for bound in (parameter.low, parameter.high))
    form = "%d" if kind is int else "%g"
    return st.number_input(label, low, high, None, format=form, help=parameter.help, key=key)
