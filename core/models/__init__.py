"""Models: walk-forward splits, kinds as plain JSON, training and scoring.

Uses :mod:`core.features`, :mod:`core.measures`, :mod:`core.platform`, :mod:`core.prices` and :mod:`core.tables`.
"""
