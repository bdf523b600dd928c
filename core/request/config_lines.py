"""The lines of a configuration file: headings, keys and the further lines of a value, as Luigi reads them. Pure.

The one reader of ``luigi.cfg``: a key and its value come from the same look at the text. A test compares it with
``configparser``, by which Luigi reads its own sections.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADING = re.compile(r"\[(.+)\]")
_COMMENTS = ("#", ";")

TWICE = "already exists"
"""The fault of a heading or key that was there before."""


@dataclass
class Entry:
    """A heading (key None) or a key with its value, where it stands, and what is wrong with the line.

    Parameters
    ----------
    section : str
        The heading that it stands under; empty in front of the first.
    key : str or None
        In small letters.
    line : int
        From 1.
    texts : list of (int, str)
        Each line of the value with its number: the first stands behind the key, further ones deeper than it.
    fault : str
        Empty where there is none.
    """

    section: str
    key: str | None
    line: int
    texts: list[tuple[int, str]] = field(default_factory=list)
    fault: str = ""

    @property
    def value(self) -> str:
        """The value, its lines one below the other."""
        return "\n".join(text for _, text in self.texts).rstrip()

    @property
    def further(self) -> list[tuple[int, str]]:
        """The lines of the value behind the first that are not empty, with their numbers."""
        return [(number, text) for number, text in self.texts[1:] if text]


def entries_of(text: str) -> list[Entry]:
    """Return the headings and keys of a file in their order; a line that is neither has its fault.

    A line that stands deeper than the key above it is a further line of that key's value, also behind empty lines and
    comments; whichever stands in the key's own column, or below a heading, is a key.
    """
    entries: list[Entry] = []
    earlier: set[tuple[str, str | None]] = set()
    section, depth = "", 0
    open_entry: Entry | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.strip()
        if words.startswith(_COMMENTS):
            continue
        before = len(line) - len(line.lstrip())
        if open_entry and (not words or before > depth):
            open_entry.texts.append((number, words))
            continue
        if not words:
            continue
        depth = before
        entry = _entry(section, words, number)
        name = (entry.section, entry.key)
        if not entry.fault and name in earlier:
            entry.fault = TWICE
        earlier.add(name)
        entries.append(entry)
        section, open_entry = entry.section, None if entry.key is None else entry
    return entries


def named_heading(words: str) -> str:
    """Return the section that a line without blanks around it begins, empty where it is no heading."""
    heading = _HEADING.match(words)
    return heading.group(1) if heading else ""


def _entry(section: str, words: str, number: int) -> Entry:
    """Return what a line that goes on with nothing is."""
    if heading := named_heading(words):
        return Entry(heading, None, number)
    ends = [at for at in (words.find("="), words.find(":")) if at >= 0]
    key = words[: min(ends)].rstrip().lower() if ends else ""
    if not section or not key:
        return Entry(section, words, number, fault="is neither a heading nor a key of a section")
    return Entry(section, key, number, [(number, words[min(ends) + 1 :].strip())])
