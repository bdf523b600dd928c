"""Evaluation: a model's predictions against outcomes and baselines, drift, advice and a plain verdict.

Uses :mod:`core.models`, :mod:`core.measures`, the stage table and what lies below them.
"""
