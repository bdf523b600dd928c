"""What records say, judged as it is read: a forger's record is damage in words, whatever it lacks.

Whoever can write the database can put a record in without a key. Its signature does not hold, and ``verify`` says so;
until then nobody who reads it may stumble over what is missing in it, or is of another kind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from core.journal.faults import DAMAGED, JournalError


class MissingFieldError(JournalError, KeyError):
    """A record does not say what every record of its kind says."""


class Content(dict[str, Any]):
    """An object of a record; asked for what it does not have it answers with the journal's damage."""

    def __missing__(self, name: str) -> NoReturn:
        """Raise that the record does not say ``name``."""
        raise MissingFieldError(
            f"a record of the journal does not say {name!r}",
            expected="a record as it was written",
            remedy="Run: afterclose verify",
            cause=DAMAGED,
        )


_TEXTS = frozenset(
    {"user", "role", "meaning", "author", "who", "how", "target", "label", "decision", "why", "public"}
)
"""Fields that are texts in every record that has them."""

_OPTIONAL_TEXTS = frozenset(
    {"comment", "user_id", "authentication", "issuer", "subject", "authenticated_at", "text_sha256", "profile",
     "name", "note", "section", "owner", "fingerprint", "tries", "model_sha256"}
)  # fmt: skip
_COUNTS: Mapping[str, frozenset[str]] = {
    "seal": frozenset({"records", "runs", "drafts"}),
    "draft": frozenset({"number"}),
}
"""Kind of record -> its fields that count something."""

_MAPPINGS = frozenset(
    {
        "subjects",
        "supersedes",
        "revokes",
        "signatures",
        "request",
        "program",
        "makers",
        "taken_runs",
        "taken_profiles",
    }
)
_LISTS = frozenset({"tags", "edits", "keys"})


def content_of(kind: str, text: str) -> Content:
    """Return what a record of a kind says, from its JSON.

    Raises
    ------
    ValueError, TypeError
        If it is no object, has a number that JSON does not have, or a field is of another kind than it is written.
    """
    content = json.loads(text, object_hook=Content, parse_constant=_refuse, parse_float=_finite)
    if not isinstance(content, Content):
        raise TypeError("what a record says is no object")
    for name, value in content.items():
        if not _is_as_written(kind, name, value):
            raise TypeError(f"{name} of a record is of kind {type(value).__name__}")
    if "at_utc" in content and datetime.fromisoformat(content["at_utc"]).tzinfo is None:
        raise ValueError(f"at_utc of a record has no zone: {content['at_utc']}")
    return content


def definition_of(text: str) -> Content:
    """Return what a schedule or a range is, from its JSON; what it lacks is the journal's damage when it is asked for.

    Raises
    ------
    ValueError, TypeError
        If it is no object, or a part of it is of another kind than it is written.
    """
    body = json.loads(text, object_hook=Content, parse_constant=_refuse, parse_float=_finite)
    if not isinstance(body, Content):
        raise TypeError("a definition is no object")
    for name, value in body.items():
        if name in _DEFINITION_TEXTS and not (isinstance(value, str) or value is None):
            raise TypeError(f"{name} of a definition is of kind {type(value).__name__}")
        if name == "jobs" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise TypeError(f"jobs of a definition is {value!r}")
        if name in _DEFINITION_PARTS and not _is_of_texts(value, also=_DEFINITION_PARTS[name]):
            raise TypeError(f"{name} of a definition holds other than texts")
    return body


_DEFINITION_TEXTS = frozenset({"first", "last", "profile"})
_DEFINITION_PARTS: Mapping[str, tuple[type, ...]] = {"timing": (bool,), "request": (), "profile_meant": ()}
"""Parts of a schedule or range that are mappings of texts, and what else may stand in them."""


def _is_of_texts(value: object, also: tuple[type, ...]) -> bool:
    return isinstance(value, Mapping) and all(isinstance(each, (str, *also)) for each in value.values())


_FACT_TEXTS = frozenset(
    {"error", "reason", "holder", "model_id", "advice", "verdict", "path", "findings_path", "source_uri"}
)
_FACT_COUNTS = frozenset({"rows", "bytes", "rows_in", "rows_out", "attempt"})
_FACT_NUMBERS = frozenset({"seconds", "wait_s"})
_FACT_MAPPINGS = frozenset({"auc", "findings", "repairs", "metrics", "parameters"})
"""What stages say of themselves, by its kind; each may be null."""


def facts_of(text: str) -> Mapping[str, Any]:
    """Return what a stage said when its state changed, from its JSON.

    Raises
    ------
    ValueError, TypeError
        If it is no object, has a number that JSON does not have, or a fact is of another kind than it is written.
    """
    facts = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    if not isinstance(facts, dict):
        raise TypeError("what a stage says is no object")
    for name, value in facts.items():
        if value is not None and not _is_such_a_fact(name, value):
            raise TypeError(f"{name} of a stage is of kind {type(value).__name__}")
    return facts


def _is_such_a_fact(name: str, value: object) -> bool:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63
    if name in _FACT_TEXTS:
        return isinstance(value, str)
    if name in _FACT_COUNTS:
        return is_count
    if name in _FACT_NUMBERS:
        return is_count or (isinstance(value, float) and value >= 0)
    return name not in _FACT_MAPPINGS or isinstance(value, dict)


def _is_as_written(kind: str, name: str, value: object) -> bool:
    if name in _TEXTS or name == "at_utc":
        return isinstance(value, str)
    if name in _OPTIONAL_TEXTS:
        return value is None or isinstance(value, str)
    if name in _COUNTS.get(kind, ()):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if name in _MAPPINGS:
        return value is None or isinstance(value, Mapping)
    return name not in _LISTS or value is None or isinstance(value, list)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text)
    return number
