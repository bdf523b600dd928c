"""Models by content id, the champion of each profile and its history, and which profile runs and models belong to.

Uses :mod:`core.evaluation`, :mod:`core.features`, :mod:`core.journal`, :mod:`core.measures`, :mod:`core.models`,
:mod:`core.platform`, :mod:`core.report`, :mod:`core.request`, :mod:`core.sources`, :mod:`core.store` and
:mod:`core.tables`.
"""
