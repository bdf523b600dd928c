"""Features of one's own: how a module's function becomes an entry of the feature set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.features.definitions import FEATURES, Feature
from core.plugins.guard import describe
from core.plugins.loading import call
from core.plugins.modules import Module

if TYPE_CHECKING:
    from core.features.market import MarketPanel
    from core.features.panel import Panel, Vector
    from core.plugins.declared import OwnFeature
    from core.plugins.loading import Plugins


@dataclass(frozen=True)
class OwnFunction:
    """The function of a feature of one's own; it travels to other processes as the text of its module.

    Parameters
    ----------
    module : Module
    name : str
        Of the feature.
    across : bool
        Whether it looks at the session's other tickers.
    line : int
        Where it is defined.
    """

    module: Module
    name: str
    across: bool
    line: int

    def __call__(self, panel: Panel) -> Vector:
        """Return the column, as many values as the panel has rows.

        Raises
        ------
        DataError
            If it raises, does what it may not, or gives something else; the message names file and line.
        """
        values = self.raw(panel)
        try:
            column = np.array(values, dtype="float64")
        except (TypeError, ValueError):
            column = np.empty(0)
        if column.shape != (rows := len(panel.position),):
            result = f"shape {np.shape(values)}" if isinstance(values, np.ndarray) else type(values).__name__
            raise DataError(
                f"{self.place}: feature {self.name} gives {result}",
                expected=f"float64 of shape ({rows},), one value a row",
            )
        return column

    @property
    def place(self) -> str:
        """File and line of the definition."""
        return f"{self.module.file}, line {self.line}"

    def raw(self, panel: Panel) -> Any:
        """Return what the function gives, whatever it is."""
        market: MarketPanel = panel  # type: ignore[assignment] # of_rows made it: the set has features of one's own
        if self.across and market.across is None:
            market = market.looking_across()
        try:
            with np.errstate(all="ignore"):
                return call(self.module, self.name, "features", market)
        except Exception as error:
            raise DataError(
                f"feature {self.name} fails: {describe(error, self.module)}",
                expected="a value for each row, from any number of rows on",
                remedy="Mend that line; nothing was committed.",
            ) from error


def feature_set_of(plugins: Plugins) -> tuple[Feature, ...]:
    """Return the features of this program and those of the modules, in their order."""
    return (*FEATURES, *(_feature(module, declared) for module, declared in plugins.features))


def _feature(module: Module, declared: OwnFeature) -> Feature:
    function = OwnFunction(module, declared.name, declared.across, declared.line)
    origin = {"module": module.file, "line": declared.line, "sha256": module.sha256}
    return Feature(
        declared.name,
        function,
        declared.text,
        declared.warm_up,
        across=declared.across,
        own=origin,
        texts=module.texts,
    )
