"""A signed report as PDF: one page first, with its pictures, then the signature's block and the rest of the text.

The text stands as it was signed, line by line; the first page says who signed it in a few lines.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from core.report.blocks import Picture
from core.report.narrative import first_page
from core.report.pdf_drawing import draw, height_of

LINE_CHARACTERS = 96
"""The report's tables are at most this wide; a longer line is broken, never cut."""

_SIZE_PT, _LINE_MM, _MARGIN_MM = 8.3, 3.7, 16
_FIRST_LINE_MM, _FIRST_MARGIN_MM = 3.5, 12
"""The first page is set a little closer: 45 lines, who signed, and three pictures."""

WEIGHTS = {"": 400.0, "B": 650.0}
"""Style of the font -> its weight."""

SUMMED_UP = ("Signed by", "Meaning", "Time")
"""Of a signature what the first page says."""


def pdf_of(
    title: str,
    facts: Sequence[tuple[str, str]],
    text: str,
    made_at: datetime,
    pictures: Sequence[Picture] = (),
) -> bytes:
    """Return the document; the same arguments give the same bytes.

    Parameters
    ----------
    facts : sequence of (name, value)
        The signature in human-readable form.
    text : str
        The signed text. A character that the font lacks is written as its code, such as ``<U+4E2D>``.
    made_at : datetime
        Stands in the document's properties: the time of the signature.
    pictures : sequence of Picture
        Drawn below the first page's text.
    """
    pdf = _document(title, made_at)
    glyphs = frozenset(pdf.fonts["code"].cmap)
    first = first_page(text)
    if first:
        _first_page(pdf, facts, first, pictures, glyphs)
    pdf.set_margins(_MARGIN_MM, _MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    pdf.add_page()
    pdf.set_font("code", "B", _SIZE_PT)
    for line in signature_lines(facts):
        _line(pdf, line, glyphs, _LINE_MM)
    _rule(pdf)
    for line in text[len(first) :].strip("\n").split("\n"):
        _line(pdf, line, glyphs, _LINE_MM)
    return bytes(pdf.output())


def _first_page(
    pdf: Any,
    facts: Sequence[tuple[str, str]],
    first: str,
    pictures: Sequence[Picture],
    glyphs: frozenset[int],
) -> None:
    pdf.set_margins(_MARGIN_MM, _FIRST_MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=_FIRST_MARGIN_MM)
    pdf.add_page()
    pdf.set_font("code", "B", _SIZE_PT)
    for name, value in facts:
        if name in SUMMED_UP:
            _line(pdf, f"{name:<12}{value}", glyphs, _FIRST_LINE_MM)
    _rule(pdf)
    for line in first.rstrip("\n").split("\n"):
        _line(pdf, line, glyphs, _FIRST_LINE_MM)
    _pictures(pdf, pictures, glyphs)


def signature_lines(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Return the signature's block as lines of text."""
    # a comment of several lines is set in: none of its lines may look like one of the block's own
    lines = [f"{name:<12}" + value.replace("\n", "\n" + " " * 12) for name, value in facts]
    return "\n".join(["Signature", "---------", *lines]).split("\n")


def _rule(pdf: Any) -> None:
    pdf.set_font("code", "", _SIZE_PT)
    pdf.set_draw_color(0)
    pdf.set_line_width(0.2)
    pdf.ln(_LINE_MM / 2)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
    pdf.ln(_LINE_MM / 2)


def _pictures(pdf: Any, pictures: Sequence[Picture], glyphs: frozenset[int]) -> None:
    """Draw wide pictures as wide as the page and the others side by side below them."""
    gap, wide = 6.0, pdf.w - pdf.l_margin - pdf.r_margin
    narrow = (wide - gap) / 2
    others = [picture for picture in pictures if not picture.wide]
    rows = [(wide, [picture]) for picture in pictures if picture.wide]
    rows += [(narrow, others[start : start + 2]) for start in range(0, len(others), 2)]
    for width, row in rows:
        height = max(height_of(picture.svg, width) for picture in row)
        if pdf.get_y() + height + 2 * _FIRST_LINE_MM > pdf.h - pdf.b_margin:
            pdf.add_page()
        top = pdf.get_y() + _FIRST_LINE_MM
        for place, picture in enumerate(row):
            x = pdf.l_margin + place * (width + gap)
            pdf.set_font("code", "", 7)
            pdf.text(x, top + 1, _printable(picture.caption, glyphs))
            draw(pdf, picture.svg, (x, top + 2), width, lambda words: _printable(words, glyphs))
        pdf.set_font("code", "", _SIZE_PT)
        pdf.set_y(top + 2 + height)


def _document(title: str, made_at: datetime) -> Any:
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(made_at)
    pdf.set_title(title)
    pdf.set_creator("Afterclose")
    pdf.set_margin(_MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    for style, weight in WEIGHTS.items():
        with NamedTemporaryFile(suffix=".ttf") as file:  # fpdf reads from what it opened
            file.write(typeface(weight))
            file.flush()
            pdf.add_font("code", style, file.name)
    pdf.set_font("code", "", _SIZE_PT)
    return pdf


@cache
def typeface(weight: float) -> bytes:
    """Return the variable font at one weight (100 to 900) as TrueType; kept, as it takes most of a document's time."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    path = Path(__file__).parent / "fonts" / "SourceCodePro[wght].ttf"
    file = io.BytesIO()
    with TTFont(path, recalcTimestamp=False, recalcBBoxes=False, lazy=True) as font:
        instantiateVariableFont(font, {"wght": weight}, inplace=True, static=True)
        font.save(file)
    return file.getvalue()


def _line(pdf: Any, line: str, glyphs: frozenset[int], height: float) -> None:
    printable = _printable(line, glyphs)
    for start in range(0, max(len(printable), 1), LINE_CHARACTERS):
        pdf.cell(0, height, printable[start : start + LINE_CHARACTERS], new_x="LMARGIN", new_y="NEXT")


def _printable(line: str, glyphs: frozenset[int]) -> str:
    return "".join(c if ord(c) in glyphs else f"<U+{ord(c):04X}>" for c in line.expandtabs(4))
