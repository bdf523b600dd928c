"""Points that may be decimal marks or part thousands: what decides, and the question where nothing does."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import SourceError

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
"""A plain number with a decimal point."""

GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+")
"""One to three digits, then threes of digits behind points."""

_UNGROUPED = 1000
"""From here on a number with grouped digits has a point before its last three."""


def points_may_part_thousands(frame: pd.DataFrame, names: Sequence[str], sample: Sequence[str]) -> bool:
    """Return whether fractions are there, and nothing shows that their points are decimal marks.

    A cell of the first rows with another number of digits behind its point shows it, and so do four digits before one.
    """
    if points_decide(sample):
        return False
    fractions = False
    for name in names:
        if name not in frame or frame[name].dtype.kind != "f":
            continue
        values = frame[name].to_numpy("float64")
        values = values[np.isfinite(values)]
        if not (values != np.floor(values)).any():
            continue
        fractions = True
        thousandths = (np.abs(np.round(values * 1000) - values * 1000) < 1e-6).all()
        if np.abs(values).max() >= _UNGROUPED or not thousandths:
            return False
    return fractions


def may_be_grouped(frame: pd.DataFrame, name: str) -> bool:
    """Return whether a column of fractions may be whole numbers whose points part thousands, as 114.509 shares.

    A file may write its prices with a decimal point and its volumes so: the prices prove nothing for it.
    """
    if name not in frame or frame[name].dtype.kind != "f":
        return False
    values = frame[name].to_numpy("float64")
    values = values[np.isfinite(values)]
    fractions = values[values != np.floor(values)]
    if not len(fractions) or (np.abs(fractions) < 1).any() or (np.abs(values) >= _UNGROUPED).any():
        return False
    return bool((np.abs(np.round(fractions * 1000) - fractions * 1000) < 1e-6).all())


def points_decide(sample: Sequence[str]) -> bool:
    """Return whether a cell, as written, has a point that can be nothing but the decimal mark.

    >>> points_decide(["1.234"]), points_decide(["51.29"])
    (False, True)
    """
    return any("." in cell and not GROUPED.fullmatch(cell) for cell in sample if NUMBER.fullmatch(cell))


def refuse_points(texts: pd.DataFrame, names: Sequence[str], file: str, *, remedy: str = "") -> None:
    """Refuse numbers in which every point has three digits behind it and at most three before.

    Parameters
    ----------
    texts : DataFrame
        The table with every cell as text.
    names : sequence of str
        The columns that are looked at.
    file : str
        For the message.
    remedy : str
        What to do; empty: to say the decimal mark.

    Raises
    ------
    SourceError
        With both readings.
    """
    pointed = [
        (name, str(cell))
        for name in names
        if name in texts
        for cell in pd.unique(texts[name].dropna()).tolist()
        if "." in str(cell)
    ]
    if not pointed or not all(GROUPED.fullmatch(cell) for _, cell in pointed):
        return
    name, cell = next((pair for pair in pointed if pair[0] == col.VOLUME), pointed[0])
    raise undecided_points(name, cell, file, remedy)


def undecided_points(name: str, cell: str, file: str, remedy: str = "") -> SourceError:
    """Return that a point can be read in two ways."""
    return SourceError(
        f"{file}: {cell} in column {name} can be read as {cell.replace('.', '')} (the point parts thousands) and as "
        f"{cell} (the point is the decimal mark); every number with a point has three digits after it",
        expected="numbers of which at least one decides",
        remedy=remedy or "Say which: --decimal comma (points part thousands) or --decimal point.",
    )
