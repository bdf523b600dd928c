"""The line of stages as a picture: a sign per state, joined in running order. Plain SVG: nothing is loaded for it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STEP, RADIUS, HEIGHT = 150, 13, 66

_SIGNS = {
    "succeeded": "M-5 0l4 4 7-8", "done": "M-5 0l4 4 7-8", "confirmed": "M-5 0l4 4 7-8", "signed": "M-5 0l4 4 7-8",
    "reused": "M5-3a6 6 0 1 0 1 4M6-6v4h-4", "running": "M-3-6l9 6-9 6z", "waiting": "M-4-6h8l-8 12h8z",
    "failed": "M-5-5l10 10M5-5l-10 10", "rejected": "M-5-5l10 10M5-5l-10 10", "busy": "M-5-5l10 10M5-5l-10 10",
    "stopped": "M-4-4h8v8h-8z", "cancelled": "M-4-4h8v8h-8z", "interrupted": "M-4-4h8v8h-8z",
    "to sign": "M-5 5l2-5 6-6 3 3-6 6z", "stale": "M0-6v7M0 5v1",
}  # fmt: skip
"""State -> the path of its sign; a state without one is an empty ring."""

_COLOURS = {
    False: {"good": "#1b6b3a", "bad": "#a3262a", "now": "#1a5a86", "care": "#8a5300", "quiet": "#56626e"},
    True: {"good": "#7bd39a", "bad": "#ff9a97", "now": "#8cc4ea", "care": "#f0b45c", "quiet": "#a4b0bc"},
}
"""Dark theme or not -> the theme's own text colours."""

_STYLE = (
    "<style>text{font:14px system-ui,sans-serif;text-anchor:middle}"
    "@media(max-width:700px){text{display:none}}</style>"
)

_MOODS = {
    "good": ("succeeded", "done", "confirmed", "signed", "reused"),
    "bad": ("failed", "rejected", "busy"),
    "now": ("running",),
    "care": ("waiting", "stopped", "cancelled", "interrupted", "to sign", "stale"),
}


def line_svg(stages: Sequence[tuple[str, str]], *, dark: bool = False) -> str:
    """Return the picture of ``(stage, state)`` pairs in running order.

    The names under the signs go away where the picture is too narrow for them to be read.
    """
    width = STEP * len(stages)
    colours = _COLOURS[dark]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="100%" role="img">',
        _STYLE,
    ]
    for number, (stage, state) in enumerate(stages):
        colour = colours[_mood(state)]
        if number:
            parts.append(_joint(number, stages[number - 1][1], state, colours))
        parts.append(
            f'<g transform="translate({_middle(number)} 22)"><title>{escape(stage)}: {escape(state)}</title>'
            f'<circle r="{RADIUS}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
            f'<path d="{_SIGNS.get(state, "")}" fill="none" stroke="{colour}" stroke-width="2.5" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
            f'<text y="36" fill="{colour}">{escape(stage.replace("_", " "))}</text></g>'
        )
    return "".join([*parts, "</svg>"])


def describe(stages: Sequence[tuple[str, str]]) -> str:
    """Return the picture in words, for who cannot see it."""
    return "; ".join(f"{stage.replace('_', ' ')} {state}" for stage, state in stages)


def _mood(state: str) -> str:
    return next((mood for mood, states in _MOODS.items() if state in states), "quiet")


def _middle(number: int) -> int:
    return STEP * number + STEP // 2


def _joint(number: int, before: str, after: str, colours: dict[str, str]) -> str:
    """Return the line between two signs: dashed until the work has come that far."""
    passed = _mood(before) == "good" and _mood(after) != "quiet"
    dash = "" if passed else ' stroke-dasharray="4 5"'
    start, end = _middle(number - 1) + RADIUS + 4, _middle(number) - RADIUS - 4
    colour = colours["good" if passed else "quiet"]
    return f'<path d="M{start} 22H{end}" stroke="{colour}" stroke-width="2"{dash}/>'
