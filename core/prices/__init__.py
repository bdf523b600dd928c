"""Prices: the gate that judges them, the rules that clean them, the calendar they follow.

Uses the shared words, :mod:`core.platform` and :mod:`core.tables`.
"""
