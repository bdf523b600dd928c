"""Name, tags and note of a run: what a person wants to find it by again, on record with who and when.

A run's id says when it was started and nothing more. Each act is a record of the whole annotation after it, so the last
one counts and the earlier ones stay to be read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ParameterError
from core.journal import Journal, Record
from core.report.narrative import cleaned
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, act_fields, require

ANNOTATION = "annotation"
"""Kind of these records."""

MOST_NAME, MOST_NOTE, MOST_TAGS = 60, 2000, 12
"""Characters of a name and of a note, and tags of a run."""

_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Annotation:
    """What people wrote about a run.

    Parameters
    ----------
    name, note : str
        Empty without one.
    tags : tuple of str
        Sorted.
    who, at : str
        Who wrote last, and when (UTC, ISO); empty where nobody did.
    """

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    who: str = ""
    at: str = ""

    @property
    def label(self) -> str:
        """Name and tags in one line.

        >>> Annotation("A first look", ("audit", "q4")).label
        'A first look #audit #q4'
        """
        return " ".join([self.name, *(f"#{tag}" for tag in self.tags)]).strip()

    @property
    def fields(self) -> dict[str, Any]:
        """Name, tags and note, as rows of JSON have them."""
        return {"name": self.name, "tags": list(self.tags), "note": self.note}


def annotations_here(settings: Settings) -> Mapping[str, Annotation]:
    """Return what is written about the runs of a data root, by run id; of any other run nothing, as an annotation."""
    journal = Journal.find(settings.data, settings.journal)
    return defaultdict(Annotation, annotations_of(journal) if journal else {})


def annotations_of(journal: Journal) -> dict[str, Annotation]:
    """Return what is written about runs, by run id."""
    return {record.subject: _read(record) for record in journal.of_kinds([ANNOTATION])}


def annotate(
    settings: Settings,
    journal: Journal,
    run_id: str,
    *,
    person: Person,
    name: str | None = None,
    note: str | None = None,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> Record:
    """Record a run's name, tags and note, and return the record; what is None or not named stays as it is.

    Raises
    ------
    SignOffError
        If the person's role does not allow it.
    ParameterError
        If there is no such run, nothing would change, or a name, a note or a tag is too long or no word.
    """
    require(person, "annotate")
    if journal.run(run_id) is None:
        raise ParameterError(
            f"there is no run {run_id!r}", expected="the id of a run", remedy="See: afterclose runs"
        )
    before = annotations_of(journal).get(run_id, Annotation())
    after = Annotation(
        _text("name", before.name if name is None else " ".join(cleaned(name).split()), MOST_NAME),
        _tags({*before.tags, *map(_tag, add)} - {*map(_tag, remove)}),
        _text("note", before.note if note is None else cleaned(note).strip(), MOST_NOTE),
    )
    if (after.name, after.tags, after.note) == (before.name, before.tags, before.note):
        raise ParameterError(
            f"nothing of run {run_id} would change", expected="another name, note or tag than it has"
        )
    return ledger.append(
        settings,
        journal,
        ANNOTATION,
        run_id,
        {
            **act_fields(person, account=True),
            "decision": "annotated",
            "comment": _in_words(after),
            **after.fields,
        },
    )


def _in_words(after: Annotation) -> str:
    parts = (
        after.name and f"name: {after.name}",
        after.tags and f"tags: {', '.join(after.tags)}",
        after.note,
    )
    return "; ".join(str(part) for part in parts if part) or "nothing any more"


def _text(what: str, text: str, most: int) -> str:
    if len(text) > most:
        raise ParameterError(
            f"the {what} has {len(text):,} characters", expected=f"at most {most:,}", parameter=what
        )
    return text


def _tag(text: str) -> str:
    tag = text.strip().lower()
    if not _TAG.fullmatch(tag):
        raise ParameterError(
            f"{text!r} is no tag",
            expected="a word of letters, digits, . _ and -, 32 at most",
            parameter="tag",
        )
    return tag


def _tags(tags: set[str]) -> tuple[str, ...]:
    if len(tags) > MOST_TAGS:
        raise ParameterError(
            f"there would be {len(tags)} tags", expected=f"at most {MOST_TAGS}", parameter="tag"
        )
    return tuple(sorted(tags))


def _read(record: Record) -> Annotation:
    content = record.content
    return Annotation(
        str(content["name"]),
        tuple(map(str, content["tags"])),
        str(content["note"]),
        str(content.get("user") or ""),
        str(content.get("at_utc") or ""),
    )
