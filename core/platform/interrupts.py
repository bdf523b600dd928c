"""A signal that asks the process to end stands until it is obeyed.

The exception that a signal's handler raises can be lost: a library that is just being imported may swallow it, or
turn it into an error of its own. So the request is kept, and a run asks for it wherever a stage changes its state.
"""

from __future__ import annotations

_requested: type[KeyboardInterrupt] | None = None
_obeyed = False


def request(kind: type[KeyboardInterrupt]) -> None:
    """Keep the request to end; its handler raises ``kind`` as well."""
    global _requested  # noqa: PLW0603 - a process has one main thread to end
    _requested = kind


def obey() -> None:
    """Raise what was requested, if anything was.

    Raises
    ------
    KeyboardInterrupt
        Of the kind that was requested.
    """
    global _obeyed  # noqa: PLW0603 - as above
    if _requested is not None:
        _obeyed = True
        raise _requested


def obeyed() -> bool:
    """Return whether the process is ending because :func:`obey` raised what was requested."""
    return _obeyed
