"""A table as CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection)."""


def safe_cell(value: Any) -> Any:
    """Return ``value`` as it may stand in a spreadsheet: text that looks like a formula gets an apostrophe.

    A number stays a number, also a negative one: only text can be a formula.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell(" @sum"), safe_cell("AAPL"), safe_cell(-0.5)
    ("'=HYPERLINK(1)", "' @sum", 'AAPL', -0.5)
    """
    if isinstance(value, str) and (value.startswith(_STARTS) or value.lstrip().startswith(_STARTS)):
        return f"'{value}"
    return value


def safe_csv(frame: pd.DataFrame) -> bytes:
    r"""Return ``frame`` as CSV in UTF-8 with a heading row, no index, dates as ISO days (RFC 4180: lines end in CR LF).

    Parameters
    ----------
    frame : pandas.DataFrame
        Missing values become empty cells. A datetime column holds days.

    Examples
    --------
    >>> import pandas as pd
    >>> safe_csv(pd.DataFrame({"who": ["=1+1", None], "n": [-1.5, 2.0]}))
    b"who,n\r\n'=1+1,-1.5\r\n,2.0\r\n"
    """
    safe = frame.copy(deep=False)
    safe.columns = [safe_cell(str(name)) for name in frame.columns]
    for name in safe.columns:
        if safe[name].dtype.kind not in "biufM":
            safe[name] = safe[name].map(safe_cell, na_action="ignore")
    return safe.to_csv(index=False, lineterminator="\r\n", date_format="%Y-%m-%d").encode()
