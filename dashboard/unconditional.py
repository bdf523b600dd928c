"""Requests for a whole file, without what the browser has of it already: so its answer can be changed on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

_CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")


def unconditional(scope: Scope) -> Scope:
    """Return a request that is answered by the whole file, sent as it is in the messages of an answer."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
    return {**scope, "headers": headers, "extensions": {}}
