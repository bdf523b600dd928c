"""What is wrong with the form of a run as it is filled in, said as the plan would say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.errors import AftercloseError
from core.parameters import Value
from core.queries.runs.preview import Preview, preview
from core.request import roots
from core.sources.addresses.address import names_address
from core.sources.reading import FILES
from dashboard import acting, fields, looking, shell

_NEEDED = {FILES: "path", "yahoo": "tickers", "tiingo": "tickers"}
"""Source -> the field without which it cannot be asked."""


@dataclass
class Judgement:
    """What is wrong with a request, or else what its run would do.

    Parameters
    ----------
    mistakes : dict of str to str
        By field.
    general : str
        What belongs to no field.
    plan : Preview or None
        None where it is judged only when Run is pressed.
    missing : str
        The field that is still to be filled; empty where none is.
    """

    mistakes: dict[str, str] = field(default_factory=dict)
    general: str = ""
    plan: Preview | None = None
    missing: str = ""

    @property
    def runs(self) -> bool:
        """Whether Run may be pressed."""
        return not (self.mistakes or self.general or self.missing)


def judgement_of(values: Mapping[str, Value], request: Mapping[str, str]) -> Judgement:
    """Return what is wrong by field and in general, as the plan would say it, or else what the run would do.

    A plan reads files, tries models and keeps copies of lists: only for who may start the run.
    """
    if malformed := fields.malformed(values):
        return Judgement(malformed)
    if acting.refusal("launch"):
        return Judgement()
    if (needed := _NEEDED.get(str(values["source"]))) and not request.get(needed):
        return Judgement(missing=needed)  # nothing was typed yet, so nothing is wrong
    unreadable = looking.answer_to(request, str(values["source"]))
    if isinstance(unreadable, AftercloseError):
        return Judgement(general="These prices cannot be read: the look says why.")
    return _planned(request)


def _planned(request: Mapping[str, str]) -> Judgement:
    try:
        if names_address(request.get("path", "")):  # asked when Run is pressed, not at each letter
            roots.check_path(request["path"], shell.settings(), parameter="path")
            return Judgement()
        return Judgement(plan=preview(shell.settings(), request, now=datetime.now(UTC)))
    except AftercloseError as error:
        return Judgement({error.parameter: str(error)}) if error.parameter else Judgement(general=str(error))
