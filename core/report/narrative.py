"""The text that a person edits and signs: the generated report without its unsigned status.

A report's sections are headings with a line of dashes below. The analyst's own sections can be taken out
and put back one by one; everything around them stays byte for byte.
"""

from __future__ import annotations

import re
from difflib import unified_diff

from core.errors import ParameterError
from core.report.sections import ANALYST_SECTIONS, PLACEHOLDER, SECTIONS, SIGN_OFF, STATUS

DRAFT_MARK = "DRAFT - NOT SIGNED - NOT FOR DISTRIBUTION"

MAX_CHARACTERS = 1_000_000
"""A report of the sample has 16,000; nobody signs a novel."""

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


def marked_as_draft(text: str) -> str:
    """Return ``text`` as it may leave the desk unsigned: marked at both ends."""
    return f"*** {DRAFT_MARK} ***\n\n{text.rstrip()}\n\n*** {DRAFT_MARK} ***\n"


def cleaned(text: str) -> str:
    """Return ``text`` with plain line ends and without invisible or direction-turning characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def sections_of(text: str) -> dict[str, str]:
    r"""Return the analyst's sections that ``text`` has, by heading, without the placeholder.

    >>> sections_of("Context\n-------\nA quiet week.\n\n\nRisks\n-----\n" + PLACEHOLDER + "\n")
    {'Context': 'A quiet week.', 'Risks': ''}
    """
    found = {}
    for name in ANALYST_SECTIONS:
        span = _body_span(text, name)
        if span is not None:
            written = text[slice(*span)].strip("\n")
            found[name] = "" if written.strip() == PLACEHOLDER else written
    return found


def with_section(text: str, name: str, written: str) -> str:
    """Return ``text`` with one of the analyst's sections replaced; an empty one is the placeholder.

    Raises
    ------
    KeyError
        If the text has no such heading (somebody edited it away).
    ParameterError
        If ``written`` holds one of the report's headings: sections could no longer be told apart.
    """
    span = _body_span(text, name)
    if span is None:
        raise KeyError(name)
    inside = next((other for other in SECTIONS if _heading(written, other) is not None), None)
    if inside is not None:
        raise ParameterError(
            f"the text under {name} holds the heading {inside!r}",
            expected="words without a heading of the report",
            remedy="Leave the line of dashes out.",
        )
    start, end = span
    body = written.strip("\n").rstrip() or PLACEHOLDER
    closing = "\n\n\n" if end < len(text) else "\n"
    return f"{text[:start]}{body}{closing}{text[end:]}"


def changes(generated: str, text: str) -> str:
    """Return a unified diff from the generated body to ``text``; empty when nothing was changed."""
    lines = unified_diff(generated.splitlines(), text.splitlines(), "generated", "present", lineterm="", n=2)
    return "\n".join(lines)


def unwritten(text: str) -> list[str]:
    """Return the analyst's headings that are gone, empty or still hold the placeholder."""
    have = sections_of(text)
    written = {name for name, words in have.items() if words.strip() and PLACEHOLDER not in words}
    return [name for name in ANALYST_SECTIONS if name not in written]


def _heading(text: str, name: str) -> int | None:
    """Return where a heading starts: the name on a line of its own over as many dashes."""
    match = re.search(rf"(?m)^{re.escape(name)}\n-{{{len(name)}}}$", text)
    return match.start() if match else None


def _span(text: str, name: str) -> tuple[int, int] | None:
    """Return start and end of a section, heading included."""
    start = _heading(text, name)
    if start is None:
        return None
    later = [at for other in SECTIONS if (at := _heading(text, other)) is not None and at > start]
    return start, min(later, default=len(text))


def _body_span(text: str, name: str) -> tuple[int, int] | None:
    span = _span(text, name)
    return None if span is None else (min(span[0] + 2 * len(name) + 2, span[1]), span[1])
