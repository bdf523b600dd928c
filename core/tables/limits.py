"""The format's number, and from how many rows a table is stored and worked on in parts: each in this one place.

Read them through this module (``limits.PART_ROWS``): a test that changes one changes it everywhere.
"""

from __future__ import annotations

FORMAT = 1
"""First field of every artifact."""

PARQUET_ABOVE_ROWS = 250_000
"""Larger tables are Parquet: JSON of 1M rows takes 3 to 10 s, Parquet 0.5 s (measured)."""

PART_ROWS = 250_000
"""Rows of a part at most, unless one ticker has more: a column of it is 2 MB, within a processor's cache."""
