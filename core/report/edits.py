"""What a person changed in the generated part of a report: shown while editing, recorded with the signature.

The words under the analyst's headings are theirs and no edit; everything else was written from the
evaluation, so whoever changes it must be seen to have done so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from core.report.narrative import headings
from core.report.sections import ANALYST_SECTIONS, GENERATED

_FIGURE = re.compile(r"\d+(?:[.,:/-]\d+)*%?")
_TOP = "Title"


@dataclass(frozen=True)
class Edit:
    """Lines of the generated report that are not as they were.

    Parameters
    ----------
    section : str
        The heading that they stand under; ``Title`` above the first.
    before, after : str
        The lines, joined; empty where lines were added or removed.
    figure : bool
        Whether a number was changed, added or removed.
    """

    section: str
    before: str
    after: str
    figure: bool


def edits(generated: str, text: str) -> list[Edit]:
    """Return every change of the generated part, in reading order; empty when only the analyst wrote.

    Parameters
    ----------
    generated, text : str
        The body as the pipeline wrote it, and as it is now.
    """
    ours, theirs = _own(generated), _own(text)
    before, after = [line for _, line in ours], [line for _, line in theirs]
    changed = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        where = ours[a][0] if a < b else theirs[c][0]
        old, new = "\n".join(before[a:b]), "\n".join(after[c:d])
        changed.append(Edit(where, old, new, _FIGURE.findall(old) != _FIGURE.findall(new)))
    return changed


def _own(text: str) -> list[tuple[str, str]]:
    """Return the generated lines that hold anything, each with its heading."""
    places = [(at, name) for name, at in headings(text)]
    lines, section, start = [], _TOP, 0
    for at, name in [*places, (len(text), "")]:
        if section == _TOP or section in GENERATED:
            lines += [(section, line.rstrip()) for line in text[start:at].splitlines() if line.strip()]
        elif section in ANALYST_SECTIONS:
            # the heading itself is generated: that it is gone is an edit
            lines += [(section, line) for line in text[start:at].splitlines()[:2]]
        section, start = name, at
    return lines


def edit_records(several: Sequence[Edit]) -> list[dict[str, str | bool]]:
    """Return edits as a record keeps them."""
    return [{"section": e.section, "before": e.before, "after": e.after, "figure": e.figure} for e in several]
