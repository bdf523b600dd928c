"""What is different between the features of two models, down to the lines of the modules that define them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

from core.features.definitions import MODULES, definition_digest, model_features, own_of
from core.features.history import changes
from core.tables import Body

MOST_LINES = 1_000
"""Lines of a difference at most: it goes into a signed record. The whole texts stand in the two models."""


def built_in() -> dict[str, Any]:
    """Return the features of this program alone, as a model would list them: what a first champion is compared with."""
    from core.features.definitions import FEATURE_SET

    return {
        "feature_set": FEATURE_SET,
        "definition_digest": definition_digest(),
        "features": list(model_features()),
    }


def feature_change(before: Body, after: Body) -> dict[str, Any] | None:
    """Return what a model sees otherwise than another one did; None where both see the same.

    Parameters
    ----------
    before, after : mapping
        Bodies of model files, or :func:`built_in`.

    Returns
    -------
    dict or None
        As :func:`core.features.history.changes`, and ``sources``: of each module that is not the same its ``module``,
        the digests ``before`` and ``after`` (None where there is no module) and ``diff`` (unified, at most
        :data:`MOST_LINES` lines; None where an earlier version kept no text).
    """
    changed = changes(before, after)
    if changed["same"]:
        return None
    then, now = ({entry["module"]: entry["sha256"] for entry in own_of(side)} for side in (before, after))
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    sources = [
        {
            "module": name,
            "before": then.get(name),
            "after": now.get(name),
            "diff": _diff(_texts(before, then.get(name)), _texts(after, now.get(name))),
        }
        for name in sorted(names)
    ]
    return {**changed, "sources": sources}


def _texts(side: Body, digest: str | None) -> Mapping[str, str] | None:
    """Return the files of a module, none where there is no module, None where their text is not known."""
    return {} if digest is None else (side.get(MODULES) or {}).get(digest)


def _diff(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> str | None:
    if before is None or after is None:
        return None
    lines: list[str] = []
    for name in sorted({*before, *after}):
        then, now = (texts.get(name, "").splitlines() for texts in (before, after))
        lines += unified_diff(then, now, f"before/{name}", f"after/{name}", lineterm="")
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"... {more} more lines"] if more > 0 else [])])


def change_in_words(changed: Body) -> str:
    """Return what a change of features is, in a line.

    >>> changed = {"added": ["range20"], "removed": [], "redefined": [{"name": "body"}], "sources": []}
    >>> change_in_words(changed)
    'added range20; redefined body'
    """
    redefined = [entry["name"] for entry in changed["redefined"]]
    by_kind = {"added": changed["added"], "removed": changed["removed"], "redefined": redefined}
    parts = [f"{what} {', '.join(names)}" for what, names in by_kind.items() if names]
    modules = [entry["module"] for entry in changed["sources"]]
    return "; ".join(parts) or (f"another text of {', '.join(modules)}" if modules else "defined otherwise")
