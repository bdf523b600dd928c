"""A signed report as PDF: the block of the signature on top, then the text as it was signed, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

LINE_CHARACTERS = 96
"""The report's tables are at most this wide; a longer line is broken, never cut."""

_SIZE_PT, _LINE_MM, _MARGIN_MM = 8.3, 3.7, 16


def pdf_of(title: str, block: Sequence[str], text: str, made_at: datetime) -> bytes:
    """Return the document; the same arguments give the same bytes.

    Parameters
    ----------
    block : sequence of str
        Lines above the text: who signed, when, with what meaning.
    text : str
        The signed text. A character that the font lacks is written as its code, such as ``<U+4E2D>``.
    made_at : datetime
        Stands in the document's properties: the time of the signature.
    """
    pdf = _document(title, made_at)
    glyphs = frozenset(pdf.fonts["code"].cmap)
    pdf.set_font("code", "B")
    for line in block:
        _line(pdf, line, glyphs)
    pdf.set_font("code", "")
    pdf.ln(_LINE_MM)
    pdf.line(_MARGIN_MM, pdf.get_y(), pdf.w - _MARGIN_MM, pdf.get_y())
    pdf.ln(_LINE_MM)
    for line in text.split("\n"):
        _line(pdf, line, glyphs)
    return bytes(pdf.output())


def _document(title: str, made_at: datetime) -> Any:
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(made_at)
    pdf.set_title(title)
    pdf.set_creator("Afterclose")
    pdf.set_margin(_MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    for style, weight in (("", 400.0), ("B", 650.0)):
        pdf.add_font("code", style, _font(), variations={"wght": weight})
    pdf.set_font("code", "", _SIZE_PT)
    pdf.add_page()
    return pdf


@cache
def _font() -> Path:
    import fontpkg_source_code_pro

    return Path(fontpkg_source_code_pro.__file__).parent / "files" / "SourceCodePro[wght].ttf"


def _line(pdf: Any, line: str, glyphs: frozenset[int]) -> None:
    printable = "".join(c if ord(c) in glyphs else f"<U+{ord(c):04X}>" for c in line.expandtabs(4))
    for start in range(0, max(len(printable), 1), LINE_CHARACTERS):
        pdf.cell(0, _LINE_MM, printable[start : start + LINE_CHARACTERS], new_x="LMARGIN", new_y="NEXT")
