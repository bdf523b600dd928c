"""The report's drawings on a page of a PDF: the marks of :mod:`core.report.drawing`, read back from their markup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_VIEW_BOX = re.compile(r'viewBox="([^"]+)"')
_TEXT, _TICK = 11.0, 10.0
"""Sizes of words in a drawing's own units; a fixed pitch takes more room than the page's letters."""


@dataclass(frozen=True)
class Pen:
    """How marks of a class are drawn: grey level or colour, width in a drawing's units, dashes."""

    colour: tuple[int, int, int]
    width: float = 1.0
    dashed: bool = False


_INK, _SOFT = (29, 35, 41), (91, 102, 112)
_ACCENT, _BESIDE, _RULE = (31, 95, 139), (122, 94, 168), (138, 148, 156)
_PENS: Mapping[str, Pen] = {
    "grid": Pen((222, 226, 229), 0.7),
    "half": Pen((110, 116, 122), 0.8, dashed=True),
    "bar model": Pen((165, 191, 209), 5.0),
    "bar beside": Pen((202, 191, 220), 5.0),
    "bar bad": Pen((218, 169, 164), 5.0),
    "model": Pen(_ACCENT, 1.6),
    "beside": Pen(_BESIDE, 1.6),
    "rule": Pen(_RULE, 1.6),
}
"""The page's style sheet in print; what has no colour of its own is drawn as a rule."""


def draw(
    pdf: Any, svg: str, at: tuple[float, float], width: float, printable: Callable[[str], str] = str
) -> None:
    """Draw ``svg`` at a place on the present page.

    Parameters
    ----------
    pdf : fpdf.FPDF
        In millimetres, with a font set.
    svg : str
        As :func:`core.report.drawing.svg` makes it.
    at : tuple of float
        Left and top in millimetres.
    width : float
        In millimetres.
    printable : callable
        Gives words as the font can write them.
    """
    root = ET.fromstring(svg)  # noqa: S314 - markup that this program made, from escaped words
    place = _Place(pdf, *at, width / float(root.attrib["viewBox"].split()[2]))
    for mark in root:
        place.mark(mark.tag, mark.attrib, printable(mark.text or ""))


def height_of(svg: str, width: float) -> float:
    """Return how high a drawing is when it is as wide as ``width``."""
    _, _, across, height = map(float, _VIEW_BOX.findall(svg)[0].split())
    return height / across * width


@dataclass(frozen=True)
class _Place:
    """Where a drawing lies on the page, in millimetres."""

    pdf: Any
    x: float
    y: float
    scale: float

    def mark(self, tag: str, attributes: Mapping[str, str], words: str) -> None:
        """Draw one mark."""
        kind = attributes.get("class", "")
        pen = _PENS.get(kind, _PENS["rule"])
        match tag:
            case "line":
                self._stroke([self._at(attributes, "x1", "y1"), self._at(attributes, "x2", "y2")], pen)
            case "polyline":
                numbers = [float(n) for n in re.split(r"[ ,]", attributes["points"])]
                self._stroke(
                    [self._on_page(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)], pen
                )
            case "circle":
                self.pdf.set_fill_color(*pen.colour)
                centre = self._at(attributes, "cx", "cy")
                self.pdf.circle(*centre, float(attributes["r"]) * self.scale, style="F")
            case "text":
                self._write(words, kind.split(), self._at(attributes, "x", "y"))

    def _at(self, attributes: Mapping[str, str], x: str, y: str) -> tuple[float, float]:
        return self._on_page(float(attributes[x]), float(attributes[y]))

    def _on_page(self, x: float, y: float) -> tuple[float, float]:
        return self.x + x * self.scale, self.y + y * self.scale

    def _stroke(self, points: Sequence[tuple[float, float]], pen: Pen) -> None:
        self.pdf.set_draw_color(*pen.colour)
        self.pdf.set_line_width(pen.width * self.scale)
        dash = 3 * self.scale if pen.dashed else 0
        self.pdf.set_dash_pattern(dash=dash, gap=dash)
        self.pdf.polyline(points)
        self.pdf.set_dash_pattern()

    def _write(self, words: str, kinds: Sequence[str], at: tuple[float, float]) -> None:
        tick = "tick" in kinds
        colour = _ACCENT if "model" in kinds else _SOFT if tick else _INK
        self.pdf.set_font_size((_TICK if tick else _TEXT) * self.scale * self.pdf.k)
        self.pdf.set_text_color(*colour)
        wide = self.pdf.get_string_width(words)
        back = wide if "end" in kinds else wide / 2 if "middle" in kinds else 0
        self.pdf.text(at[0] - back, at[1], words)
        self.pdf.set_text_color(*_INK)
