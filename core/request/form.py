"""The form of a run, made from the stage table: which fields there are, and what their values ask for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from core.errors import ParameterError
from core.parameters import Parameter, Value
from core.request.form_words import GROUPS
from core.request.profiles import PROFILE
from core.request.stages import PLUGINS, STAGES, parameters_of

MAIN = ("source", "path", "tickers", "start", "end", "mode")
"""What nearly every run is about; everything else is under "More options"."""


def main_fields() -> dict[str, Parameter]:
    """Return the main fields by name."""
    parameters = parameters_of(STAGES)
    return {name: parameters[name] for name in MAIN}


def more_fields() -> dict[str, list[Parameter]]:
    """Return the other fields under their headings, in the order of a form."""
    # which code runs is for whoever may write luigi.cfg or has a terminal here, not for a form
    fields = {
        name: parameter
        for name, parameter in parameters_of(STAGES).items()
        if name not in (*MAIN, PLUGINS.name) and not parameter.resolved
    }
    groups = {
        heading: [fields.pop(name) for name in names if name in fields] for heading, names in GROUPS.items()
    }
    for parameter in fields.values():  # one that has no words yet
        groups.setdefault(parameter.section.capitalize(), []).append(parameter)
    return groups


def request_of(values: Mapping[str, Value], defaults: Mapping[str, Value]) -> dict[str, str]:
    """Return the request that a filled-in form makes: only what differs from the defaults.

    Parameters
    ----------
    values : mapping of str to Value
        The fields by parameter name; None and the empty text are "not given". No name at all in a list
        of models to compare with asks for none: written as the model itself.
    defaults : mapping
        As the settings have them.
    """
    parameters = parameters_of(STAGES)
    fields = dict(values)
    if fields.get("source", defaults["source"]) != "files":
        fields.pop("path", None)
    if "beside" in fields and not fields["beside"]:
        fields["beside"] = fields.get("model") or defaults["model"]
    return {
        name: parameters[name].text(value)
        for name, value in fields.items()
        if value not in (None, "") and value != defaults[name]
    }


def scoring_request(request: Mapping[str, str]) -> dict[str, str]:
    """Return what to ask for to score the same prices now: the champion, up to the newest session.

    Parameters
    ----------
    request : mapping of str to str
        What an earlier run was asked for. Its profile and parameters are kept but for
        mode and end.

    Examples
    --------
    >>> scoring_request({"profile": "mega", "tickers": "AAPL", "end": "2024-01-05", "force": "clean"})
    {'profile': 'mega', 'tickers': 'AAPL', 'mode': 'score'}
    """
    parameters = parameters_of(STAGES)
    same = {
        name: text
        for name, text in request.items()
        if name == PROFILE
        or (name in parameters and not parameters[name].resolved and name not in ("mode", "end"))
    }
    return same | {"mode": "score"}


def filled_by(request: Mapping[str, str], defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values that a form holds when it asks for ``request``; the inverse of :func:`request_of`.

    Parameters
    ----------
    request : mapping of str to str
        As a run was asked for. What is not a parameter of a form, or is not understood any more, is left out.
    defaults : mapping
        As the settings have them.
    """
    fields = {p.name: p for p in (*main_fields().values(), *(p for g in more_fields().values() for p in g))}
    values = {name: defaults[name] for name in fields}
    for name, text in request.items():
        if name in fields:
            with suppress(ParameterError):
                values[name] = fields[name].parse(text)
    if values["beside"] == values["model"] != defaults["beside"]:
        values["beside"] = None
    return values
