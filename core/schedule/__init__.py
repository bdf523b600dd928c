"""Every day by itself: when runs are due, who starts them, ranges of sessions, and the alarm when none came.

Uses :mod:`core.runs` and what lies below it.
"""
