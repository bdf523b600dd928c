"""What a person may say about a file, where the file does not say it itself; and what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import SourceError
from core.sources.tabular.columns import columns_mapping

if TYPE_CHECKING:
    import pandas as pd

    from core.sources.tabular.linenumbers import Lines

AUTO = "auto"

MAX_ROWS = 5_000_000
"""Twenty years of a thousand tickers; above it a data base is the better place."""

MAX_STREAMED_ROWS = 100_000_000
"""Rows of one long Parquet file, which is read a few tickers at a time."""

MAX_TICKERS = 200_000
"""Tickers of one file: all of the world's exchanges list under a hundred thousand."""

MAX_COLUMNS = 200
"""Columns of a long table: vendors' widest daily exports have under a hundred."""

MAX_WIDE_COLUMNS = 5_000
"""Tickers side by side in a wide table."""

MAX_CELLS = 100_000_000
"""Cells of a table that is read whole: 0.8 GB of numbers, five million rows of twenty; of a text thirty bytes each
while it is cut into them."""

PLAIN_CELL = 40
"""Bytes that a cell of a text may have without being counted as a text: no number, date or ticker is longer."""

MAX_TEXT = 256 * 1024**2
"""Bytes of texts in a table that is read whole, each counted as often as it stands: a thousand of each row of a large
one, fifty of each row of the largest. Written out and judged, texts take ten times their size."""

MAX_LINE = 1024**2
"""Bytes of one line: five thousand tickers side by side, each with two hundred letters."""

MAX_BYTES = 1024**3
"""Bytes of a file, or of a folder's files together, packed and unpacked."""


@dataclass(frozen=True)
class Options:
    """How to read, ``auto`` where the file decides.

    Parameters
    ----------
    date_format : {'auto', 'iso', 'us', 'eu', 'ymd', 'epoch'}
    delimiter : {'auto', 'comma', 'semicolon', 'tab', 'pipe'}
    decimal : {'auto', 'point', 'comma'}
    encoding : str
        ``auto``, or a name that Python knows.
    columns : str
        Which column is which, as :func:`core.sources.tabular.columns.columns_mapping` reads it.
    ticker : str
        The ticker of a file of one that does not name it; empty: its name is the ticker.
    """

    date_format: str = AUTO
    delimiter: str = AUTO
    decimal: str = AUTO
    encoding: str = AUTO
    columns: str = ""
    ticker: str = ""

    @property
    def mapping(self) -> dict[str, str]:
        """Our name of each column that a person named, to its name in the file."""
        return columns_mapping(self.columns)


MOST_LEFT_OUT = 50


@dataclass(frozen=True)
class LeftOut:
    """A line that is no row of prices.

    Parameters
    ----------
    line : int
        Its number in the file.
    why : str
        ``above the header``, ``blank``, ``repeated header``, ``second header``, ``units``,
        ``dividend or split``, ``footnote``.
    text : str
        What stands there, shortened.
    """

    line: int
    why: str
    text: str

    def record(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"line": self.line, "why": self.why, "text": self.text}


@dataclass(frozen=True)
class ReadFacts:
    """How one file was read.

    Parameters
    ----------
    shape : {'long', 'wide', 'one ticker', 'stacked'}
        ``stacked`` has two header lines, field over ticker.
    dates, delimiter, decimal, encoding : str
        What was found or was said; empty where it does not apply.
    packed : str
        ``gzip``, ``bzip2`` or ``zstd``; empty for a file that is not packed.
    ticker_from : str
        ``file name`` where the name of the file stands for the ticker, ``option`` where ``--tickers`` says it.
    left_out : tuple of LeftOut
        Lines that are no rows; the first :data:`MOST_LEFT_OUT` go on record, of more also how many of each kind.
    """

    shape: str = "long"
    dates: str = "iso"
    delimiter: str = "comma"
    decimal: str = "point"
    encoding: str = "utf-8"
    packed: str = ""
    ticker_from: str = ""
    left_out: tuple[LeftOut, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the facts that apply, as JSON values."""
        facts = {"shape": self.shape, "dates": self.dates, "delimiter": self.delimiter}
        facts |= {"decimal": self.decimal, "encoding": self.encoding}
        applying: dict[str, Any] = {key: value for key, value in facts.items() if value}
        applying |= {name: text for name in ("packed", "ticker_from") if (text := getattr(self, name))}
        if self.left_out:
            applying["left_out"] = [line.record() for line in self.left_out[:MOST_LEFT_OUT]]
        if len(self.left_out) > MOST_LEFT_OUT:
            applying["left_out_in_all"] = dict(sorted(Counter(line.why for line in self.left_out).items()))
        return applying


CANONICAL = ReadFacts()
"""A long table in UTF-8 with commas and ISO dates: nothing had to be found out."""


@dataclass(frozen=True)
class TableRead:
    """One file's rows under our names, and how they were read.

    ``by_row``: every number was read as it is written, whatever the other rows have. ``lines``: the line of the file on
    which each row stands, None where it has none or they cannot be told apart.
    """

    frame: pd.DataFrame
    facts: ReadFacts = field(default_factory=ReadFacts)
    by_row: bool = False
    lines: Lines | None = None


def too_many(name: str, what: str, count: int, most: int) -> SourceError:
    """Return the refusal of a file that is beyond a cap; nothing of it was parsed."""
    return SourceError(
        f"{name} has {count:,} {what}",
        expected=f"at most {most:,}",
        remedy="Split the file, or leave out what is not needed.",
    )
