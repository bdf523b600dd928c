"""How a run is done, as opposed to what it makes: in no key, the same for every task of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.request.profiles import PROFILE
from core.request.stages import onwards

OPTIONS = {
    "force": "Compute this stage and those after it again although they are there, and compare.",
    "no_wait": "Leave with exit code 10 instead of waiting for somebody who makes the same checkpoint.",
    PROFILE: "Named set of parameters from luigi.cfg, [profile:NAME]; what is given beside it wins.",
}


@dataclass(frozen=True)
class RunOptions:
    """Options of one run.

    Parameters
    ----------
    wait : bool
        Whether to wait for somebody who makes the same checkpoint.
    forced : frozenset of str
        Names of the stages that are computed again and compared.
    """

    wait: bool = True
    forced: frozenset[str] = frozenset()


def parse(options: Mapping[str, str | bool]) -> RunOptions:
    """Return the options as a value.

    Raises
    ------
    CommandError
        If ``force`` names no stage.
    """
    force = str(options.get("force", "")).strip()
    forced = onwards(force) if force else ()
    return RunOptions(not options.get("no_wait", False), frozenset(forced))
