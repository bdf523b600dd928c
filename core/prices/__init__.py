"""Prices: the gate that judges them, the rules that clean them, the calendar they follow.

Uses :mod:`core.platform` and :mod:`core.tables`.
"""
