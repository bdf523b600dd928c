"""Every feature set there has been, so that a model's features can be compared with the present ones.

A model file carries the version and digest of its definitions, not their texts. Here the texts stay:
raising :data:`core.features.FEATURE_SET` means adding an entry (a test fails until it is there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.features.definitions import OWN, Own, own_of
from core.fingerprint import digest_of


@dataclass(frozen=True)
class FeatureSet:
    """A version of the feature set: its number, and name and definition text of each feature, in order."""

    version: int
    definitions: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """The digest that features and models of this set carry."""
        return self.digest_with(())

    def digest_with(self, own: Own) -> str:
        """Return the digest of this set with user-defined features behind it."""
        definitions = [{"name": name, "text": text} for name, text in self.definitions]
        body: dict[str, Any] = {"feature_set": self.version, "definitions": definitions}
        return digest_of({**body, OWN: list(own)} if own else body)


_FIRST = (
    ("adj_close", "adjusted close as the source gives it"),
    ("return", "simple return of the adjusted close since the session before"),
    ("ma5", "mean of the last 5 adjusted closes, today included, in the ticker's currency"),
    ("ma10", "mean of the last 10 adjusted closes, today included, in the ticker's currency"),
    ("ma20", "mean of the last 20 adjusted closes, today included, in the ticker's currency"),
    ("ma5_ratio", "adj_close / ma5 - 1"),
    ("ma10_ratio", "adj_close / ma10 - 1"),
    ("ma20_ratio", "adj_close / ma20 - 1"),
    ("volatility20", "standard deviation (ddof 1) of the last 20 returns, not annualised"),
    ("lag1", "the return 1 session earlier"),
    ("lag2", "the return 2 sessions earlier"),
    ("lag3", "the return 3 sessions earlier"),
    ("lag5", "the return 5 sessions earlier"),
)

HISTORY: tuple[FeatureSet, ...] = (
    FeatureSet(1, _FIRST),  # each holds all definitions of its time
)
"""From the first to the present one."""


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], history: Sequence[FeatureSet] = HISTORY
) -> dict[str, Any]:
    """Return what is different between the feature sets of two models (or of a model and the program).

    Parameters
    ----------
    before, after : mapping
        With ``feature_set``, ``definition_digest``, ``features`` (names in order, as a model sees them) and,
        where there are user-defined features, ``own``.
    history : sequence of FeatureSet
        The sets whose texts are known.

    Returns
    -------
    dict
        ``same``, ``from`` and ``to`` (versions), ``added`` and ``removed`` (names), ``redefined`` (name, before
        and after) and ``texts_known``: without the texts of both sets (a set with user-defined features), names
        alone are compared.

    Examples
    --------
    >>> one = FeatureSet(1, (("return", "simple return"),))
    >>> two = FeatureSet(2, (("return", "log return"), ("lag9", "the return 9 sessions earlier")))
    >>> sides = [
    ...     {"feature_set": s.version, "definition_digest": s.digest, "features": [n for n, _ in s.definitions]}
    ...     for s in (one, two)
    ... ]
    >>> found = changes(*sides, history=(one, two))
    >>> found["added"], found["removed"], found["redefined"]
    (['lag9'], [], [{'name': 'return', 'before': 'simple return', 'after': 'log return'}])
    """
    old, new = (_texts(side, history) for side in (before, after))
    texts_known = old is not None and new is not None
    then = old if old is not None and texts_known else dict.fromkeys(before.get("features") or (), "")
    now = new if new is not None and texts_known else dict.fromkeys(after.get("features") or (), "")
    return {
        "same": before.get("definition_digest") == after.get("definition_digest"),
        "from": before.get("feature_set"),
        "to": after.get("feature_set"),
        "added": [name for name in now if name not in then],
        "removed": [name for name in then if name not in now],
        "redefined": [
            {"name": name, "before": then[name], "after": now[name]}
            for name in now
            if name in then and then[name] != now[name]
        ],
        "texts_known": texts_known,
    }


def _texts(side: Mapping[str, Any], history: Sequence[FeatureSet]) -> dict[str, str] | None:
    """Return the definitions of a set by name, None where they are not known; of own features with their module."""
    own = own_of(side)
    for entry in history:
        if entry.digest_with(own) == str(side.get("definition_digest")):
            ours = {f["name"]: f"{f['text']} ({f['module']}, sha256 {f['sha256'][:12]})" for f in own}
            return {**dict(entry.definitions), **ours}
    return None
