"""Plug-ins, user-defined code: what a module says with ``from core.plugins import feature, label, rule``.

Nothing here is imported unless ``[plugins] modules`` or ``--plugins`` names a module.

Uses :mod:`core.platform`, and the modules that all rooms share.
"""

from __future__ import annotations

from core.plugins.declared import feature, label, rule, section, source

__all__ = ["feature", "label", "rule", "section", "source"]
