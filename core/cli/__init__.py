"""The ``afterclose`` command: it parses, calls core and prints; it holds no logic.

Uses :mod:`core.features`, :mod:`core.journal`, :mod:`core.notices`, :mod:`core.platform`, :mod:`core.queries`,
:mod:`core.registry`, :mod:`core.report`, :mod:`core.request`, :mod:`core.review`, :mod:`core.runs`,
:mod:`core.schedule`, :mod:`core.seals`, :mod:`core.sources`, :mod:`core.store`, :mod:`core.tables` and
:mod:`core.upkeep`.
"""

from core.cli.main import main

__all__ = ["main"]
