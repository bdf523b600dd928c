"""The ``afterclose`` command: it parses, calls core and prints; it holds no logic."""

from core.cli.main import main

__all__ = ["main"]
