"""Draws ``docs/images/walk-forward.svg`` with the splits that training uses.

Run: ``python tools/draw_walk_forward.py`` (a test compares the committed picture with this script's).
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

from core.models.splits import Fold, walk_forward

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "walk-forward.svg"

SESSIONS, FIRST, SIZE, EMBARGO, ROLLING = 60, 24, 9, 2, 16
"""Small numbers, so that the gap can be seen: in earnest it is one session of thousands."""

LEFT, STEP, ROW, TOP = 92, 11, 26, 54
DAY_ONE = date(2024, 1, 1)
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#333}.h{font-weight:600}.train{fill:#4c78a8}.gap{fill:#e45756}"
    ".test{fill:#54a24b}.unused{fill:#e6e6e6}@media(prefers-color-scheme:dark){text{fill:#ddd}"
    ".unused{fill:#444}}"
)


def picture() -> str:
    """Return the drawing: expanding windows above, rolling ones below, one line for each fold."""
    marks: list[str] = []
    y = 0
    for title, rolling in (("Expanding window", None), (f"Rolling window of {ROLLING} sessions", ROLLING)):
        marks.append(f'<text class="h" x="16" y="{y + 24}">{title}</text>')
        marks += _legend(y + 24)
        folds = list(_folds(rolling))
        for row, fold in enumerate(folds):
            marks += _line(fold, y + TOP + row * ROW)
        y += TOP + len(folds) * ROW + 22
    marks.append(
        f'<text x="{LEFT}" y="{y}">time, in sessions: whole dates, all tickers of a date together</text>'
    )
    width, height = LEFT + SESSIONS * STEP + 16, y + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Walk-forward splits with purge and embargo">'
        f"<style>{_STYLE}</style>{''.join(marks)}</svg>\n"
    )


def _folds(rolling: int | None) -> list[Fold]:
    days = [DAY_ONE + timedelta(days=n) for n in range(SESSIONS)]
    return list(
        walk_forward(
            days,
            min_train_sessions=FIRST,
            fold_sessions=SIZE,
            embargo_sessions=EMBARGO,
            rolling_sessions=rolling,
        )
    )


def _line(fold: Fold, y: int) -> list[str]:
    train_from, train_to, test_from, test_to = (
        (day - DAY_ONE).days for day in (fold.train_from, fold.train_to, fold.test_from, fold.test_to)
    )
    return [
        f'<text x="16" y="{y + 13}">fold {fold.number}</text>',
        _bar("unused", 0, SESSIONS, y),
        _bar("train", train_from, train_to + 1, y),
        _bar("gap", train_to + 1, test_from, y),
        _bar("test", test_from, test_to + 1, y),
    ]


def _bar(kind: str, start: int, stop: int, y: int) -> str:
    return f'<rect class="{kind}" x="{LEFT + start * STEP}" y="{y}" width="{(stop - start) * STEP}" height="17"/>'


def _legend(y: int) -> list[str]:
    marks, x = [], 316
    for kind, words, room in (
        ("train", "trained on", 106),
        ("gap", "purge and embargo", 152),
        ("test", "judged", 0),
    ):
        marks.append(f'<rect class="{kind}" x="{x}" y="{y - 11}" width="12" height="12"/>')
        marks.append(f'<text x="{x + 18}" y="{y}">{words}</text>')
        x += room
    return marks


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PICTURE)
    path = parser.parse_args().out
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
