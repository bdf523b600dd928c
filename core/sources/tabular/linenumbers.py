"""The line on which each row of a text table stands, past blank lines and cells of several lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Lines = npt.NDArray[np.int64]

_NEWLINE, _QUOTE = 10, 34


class RowLines(NamedTuple):
    """Lines of a text, counted from the one that it begins with: of its rows, and blank ones between them."""

    rows: Lines
    blank: Lines


def row_lines(body: bytes, first: int, mark: str) -> RowLines:
    r"""Return the line on which each row begins, and the blank lines that have a row behind them.

    Parameters
    ----------
    body : bytes
        UTF-8 with ``\n`` at the end of its lines.
    first : int
        The number of its first line.
    mark : str
        The delimiter: a tab is a blank like any other where it is none.

    >>> row_lines(b'a,b\n1,"x\ny"\n\n2,z\n\n', 1, ",")
    RowLines(rows=array([1, 2, 5]), blank=array([4]))
    """
    signs = np.frombuffer(body, np.uint8)
    ends = np.flatnonzero(signs == _NEWLINE)
    starts = np.r_[0, ends + 1]
    starts = starts[starts < len(body)]
    lines = np.arange(first, first + len(starts), dtype=np.int64)
    if b'"' in body:
        # an odd count of quotes before it: a line's end inside a cell
        inside = np.cumsum(signs == _QUOTE, dtype=np.uint8)[ends] % 2 == 1
        begins = np.r_[True, ~inside][: len(starts)]
        starts, lines = starts[begins], lines[begins]
    blanks = b" \r" if mark == "\t" else b" \t\r"
    doubtful = np.flatnonzero(np.isin(signs[starts], np.frombuffer(blanks + b"\n", np.uint8)))
    stops = np.r_[starts[1:], len(body)][doubtful]
    blank = np.zeros(len(starts), bool)
    blank[doubtful] = [
        not body[start:stop].strip(blanks + b"\n")
        for start, stop in zip(starts[doubtful].tolist(), stops.tolist(), strict=True)
    ]
    rows = lines[~blank]
    between = blank & (lines < rows[-1]) if len(rows) else blank & False
    return RowLines(rows, lines[between])


def lines_of_rows(standing: RowLines, rows: int, skipped: int) -> Lines | None:
    """Return the lines of the ``rows`` rows below a header of ``skipped``; None where they cannot be told apart."""
    return standing.rows[skipped:] if len(standing.rows) == rows + skipped else None
