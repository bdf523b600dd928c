"""Plug-in code beside the program: what a module says with ``from core.plugins import feature, label, rule``.

Uses the shared words. Nothing here is imported unless ``[plugins] modules`` or ``--plugins`` names a module.
"""

from __future__ import annotations

from core.plugins.declared import feature, label, rule, section, source

__all__ = ["feature", "label", "rule", "section", "source"]
