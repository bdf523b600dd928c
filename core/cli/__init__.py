"""The ``afterclose`` command: it parses, calls core and prints; it holds no logic."""
