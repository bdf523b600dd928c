"""Models by content id, the champion of each profile and its history, and which profile runs and models belong to.

Uses :mod:`core.request`, :mod:`core.models`, :mod:`core.store` and what lies below them.
"""
