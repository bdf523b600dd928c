"""User-defined rules and sections, as the gate and the report take them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.plugins.describing import describe
from core.plugins.loading import Plugins, call
from core.plugins.modules import Module
from core.prices.catalogue import Rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BYTES = 50_000
"""Of a section's sentences together: ten pages."""

_REMEDY = "Mend that line; nothing of this stage was committed."


@dataclass(frozen=True)
class GateRule:
    """A rule of the gate from a module; it travels to other processes as the text of that."""

    module: Module
    rule: Rule
    line: int

    def __call__(
        self,
        codes: NDArray[np.int64],
        session: NDArray[Any],
        columns: Mapping[str, NDArray[np.float64]],
        names: tuple[str, ...],
    ) -> NDArray[np.bool_]:
        """Return the rows in question.

        Raises
        ------
        DataError
            If the function fails, or gives no boolean array of that many rows.
        """
        from core.features.market import MarketPanel

        name = self.rule.name
        panel = MarketPanel.of_rows(codes, session, columns, names).looking_across()
        try:
            with np.errstate(all="ignore"):
                flags = np.asarray(call(self.module, name, "rules", panel))
        except Exception as error:
            what = f"rule {name} fails: {describe(error, self.module)}"
            raise DataError(what, expected="a boolean for each row", remedy=_REMEDY) from error
        if flags.shape != (len(codes),) or flags.dtype != np.bool_:
            raise DataError(
                f"{self.module.file}, line {self.line}: rule {name} gives {flags.dtype} of shape {flags.shape}",
                expected=f"bool of shape ({len(codes)},), True for rows in question",
                remedy=_REMEDY,
            )
        return flags


def rules_of(plugins: Plugins) -> tuple[GateRule, ...]:
    """Return the rules of modules, in their order."""
    return tuple(
        GateRule(
            module,
            Rule(
                own.name,
                own.severity,
                "",
                "" if own.severity == "error" else "keep",
                own.expected,
                f"By the rule {own.name} of {module.file}, line {own.line}.",
            ),
            own.line,
        )
        for module, own in plugins.rules
    )


@dataclass(frozen=True)
class ReportSection:
    """A section of the report from a module: its title, and what gives its sentences."""

    module: Module
    name: str
    title: str

    def __call__(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the sentences of the section.

        Raises
        ------
        DataError
            If the function fails, or gives no text.
        """
        try:
            # a copy: what other sections say of the evaluation is not this one's to change
            words = call(self.module, self.name, "sections", deepcopy(dict(body)))
            several = words if isinstance(words, (list, tuple)) else (words,)
            sentences = tuple(str(text) if isinstance(text, str) else "" for text in several)
            size, excerpt = sum(len(text.encode()) for text in sentences), str(words)[:80]
        except Exception as error:
            what = f"section {self.name} fails: {describe(error, self.module)}"
            raise DataError(what, expected="sentences", remedy=_REMEDY) from error
        if not sentences or not all(text.strip() for text in sentences) or size > MOST_BYTES:
            raise DataError(
                f"section {self.name} of {self.module.file} gives {type(words).__name__} of {size:,} bytes, "
                f"{excerpt!r}",
                expected=f"a sentence, or a list of them, of at most {MOST_BYTES:,} bytes together",
                remedy=_REMEDY,
            )
        return sentences


def sections_of(plugins: Plugins) -> tuple[ReportSection, ...]:
    """Return the sections of modules, in their order."""
    return tuple(ReportSection(module, own.name, own.title) for module, own in plugins.sections)
