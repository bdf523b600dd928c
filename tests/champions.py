"""The champion in tests: made without a person's record, and found where there is only one."""

from __future__ import annotations

from pathlib import Path

from core.registry.champions import PROMOTION, Champion, Champions, Change
from core.registry.registry import Registry, reason_of
from core.request import settings
from core.review.decisions import profile_to_promote_in


def settings_of(root: Path) -> settings.Settings:
    """Return the built-in settings over a data root."""
    return settings.load({"AFTERCLOSE_DATA": str(root)}, Path(root))


def promote(root: Path, text: str, why: str = "a test") -> Champion:
    """Make a model the champion of the profile it was trained in."""
    over = settings_of(root)
    identity = Registry(root).usable(text)
    return Champions(over).point(
        profile_to_promote_in(over, identity), Change(PROMOTION, identity, reason_of(why))
    )


def champion(root: Path) -> Champion | None:
    """Return the only champion of a data root, None where there is none."""
    champions = Champions(settings_of(root))
    names = champions.profiles()
    assert len(names) <= 1, names
    return champions.of(names[0]) if names else None


def pointer(root: Path) -> Path:
    """Return the file of the only champion."""
    (path,) = (Path(root) / "models" / "champions").glob("*.json")
    return path
