"""Flags of rows: which rules have something to say about a row, carried from the gate to clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.prices.catalogue import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.prices.findings import Finding
    from core.prices.row_order import Flags

WAIVED = "waived:"
"""Before the name of a rule whose finding about the row a person accepted."""


def row_flags(count: int, standing: Iterable[Finding], waived: Iterable[Finding]) -> np.ndarray | None:
    """Return each row's flags as a comma list (None without any), or None if no row has one."""
    rules: dict[int, set[str]] = {}
    for prefix, findings in (("", standing), (WAIVED, waived)):
        for finding in findings:
            if rule_of(finding.rule).clean:
                for row in finding.rows:
                    rules.setdefault(row, set()).add(prefix + finding.rule)
    if not rules:
        return None
    flags = np.full(count, None, dtype=object)
    for row, names in rules.items():
        flags[row] = ",".join(sorted(names))
    return flags


def flagged(flags: pd.Series, rule: str) -> Flags:
    """Return the rows that carry ``rule``, shape (n_rows,)."""
    codes, distinct = pd.factorize(flags.astype(object))
    # the last entry stands for the rows without flags, whose code is -1
    answers = np.array([*(rule in str(text).split(",") for text in distinct), False])
    rows: Flags = answers[codes]
    return rows
