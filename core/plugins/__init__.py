"""Code of one's own beside the program: what a module says with ``from core.plugins import feature, rule``.

Uses the shared words. Nothing here is imported unless ``[plugins] modules`` or ``--plugins`` names a module.
"""

from __future__ import annotations

from core.plugins.declared import feature, rule, section, source

__all__ = ["feature", "rule", "section", "source"]
