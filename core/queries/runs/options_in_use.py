"""Which options a run would use: those of its source, of what it does, and of the options that they hang on."""

from __future__ import annotations

from collections.abc import Mapping

from core.parameters import Parameter, Value
from core.request.form import more_fields
from core.runs.plan import NOT_SCORING
from core.sources import LIVE, MOVING
from core.sources.reading import FILES

_HANGS_ON: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "rolling_sessions": ("window", ("rolling",)),
    "half_life_sessions": ("sample_weights", ("decay", "both")),
}
"""Option -> the option that it hangs on, and the values of that with which it counts."""

_OF_FILES = "files"
"""Section of the options that say how files are read."""


def options_in_use(values: Mapping[str, Value], *, scoring: bool) -> dict[str, list[Parameter]]:
    """Return the options that count, under their headings; a heading without any is left out.

    Parameters
    ----------
    values : mapping of str to Value
        What the form holds.
    scoring : bool
        Whether the run would score with a champion: it uses nothing of training then.
    """
    groups = {
        heading: [each for each in group if _counts(each, values, scoring=scoring)]
        for heading, group in more_fields().items()
    }
    return {heading: group for heading, group in groups.items() if group}


def _counts(parameter: Parameter, values: Mapping[str, Value], *, scoring: bool) -> bool:  # noqa: PLR0911 - one return per rule reads as a table
    source, name = values["source"], parameter.name
    if scoring and name in NOT_SCORING:
        return False
    if parameter.section == _OF_FILES:
        return source == FILES
    if parameter.section in LIVE:
        return source == parameter.section
    if name == "on_missing":
        return source in MOVING
    if name == "plugins_timeout_s":
        return bool(values.get("plugins"))
    if name in _HANGS_ON:
        other, when = _HANGS_ON[name]
        return values.get(other) in when
    return True
