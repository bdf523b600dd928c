"""The journal with tables that came after the first: an older one that is only read has none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.journal.journal import Journal
from core.paths import StoragePath


class Later(Journal):
    """What the rooms that brought their own tables build on."""

    def __init__(self, root: StoragePath, url: str = "", *, read_only: bool = False) -> None:
        super().__init__(root, url, read_only=read_only)
        self._there: set[str] = set()

    def has_table(self, name: str) -> bool:
        """Return whether the journal has come as far as this table."""
        if name not in self._there and self._fetched(lambda: self._database.table_exists(name)):
            self._there.add(name)
        return name in self._there

    def rows(self, table: str, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what ``sql`` reads from ``table``, nothing where there is no such table yet."""
        return self._read(sql, values) if self.has_table(table) else []
