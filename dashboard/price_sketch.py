"""A small picture of closes around a day, the rows in question marked. Plain SVG: no chart library is loaded for it."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 640, 150, 14
_LINE, _MARK = {False: "#1a5a86", True: "#8cc4ea"}, {False: "#a3262a", True: "#ff9a97"}
"""By theme: light, dark."""


def sketch(
    days: Sequence[str],
    closes: Sequence[float | None],
    marked: Sequence[bool],
    *,
    dark: bool,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:
    """Return the picture of one ticker's closes in order; rows in question are rings, joined to nothing.

    Parameters
    ----------
    days : sequence of str
        One a row (ISO); two rows of one day stand one above the other.
    closes : sequence of float or None
        A row without a close is not drawn.
    marked : sequence of bool
        Whether a row is in question.
    size : pair of int
        Width and height of the drawing.
    """
    width, height = size
    drawn = [
        (day, close, mark) for day, close, mark in zip(days, closes, marked, strict=True) if close is not None
    ]
    if len({close for _, close, _ in drawn}) < 2:
        return ""  # a level line shows nothing
    places = {day: place for place, day in enumerate(dict.fromkeys(day for day, _, _ in drawn))}
    low, high = min(close for _, close, _ in drawn), max(close for _, close, _ in drawn)
    span = (high - low) or 1.0

    def at(day: str, close: float) -> tuple[float, float]:
        x = MARGIN + places[day] * (width - 2 * MARGIN) / max(1, len(places) - 1)
        return round(x, 1), round(height - MARGIN - (close - low) / span * (height - 2 * MARGIN), 1)

    line = " ".join(f"{x},{y}" for x, y in (at(day, close) for day, close, mark in drawn if not mark))
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="5" fill="none" stroke="{_MARK[dark]}" stroke-width="2.5"/>'
        for x, y in (at(day, close) for day, close, mark in drawn if mark)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f'<polyline points="{line}" fill="none" stroke="{_LINE[dark]}" stroke-width="1.6"/>{rings}</svg>'
    )
