"""Which notices exist, and how each reaches its receivers: at once, or later from a queue in the journal.

Uses :mod:`core.journal`, :mod:`core.platform`, :mod:`core.request` and :mod:`core.seals`.
"""
