"""What was made: checkpoints on disk, how one follows from another, and what a person accepts of them.

Uses :mod:`core.platform`, :mod:`core.prices` and :mod:`core.tables`.
"""
