"""A figure that stayed where it was is its value; a line over time is for one that moved."""

from __future__ import annotations

import pandas as pd

from core.queries.runs.trends import LevelFigure, _by_label, level_figures


def test_a_figure_that_stayed_is_its_value_and_one_that_moved_in_any_profile_is_none():
    """Rows stay in both profiles, findings move in one; a report without an AUC does not count for it."""
    frame = pd.DataFrame(
        {
            "profile": ["a", "a", "b", "a"], "rows": [5, 5, 7, 5], "findings": [1, 2, 3, 1],
            "brier": [0.2504, 0.2506, 0.3, 0.2505], "auc": [None, 0.5, None, None],
        }
    )  # fmt: skip
    assert level_figures(frame, "rows") == [LevelFigure("a", 5.0, 5.0, 3), LevelFigure("b", 7.0, 7.0, 1)]
    assert level_figures(frame, "findings") == []
    assert level_figures(frame, "brier")[0] == LevelFigure("a", 0.2504, 0.2506, 3)
    assert level_figures(frame, "auc") == [LevelFigure("a", 0.5, 0.5, 1)]


def test_reports_of_another_label_are_a_line_of_their_own():
    """An AUC over five sessions is no later point of one over the next; the newest label keeps the profile's name."""
    next_, ahead = "direction over the next session", "direction over the next 5 sessions"
    rows = [
        {"profile": name, "label": label}
        for name, label in (("a", next_), ("a", ahead), ("b", ahead), ("a", next_))
    ]
    assert [row["profile"] for row in _by_label(rows)] == ["a", f"a, {ahead}", "b", "a"]
