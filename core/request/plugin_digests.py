"""Plug-in modules, as a run is planned with them: where they are, and a digest for each stage they touch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import MissingFileError, ParameterError, PluginError, nearest
from core.label import DIRECTION, LABELS
from core.parameters import Value
from core.paths import real_path
from core.platform.storage import local_folder
from core.prices.catalogue import RULES
from core.request.roots import check_configured, is_team
from core.request.stages import PLUGINS_LIMIT
from core.sources import OWN

if TYPE_CHECKING:
    from core.plugins.examining import Examined
    from core.plugins.modules import Module
    from core.request.settings import Settings

KINDS = ("sources", "rules", "features", "sections")
"""What a module declares, in the order of the stages that it touches; each has a parameter ``<kind>_modules``.
A label goes with features."""


def modules_of(text: str, settings: Settings, limit_s: float | None = None) -> tuple[Module, ...]:
    """Return the modules of a comma list; files are relative to ``luigi.cfg``, else to the working folder."""
    from core.plugins.modules import modules_named

    limit_s = float(str(settings["plugins_timeout_s"])) if limit_s is None else limit_s
    return modules_named(text, settings.file.parent if settings.file else Path.cwd(), limit_s)


def resolved(
    request: Mapping[str, Value], settings: Settings, *, only_configured: bool = True
) -> dict[str, Value]:
    """Return the parameters of modules: their absolute paths, and by kind the digest of those that declare any.

    The module of the label that is asked for touches the stage of features, as one with features does.
    Without modules nothing of them is imported. They are loaded in a process of their own, so that one that hangs
    or ends its process is a message.

    Parameters
    ----------
    request : mapping of str to Value
        ``plugins``, the comma list; and where they are asked for ``label`` and ``plugins_timeout_s``.
    settings : Settings
    only_configured : bool
        Whether a team takes only what the configuration names; a list of what modules declare starts no run.

    Raises
    ------
    MissingFileError, PluginError
        Naming the file and line of what cannot be used.
    ParameterError
        If nobody declares the label.
    """
    text, label = str(request["plugins"] or ""), str(request.get("label") or DIRECTION)
    limit = request.get("plugins_timeout_s")
    values: dict[str, Value] = {"plugins": None, **dict.fromkeys(f"{kind}_modules" for kind in KINDS)}
    if not text.strip():
        _check_label(label, ())
        return values
    from core.plugins.modules import digest_of_modules

    limit_s = None if limit is None else float(limit)
    modules = _examined(text, settings, limit_s, only_configured=only_configured)
    _refuse_taken(modules)
    values["plugins"] = ", ".join(entry.module.address for entry in modules) or None
    _check_label(label, [declared["name"] for entry in modules for declared in entry.declared["labels"]])
    for kind in KINDS:
        of_label = label if kind == "features" else ""
        touching = [entry.module for entry in modules if entry.declared[kind] or _has(entry, of_label)]
        values[f"{kind}_modules"] = digest_of_modules(touching) if touching else None
    return values


def own_source(texts: Mapping[str, str], settings: Settings) -> str:
    """Return which source in a module a request reads, as ``module.function``; empty where that is none, or not one.

    Whatever the module's text, and wherever it lies: one that was changed or moved is the same source.

    Parameters
    ----------
    texts : mapping of str to str
        ``source``, ``plugins`` and ``plugins_timeout_s``.

    Raises
    ------
    AftercloseError
        As :func:`resolved` does.
    """
    if texts["source"] != OWN or not texts["plugins"].strip():
        return ""
    limit_s = PLUGINS_LIMIT.parse(texts["plugins_timeout_s"])
    modules = _examined(texts["plugins"], settings, float(str(limit_s)), only_configured=True)
    names = [
        f"{entry.module.name}.{declared['name']}"
        for entry in modules
        for declared in entry.declared["sources"]
    ]
    return names[0] if len(names) == 1 else ""


def _examined(
    text: str, settings: Settings, limit_s: float | None, *, only_configured: bool
) -> tuple[Examined, ...]:
    """Return what the modules of a comma list declare, in a team of those alone that may be used."""
    from core.plugins.examining import examined

    try:
        requested = modules_of(text, settings, limit_s)
    except MissingFileError:
        if only_configured:  # whether a file is there is not for everybody to know
            check_configured(text, _configured(settings), settings, parameter="plugins")
        raise
    if only_configured:
        _check_configured(requested, settings)
    _refuse_in_data_root(requested, settings)
    return examined(requested)


def _refuse_in_data_root(modules: Sequence[Module], settings: Settings) -> None:
    """Refuse a module, or what one imports beside it, that lies in the data root: who writes results writes no code."""
    data = real_path(local_folder(settings.data))
    for module in modules:
        for name in module.texts:
            if real_path(Path(module.path(name))).is_relative_to(data):
                raise ParameterError(
                    f"--plugins names {module.path(name)}, which is in the data root",
                    expected="a module outside it: whoever may write there would have each run do anything",
                    remedy="Put it elsewhere, such as beside luigi.cfg.",
                    parameter="plugins",
                )


def _check_configured(modules: Sequence[Module], settings: Settings) -> None:
    """Refuse, in a team, a module that the configuration does not name: it is run with all that the desk may do."""
    if not is_team(settings, os.environ):
        return
    allowed = {module.address for text in _configured(settings) for module in modules_of(text, settings)}
    for module in modules:
        check_configured(module.address, allowed, settings, parameter="plugins")


def _configured(settings: Settings) -> set[str]:
    """Return the lists of modules that the configuration and its profiles name."""
    lists = (values.get("plugins") for values in (settings.defaults, *settings.profiles.values()))
    return {str(text) for text in lists if text}


def _has(entry: Examined, label: str) -> bool:
    return any(declared["name"] == label for declared in entry.declared["labels"])


def _check_label(label: str, own: Sequence[str]) -> None:
    if label not in (*LABELS, *own):
        raise ParameterError(
            f"--label is {label!r}",
            expected=f"one of {', '.join((*LABELS, *own))}",
            remedy="Another one is a function under @label in a module that [plugins] modules or --plugins names."
            + nearest(label, (*LABELS, *own)),
            parameter="label",
        )


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
