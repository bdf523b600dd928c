"""What a decision about a model changes in the features that it sees, and whether they are those of this place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.errors import AftercloseError, ModelError
from core.features.definitions import own_of
from core.features.feature_diff import built_in, feature_change
from core.registry.registry import Registry
from core.request.settings import Settings


def body_of(settings: Settings, identity: str) -> Mapping[str, Any]:
    """Return what a model's file says, as far as it can be read; nothing of one that cannot."""
    try:
        body = json.loads(Registry(settings.data).bytes_of(identity))
    except (ModelError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def change_by(settings: Settings, former: str | None, identity: str) -> dict[str, Any] | None:
    """Return what a champion sees otherwise than the former one; without one, than the features of this program.

    Returns
    -------
    dict or None
        :func:`core.features.feature_diff.feature_change`; None where both see the same.
    """
    before = body_of(settings, former) if former else built_in()
    return feature_change(before, body_of(settings, identity))


def _modules_here(settings: Settings) -> dict[str, str]:
    """Return the digests of the modules that are named here, by file; none where they cannot be read."""
    from core.request.plugin_digests import modules_of

    text = str(settings["plugins"] or "")
    try:
        return {module.file: module.sha256 for module in modules_of(text, settings)}
    except AftercloseError:
        return {}


def missing_here(settings: Settings, identity: str) -> str:
    """Return in a sentence which of a model's own features this place lacks or has otherwise; empty if none.

    The modules of ``[plugins] modules`` are what a schedule would run with.
    """
    own = own_of(body_of(settings, identity))
    if not own:
        return ""
    here = _modules_here(settings)
    wrong = {
        entry["module"]: entry["sha256"] for entry in own if here.get(entry["module"]) != entry["sha256"]
    }
    if not wrong:
        return ""
    module, digest = next(iter(wrong.items()))
    now = f"has SHA-256 {here[module][:12]} here" if module in here else "is not named in [plugins] modules"
    return (
        f"Model {identity} was trained with {module} of SHA-256 {digest[:12]}, which {now}: as things stand it cannot "
        "score."
    )
