"""Models by content id, and the champion and its history.

Uses :mod:`core.models`, :mod:`core.store` and what lies below them.
"""
