"""The fields of a run's form, made from the stage table; each says its own mistake as soon as it is made.

What a field holds is kept by :mod:`dashboard.form_state`, so that a profile or an earlier run can fill the form.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ParameterError
from core.parameters import Parameter, Value
from core.request.form_words import plain_name, unit
from core.request.stages import STAGES, parameters_of
from dashboard import form_state
from dashboard.form_state import key_of
from dashboard.words import literal

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
NO_PROFILE, AS_SET = "(none)", "(as configured)"
"""Choices that leave a profile, or a parameter, as the settings have it."""

LIVE = "400ms"
"""How long a pause in typing is taken for the end of a word."""

CHOICES: Mapping[str, str] = {
    "auto": "Automatic", "train": "Train a new model", "score": "Score with the champion",
}  # fmt: skip
"""The modes in plain words."""


@dataclass(frozen=True)
class DrawnFields:
    """Fields that are on the page: the place below each for what is wrong with it."""

    places: dict[str, DeltaGenerator] = dataclasses.field(default_factory=dict)

    def draw(
        self, parameter: Parameter, default: Value, *, label: str = "", options: Sequence[str] = ()
    ) -> None:
        """Draw the widget for one parameter.

        Parameters
        ----------
        label : str
            In place of its plain name.
        options : sequence of str
            Tickers that are known.
        """
        name = parameter.name
        value = form_state.value_of(name, default)
        form_state.seed(name, _widget_value(parameter, value))
        with st.container(gap="xxsmall"):
            _widget(parameter, label or plain_name(name), options)
            self.places[name] = st.container(key=f"wrong-{name}")
        form_state.remember(name, value_in(parameter, st.session_state[key_of(name)]))

    def tell(self, mistakes: Mapping[str, str]) -> None:
        """Write below each field what is wrong with it."""
        for name, text in mistakes.items():
            if name in self.places:
                self.places[name].markdown(wrong(text))


def take_over() -> None:
    """Let the form hold what the fields on the page hold now: before anything is drawn that speaks of them."""
    for name, parameter in parameters_of(STAGES).items():
        if key_of(name) in st.session_state and not parameter.resolved:
            form_state.remember(name, value_in(parameter, st.session_state[key_of(name)]))


def malformed(values: Mapping[str, Value]) -> dict[str, str]:
    """Return what the parameters themselves say against values, by name."""
    parameters = parameters_of(STAGES)
    mistakes = {
        name: _malformed(parameters[name], value) for name, value in values.items() if name in parameters
    }
    return {name: text for name, text in mistakes.items() if text}


def wrong(text: str) -> str:
    """Return what is wrong as Markdown: a symbol, a colour and the words as they are."""
    return f":red[:material/error: {literal(' '.join(text.split()))}]"


def with_unit(parameter: Parameter) -> str:
    """Return the plain name of a parameter with its unit."""
    own = unit(parameter.name)
    return f"{plain_name(parameter.name)} ({own})" if own else plain_name(parameter.name)


def names_in(text: str) -> list[str]:
    """Return the entries of a list of tickers as it is written: names, or one file.

    >>> names_in('AAPL, MSFT'), names_in('["A B", "C"]'), names_in("@universe.txt"), names_in("")
    (['AAPL', 'MSFT'], ['A B', 'C'], ['@universe.txt'], [])
    """
    if text.startswith("@"):
        return [text]
    if text.startswith("["):
        with suppress(ValueError, TypeError):
            return [str(name) for name in json.loads(text)]
    return [name.strip() for name in text.split(",") if name.strip()]


def _widget_value(parameter: Parameter, value: Value) -> object:  # noqa: PLR0911 - one return per kind reads as a table
    """Return a value as the widget of its kind holds it."""
    if parameter.auto:
        return parameter.text(value)
    match parameter.kind:
        case "names":
            return [name for name in str(value or "").split(",") if name]
        case "tickers":
            return names_in(str(value or ""))
        case "date":
            return date.fromisoformat(str(value)) if value else None
        case "integer" | "number" | "choice":
            return value
        case "flag":
            return bool(value)
        case _:
            return str(value or "")


def value_in(parameter: Parameter, content: object) -> Value:
    """Return the value that the widget of a parameter holds; the inverse of what fills it.

    A text in place of a number is returned as it was typed, and judged with the other fields.
    """
    if parameter.auto:
        with suppress(ParameterError):
            return parameter.parse(str(content or ""))
        return str(content)
    if isinstance(content, list):
        return ",".join(map(str, content))
    if isinstance(content, date):
        return content.isoformat()
    return content if isinstance(content, str | int | float) else None


def _malformed(parameter: Parameter, value: Value) -> str:
    """Return what the parameter itself says against the value; nothing when it is one of its own."""
    try:
        parameter.parse(parameter.text(value))
    except ParameterError as error:
        return str(error)
    return ""


def _widget(parameter: Parameter, label: str, options: Sequence[str]) -> None:
    key, help_ = key_of(parameter.name), parameter.help
    match parameter.kind:
        case "choice":
            st.selectbox(
                label, parameter.choices, help=help_, key=key, format_func=_as_words,
                accept_new_options=parameter.open or parameter.own,
            )  # fmt: skip
        case "names":
            st.multiselect(
                label, parameter.choices, help=help_, key=key, placeholder="none", format_func=_as_words,
                accept_new_options=parameter.open or parameter.own,
            )  # fmt: skip
        case "tickers":
            current = [str(name) for name in st.session_state[key]]
            st.multiselect(
                label, list(dict.fromkeys([*options, *current])), key=key, placeholder="all", accept_new_options=True,
                help=f"{help_} Type a name and press Enter; @FILE reads a list.",
            )  # fmt: skip
        case "date":
            st.date_input(label, None, EARLIEST, LATEST, format="YYYY-MM-DD", help=help_, key=key)
        case "integer" | "number":
            _number(parameter, label, key)
        case "flag":
            st.checkbox(label, help=help_, key=key)
        case _:
            st.text_input(label, placeholder=_HINTS.get(parameter.name), help=help_, key=key, live=LIVE)


def _as_words(choice: object) -> str:
    return str(choice).replace("_", " ")


_HINTS = {
    "path": "a file, a folder or an address", "columns": "date=Datum, close=Schluss", "model_parameters": '{"C": 0.5}',
    "model_grid": '{"C": [0.1, 1]}', "symbols": "none", "membership": "none", "waivers": "none",
}  # fmt: skip


def _number(parameter: Parameter, label: str, key: str) -> None:
    """Draw the widget for a number within its bounds; one that may be ``auto`` is a text."""
    if parameter.auto:
        st.text_input(label, help=parameter.help, key=key, live=LIVE)
        return
    kind: type[int | float] = int if parameter.kind == "integer" else float
    low, high = (None if bound is None else kind(bound) for bound in (parameter.low, parameter.high))
    form = "%d" if kind is int else "%g"
    st.number_input(label, low, high, None, format=form, help=parameter.help, key=key)
