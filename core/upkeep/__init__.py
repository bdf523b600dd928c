"""What keeps a data root healthy: verify, gc, backup and restore.

Uses :mod:`core.review`, :mod:`core.runs` and what lies below them;
the desk's questions stand above, in :mod:`core.queries`.
"""
