"""Modules of somebody's own, as a run is planned with them: where they are, and a digest for each stage they touch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PluginError
from core.parameters import Value
from core.prices.catalogue import RULES
from core.request.roots import is_team, judge_configured

if TYPE_CHECKING:
    from core.plugins.examining import Examined
    from core.plugins.modules import Module
    from core.request.settings import Settings

KINDS = ("sources", "rules", "features", "sections")
"""What a module declares, in the order of the stages that it touches; each has a parameter ``<kind>_modules``."""


def modules_of(text: str, settings: Settings) -> tuple[Module, ...]:
    """Return the modules of a comma list; files are relative to ``luigi.cfg``, else to the working folder."""
    from core.plugins.modules import modules_named

    return modules_named(text, settings.file.parent if settings.file else Path.cwd())


def resolved(text: str, settings: Settings) -> dict[str, Value]:
    """Return the parameters of modules: their absolute paths, and by kind the digest of those that declare any.

    Without modules nothing of them is imported. They are loaded in a process of their own, so that one that hangs
    or ends its process is a message.

    Raises
    ------
    MissingFileError, PluginError
        Naming the file and line of what cannot be used.
    """
    values: dict[str, Value] = {"plugins": None, **dict.fromkeys(f"{kind}_modules" for kind in KINDS)}
    if not text.strip():
        return values
    from core.plugins.examining import examined
    from core.plugins.modules import digest_of_modules

    requested = modules_of(text, settings)
    _judge_configured(requested, settings)
    modules = examined(requested)
    _refuse_taken(modules)
    values["plugins"] = ", ".join(entry.module.address for entry in modules) or None
    for kind in KINDS:
        touching = [entry.module for entry in modules if entry.declared[kind]]
        values[f"{kind}_modules"] = digest_of_modules(touching) if touching else None
    return values


def _judge_configured(modules: Sequence[Module], settings: Settings) -> None:
    """Refuse, in a team, a module that the configuration does not name: it is run with all that the desk may do."""
    if not is_team(settings, os.environ):
        return
    texts = {str(values.get("plugins") or "") for values in (settings.defaults, *settings.profiles.values())}
    allowed = {module.address for text in texts if text for module in modules_of(text, settings)}
    for module in modules:
        judge_configured(module.address, allowed, settings, parameter="plugins")


def _refuse_taken(modules: Sequence[Examined]) -> None:
    """Refuse rules called like a built-in one."""
    for entry in modules:
        for rule in entry.declared["rules"]:
            if rule["name"] in RULES:
                raise PluginError(
                    f"{entry.module.file}, line {rule['line']}: rule {rule['name']} has the name of a built-in one",
                    expected="a name of its own",
                    parameter="plugins",
                )
