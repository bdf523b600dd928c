"""Every day by itself: when runs are due, who starts them, ranges of sessions, and the alarm when none came.

Uses :mod:`core.journal`, :mod:`core.notices`, :mod:`core.platform`, :mod:`core.prices`, :mod:`core.registry`,
:mod:`core.report`, :mod:`core.request`, :mod:`core.review`, :mod:`core.runs`, :mod:`core.seals`,
:mod:`core.sources` and :mod:`core.store`.
"""
