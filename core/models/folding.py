"""The rows of a fold: what its models learn from, and what they are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.models.model_rows import Mask, Rows
    from core.models.splits import Fold


@dataclass(frozen=True)
class FoldRows:
    """A fold with the rows its models learn from and the rows they are judged by."""

    fold: Fold
    train: Mask
    test: Mask


def split(rows: Rows, fold: Fold) -> FoldRows:
    """Return the rows on either side; a label made inside the test window is never trained on.

    The purge of the split covers a ticker that trades every session. After a hole in its data the next
    price may lie beyond the purge: the date that made the label decides.
    """
    known_before = rows.label_dates < np.datetime64(fold.test_from, "D")
    within = (rows.dates >= np.datetime64(fold.train_from, "D")) & (
        rows.dates <= np.datetime64(fold.train_to, "D")
    )
    tested = (rows.dates >= np.datetime64(fold.test_from, "D")) & (
        rows.dates <= np.datetime64(fold.test_to, "D")
    )
    return FoldRows(fold, rows.labelled & within & known_before, rows.labelled & tested)
