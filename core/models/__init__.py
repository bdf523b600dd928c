"""Models: walk-forward splits, kinds as plain JSON, training and scoring.

Uses :mod:`core.features`, :mod:`core.prices`, :mod:`core.measures` and what lies below them.
"""
