"""What the desk and the terminal ask. Read-only: nothing here writes, starts or decides.

Uses every room of core but :mod:`core.cli`; no room but the command line and the desk uses it.
"""
