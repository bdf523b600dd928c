"""A table as CSV that a spreadsheet shows and never runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"(?:^|(?<=[;|\t]))(?=[\s\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠]|[\t\r\n])")
"""Where a spreadsheet takes text for a formula (OWASP, CSV Injection): at a cell's start, also behind what is not seen
and in the wide letters of East Asia, and where another delimiter than ours parts cells."""


def safe_cell(value: Any) -> Any:
    """Return ``value`` as it may stand in a spreadsheet: text that looks like a formula gets an apostrophe.

    A number stays a number, also a negative one: only text can be a formula.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell(" @sum"), safe_cell("AAPL"), safe_cell(-0.5)
    ("'=HYPERLINK(1)", "' @sum", 'AAPL', -0.5)
    >>> safe_cell("x;=cmd()"), safe_cell("＝1+1"), safe_cell("a-b; c")
    ("x;'=cmd()", "'＝1+1", 'a-b; c')
    """
    return _FORMULA.sub("'", value) if isinstance(value, str) else value


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
