"""Each ticker of a look as a row: its closes as a line, on which sessions it has rows, and what the gate says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from core.queries.look import Look
from core.queries.look_pictures import TickerPicture
from core.report.formatting import count, counted
from dashboard import compact, wrapped

PLACE = "look-at-prices"
"""The look's name in the page, so that a link leads to it."""

ERRORS = "look-errors"
"""The name of what would stop a run, within the look."""

WIDTH, HEIGHT, MARGIN = 240, 44, 3
_LINE, _MARK = {False: "#1a5a86", True: "#8cc4ea"}, {False: "#b3261e", True: "#ff8a80"}
"""By theme: light, dark."""


def markup(look: Look, *, dark: bool) -> str:
    """Return the table of the tickers that are drawn."""
    doubtful = _days_in_question(look.findings)
    rows = list(look.pictures.items())
    span = (look.first or "", look.last or "")
    columns: dict[str, list[object]] = {
        "Ticker": [wrapped.Drawn(_ticker(name, look.findings)) for name, _ in rows],
        f"Close, {span[0]} to {span[1]}": [
            wrapped.Drawn(_picture(name, each, span, doubtful.get(name, frozenset()), dark=dark))
            for name, each in rows
        ],
        "Rows": [count(int(look.tickers.get(name, {}).get("rows") or 0)) for name, _ in rows],
        "Span": [wrapped.Drawn(_span(look.tickers.get(name, {}))) for name, _ in rows],
    }
    if any(each.missing for _, each in rows):  # of none missing the figures above say it
        columns["Sessions missing"] = [wrapped.Drawn(_missing(each)) for _, each in rows]
    return wrapped.markup(columns)


def _days_in_question(findings: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    days: dict[str, set[str]] = {}
    for finding in findings:
        own = finding.get("dates") or ([finding["date"]] if finding.get("date") else [])
        days.setdefault(str(finding.get("ticker")), set()).update(map(str, own))
    return {name: frozenset(several) for name, several in days.items()}


def _ticker(name: str, findings: Iterable[Mapping[str, Any]]) -> str:
    severities = [(finding.get("ticker"), finding["severity"]) for finding in findings]
    own = [severity for ticker, severity in severities if ticker == name]
    errors, every = own.count("error"), sum(severity == "error" for _, severity in severities)
    counts = [  # the only error stands above, with its ticker
        *([f'<span class="bad">{counted(errors, "error")}</span>'] if errors and every > 1 else []),
        *(
            [f'<span class="quiet">{counted(len(own) - errors, "warning")}</span>']
            if len(own) > errors
            else []
        ),
    ]
    return f"<div>{compact.strong(name)}<div>{' '.join(counts)}</div></div>"


def _span(about: Mapping[str, Any]) -> str:
    first, last = about.get("first"), about.get("last")
    if not (first and last):
        return ""
    return f"<div>{compact.unbroken(str(first))}<br>{compact.unbroken(str(last))}</div>"


def _missing(picture: TickerPicture) -> str:
    return count(picture.missing) if picture.missing else '<span class="quiet">none</span>'


def _picture(
    name: str, picture: TickerPicture, span: tuple[str, str], doubtful: frozenset[str], *, dark: bool
) -> str:
    """Return closes above, coverage below, over the same time for every ticker."""
    words = (
        f"{name}: {counted(len(picture.days), 'close')} drawn, "
        f"{counted(picture.missing, 'session')} without a row between its first and last"
    )
    strip = "".join(f'<i class="{_class(share)}"></i>' for share in picture.coverage)
    drawn = svg(picture, span, doubtful, dark=dark)
    coverage = f'<div class="coverage" aria-hidden="true">{strip}</div>'
    return f'<div class="ticker-picture">{compact.picture(drawn, words)}{coverage}</div>'


def _class(share: float | None) -> str:
    """Return how a stretch of coverage is drawn.

    >>> _class(None), _class(1.0), _class(0.97), _class(0.2)
    ('out', 'full', 'most', 'part')
    """
    if share is None:
        return "out"
    if share >= 1:
        return "full"
    return "most" if share > 0.9 else "part"


def svg(picture: TickerPicture, span: tuple[str, str], doubtful: frozenset[str], *, dark: bool) -> str:
    """Return the closes of a ticker as a line over ``span``; days in question are rings."""
    points = _points(picture, span)
    if not points:
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"></svg>'
    line = " ".join(f"{x},{y}" for x, y in points)
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="3" fill="none" stroke="{_MARK[dark]}" stroke-width="1.6"/>'
        for (x, y), day in zip(points, picture.days, strict=True)
        if day in doubtful
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline points="{line}" fill="none" stroke="{_LINE[dark]}" stroke-width="1.3"/>{rings}</svg>'
    )


def _points(picture: TickerPicture, span: tuple[str, str]) -> list[tuple[float, float]]:
    if not picture.closes:
        return []
    first, last = (_ordinal(day) for day in span)
    low, high = min(picture.closes), max(picture.closes)
    height, width = (high - low) or 1.0, max(last - first, 1)
    return [
        (
            round(MARGIN + (_ordinal(day) - first) * (WIDTH - 2 * MARGIN) / width, 1),
            round(HEIGHT - MARGIN - (close - low) / height * (HEIGHT - 2 * MARGIN), 1),
        )
        for day, close in zip(picture.days, picture.closes, strict=True)
    ]


def _ordinal(day: str) -> int:
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return 0


def enough(look: Look) -> str:
    """Return how many sessions there are of those that are needed to judge, as words and a bar."""
    share = min(100, 100 * look.sessions / look.needed) if look.needed else 100
    kind = "bad" if look.shortage else "good"
    words = "too few to judge" if look.shortage else "enough to judge"
    return (
        f'<div class="look-enough"><span class="{kind}">{words}</span><div class="bar" aria-hidden="true">'
        f'<i class="b-{kind}" style="width:{share:.0f}%"></i></div>'
        f'<span class="quiet">{counted(look.needed, "session")} needed</span></div>'
    )
