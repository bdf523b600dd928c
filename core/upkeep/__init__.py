"""What keeps a data root healthy: verify, gc, backup and restore.

The desk's questions about it stand above, in :mod:`core.queries`.

Uses :mod:`core.journal`, :mod:`core.notices`, :mod:`core.platform`, :mod:`core.registry`, :mod:`core.request`,
:mod:`core.review`, :mod:`core.runs`, :mod:`core.seals`, :mod:`core.sources` and :mod:`core.store`.
"""
