"""The text that a person edits and signs: the generated report without its unsigned status.

A report's sections are headings with a line of dashes below. The analyst's own sections can be taken out
and put back one by one, and more can be added; everything around them stays byte for byte.
"""

from __future__ import annotations

import re
from difflib import unified_diff

from core.errors import ParameterError
from core.report.sections import ANALYST_SECTIONS, OF_PROGRAM, PLACEHOLDER, SIGN_OFF, STATUS

DRAFT_MARK = "DRAFT - NOT SIGNED - NOT FOR DISTRIBUTION"

MAX_CHARACTERS = 1_000_000
"""A report of the sample has 16,000; nobody signs a novel."""

MAX_HEADING = 60
"""Characters of a heading that somebody adds: it stands on one line of the report."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
"""Control characters, those that hide or turn text, and half pairs: what is signed must be what is seen."""


def body_of(generated: str) -> str:
    """Return what is there to edit and sign: without the status line and the unsigned sign-off block."""
    without_status = generated.replace(f"Status: {STATUS}\n\n", "", 1)
    start, end = _span(without_status, SIGN_OFF) or (0, 0)
    return without_status[:start] + without_status[end:]


def first_page(text: str) -> str:
    r"""Return a report's text up to its second heading: the title and the first section, which is its first page.

    Empty where there is no second heading that would end it.

    >>> first_page("REPORT\n\nDecision\n--------\nNo.\n\n\nContext\n-------\n")
    'REPORT\n\nDecision\n--------\nNo.\n'
    """
    places = [at for _, at in headings(text)]
    return "" if len(places) < 2 else text[: places[1]].rstrip("\n") + "\n"


def marked_as_draft(text: str) -> str:
    """Return ``text`` as it may leave the desk unsigned: marked at both ends."""
    return f"*** {DRAFT_MARK} ***\n\n{text.rstrip()}\n\n*** {DRAFT_MARK} ***\n"


def cleaned(text: str) -> str:
    """Return ``text`` with plain line ends and without invisible or direction-turning characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def sections_of(text: str) -> dict[str, str]:
    r"""Return the sections that ``text`` has for people to write, by heading, without the placeholder.

    The four of every report come first, then those that somebody added, in the order of the text.

    >>> sections_of("Context\n-------\nA quiet week.\n\n\nRisks\n-----\n" + PLACEHOLDER + "\n")
    {'Context': 'A quiet week.', 'Risks': ''}
    """
    bodies = {}
    for name in (*ANALYST_SECTIONS, *added_sections(text)):
        span = _body_span(text, name)
        if span is not None:
            written = text[slice(*span)].strip("\n")
            bodies[name] = "" if written.strip() == PLACEHOLDER else written
    return bodies


def added_sections(text: str) -> list[str]:
    r"""Return the headings that somebody added, in the order of the text: those no generated report has.

    >>> added_sections("Risks\n-----\nNone.\n\n\nLiquidity\n---------\nThin.\n")
    ['Liquidity']
    """
    return [name for name, _ in headings(text) if name not in OF_PROGRAM]


def with_section(text: str, name: str, written: str) -> str:
    """Return ``text`` with one of the sections of :func:`sections_of` replaced; an empty one is the placeholder.

    Raises
    ------
    KeyError
        If the text has no such heading (somebody edited it away).
    ParameterError
        If ``written`` holds a heading: sections could no longer be told apart.
    """
    span = _body_span(text, name)
    if span is None:
        raise KeyError(name)
    inside = next((other for other, _ in headings(written)), None)
    if inside is not None:
        raise ParameterError(
            f"the text under {name} holds the heading {inside!r}",
            expected="words without a heading",
            remedy="Leave the line of dashes out, or add a section of that name.",
        )
    start, end = span
    body = written.strip("\n").rstrip() or PLACEHOLDER
    closing = "\n\n\n" if end < len(text) else "\n"
    return f"{text[:start]}{body}{closing}{text[end:]}"


def with_added(text: str, name: str) -> str:
    """Return ``text`` with a new section to be written, after the last one that people write.

    Raises
    ------
    ParameterError
        If the name is empty, too long, has more than one line, or is a heading already.
    """
    name = cleaned(name).strip()
    if not name or "\n" in name or len(name) > MAX_HEADING:
        raise ParameterError(
            f"the heading is {name[:MAX_HEADING]!r}", expected=f"one line of 1 to {MAX_HEADING} characters"
        )
    if name in OF_PROGRAM or name in added_sections(text):
        raise ParameterError(f"there is a section {name!r} already", expected="a heading of its own")
    if not re.search(r"[^\W_]", name):
        raise ParameterError(f"the heading is {name!r}", expected="a heading with a letter or digit")
    spans = [span for other in sections_of(text) if (span := _span(text, other)) is not None]
    place = max((end for _, end in spans), default=len(text))
    before = text[:place].rstrip("\n")
    after = text[place:]
    heading = f"{name}\n{'-' * len(name)}\n{PLACEHOLDER}"
    return f"{before}\n\n\n{heading}\n" + (f"\n\n{after}" if after else "")


def changes(generated: str, text: str) -> str:
    """Return a unified diff from the generated body to ``text``; empty when nothing was changed."""
    lines = unified_diff(generated.splitlines(), text.splitlines(), "generated", "present", lineterm="", n=2)
    return "\n".join(lines)


def unwritten(text: str) -> list[str]:
    """Return the sections that people write that are gone, empty or still hold the placeholder."""
    have = sections_of(text)
    written = {name for name, words in have.items() if words.strip() and PLACEHOLDER not in words}
    return [name for name in (*ANALYST_SECTIONS, *added_sections(text)) if name not in written]


def headings(text: str) -> list[tuple[str, int]]:
    """Return every heading and where it starts: a line over exactly as many dashes."""
    matches = re.finditer(r"(?m)^(?P<name>[^\s-].*)\n(?P<line>-+)$", text)
    return [(m["name"], m.start()) for m in matches if len(m["name"]) == len(m["line"])]


def _span(text: str, name: str) -> tuple[int, int] | None:
    """Return start and end of a section, heading included."""
    places = headings(text)
    start = next((at for other, at in places if other == name), None)
    if start is None:
        return None
    return start, min((at for _, at in places if at > start), default=len(text))


def _body_span(text: str, name: str) -> tuple[int, int] | None:
    span = _span(text, name)
    return None if span is None else (min(span[0] + 2 * len(name) + 2, span[1]), span[1])
