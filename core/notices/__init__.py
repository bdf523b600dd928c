"""Which notices exist, and how each reaches its receivers: at once, or later from a queue in the journal.

Uses :mod:`core.request`, :mod:`core.journal` and what lies below them.
"""
