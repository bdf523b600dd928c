"""The HTTP interface as OpenAPI 3.1 describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from core import __version__


class ApiAddress(Protocol):
    """What is said of one address."""

    @property
    def method(self) -> str:
        """GET or POST."""

    @property
    def path(self) -> str:
        """Its path, parts that vary in braces."""

    @property
    def summary(self) -> str:
        """What it answers, in a sentence."""

    @property
    def query(self) -> tuple[str, ...]:
        """Parameters behind the question mark."""


def openapi_of(endpoints: Sequence[ApiAddress]) -> dict[str, Any]:
    """Return the interface of some addresses as OpenAPI 3.1 has it."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
        parameters = [
            {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
            for place, group in (("path", names), ("query", endpoint.query))
            for name in group
        ]
        operation: dict[str, Any] = {
            "summary": endpoint.summary,
            "parameters": parameters,
            "responses": {
                "200": {"description": "As the command prints it with --json."},
                "401": {"description": "No token that counts."},
                "403": {"description": "The token's role may not do this."},
                "429": {"description": "Too many wrong tokens from this address; Retry-After says how long."},
                "404": {"description": "A run, a report or an artifact that is not there."},
                "408": {"description": "The body took too long."},
                "409": {"description": "The same is at work already."},
                "422": {"description": "Refused, in the words of the command: error and its exit code."},
                "503": {"description": "The journal cannot be read."},
            },
        }
        if endpoint.method == "POST":
            content = {
                "application/json": {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
            }
            operation["requestBody"] = {"content": content}
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Afterclose", "version": __version__},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": paths,
    }
