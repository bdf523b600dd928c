"""What the report's pictures are made of: a scale, and lines, dots and words as SVG markup.

Colours come from the page's style sheet by class, so that one drawing serves light, dark and paper.
Every coordinate is written with one decimal: the same figures give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor

from core.report.blocks import visible

WIDTH = 720
"""Of a drawing as wide as the page's text."""

_STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True)
class Axis:
    """A linear scale from values ``low..high`` to coordinates ``start..end``, with round ticks."""

    low: float
    high: float
    start: float
    end: float
    step: float

    def at(self, value: float) -> float:
        """Return the coordinate of ``value``."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return the round values on the axis, ends included."""
        first, last = round(self.low / self.step), round(self.high / self.step)
        return [number * self.step for number in range(first, last + 1)]


def axis(values: Sequence[float], start: float, end: float, *, most_ticks: int = 7) -> Axis:
    """Return the axis that holds all ``values`` and ends on round numbers.

    Examples
    --------
    >>> [round(tick, 2) for tick in axis([0.487, 0.512], 0, 100).ticks()]
    [0.48, 0.49, 0.5, 0.51, 0.52]
    """
    low, high = min(values), max(values)
    step = next((s for s in _STEPS if (high - low) / s <= most_ticks - 2), _STEPS[-1])
    bottom, top = floor(low / step), ceil(high / step)
    if bottom == top:
        bottom, top = bottom - 1, top + 1
    return Axis(bottom * step, top * step, start, end, step)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a straight line of the class ``kind``."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def curve(points: Sequence[tuple[float, float]], kind: str) -> str:
    """Return a line through all ``points`` of the class ``kind``."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{places}"/>'


def dot(x: float, y: float, radius: float, kind: str, label: str = "") -> str:
    """Return a dot of the class ``kind``; ``label`` is read out and shown under the pointer."""
    title = f"<title>{escape(visible(label))}</title>" if label else ""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">{title}</circle>'


def text(x: float, y: float, words: str, kind: str) -> str:
    """Return words whose base line is at ``y``; classes ``end`` and ``middle`` set what stands at ``x``."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(visible(words))}</text>'


def svg(title: str, height: float, marks: Sequence[str], width: int = WIDTH) -> str:
    """Return the drawing of ``marks``; ``title`` is read out in its place."""
    opening = f'<svg role="img" viewBox="0 0 {width} {height:.0f}" aria-label="{escape(title)}">'
    return opening + "".join(marks) + "</svg>"
