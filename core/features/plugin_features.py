"""User-defined features and labels: how a module's function becomes an entry of the feature set, or the label."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.features.definitions import FEATURES, Feature
from core.features.labels import later
from core.label import LabelDefinition
from core.plugins.describing import describe
from core.plugins.loading import call
from core.plugins.modules import Module

if TYPE_CHECKING:
    from core.features.market import MarketPanel
    from core.features.panel import Panel, Vector
    from core.label import Label
    from core.plugins.declared import DeclaredFeature
    from core.plugins.loading import Plugins


@dataclass(frozen=True)
class PluginFunction:
    """The function of a user-defined feature; it travels to other processes as the text of its module.

    Parameters
    ----------
    module : Module
    name : str
        Of the feature, or label.
    across : bool
        Whether it looks at the session's other tickers.
    line : int
        Where it is defined.
    kind : str
        ``features`` or ``labels``.
    """

    module: Module
    name: str
    across: bool
    line: int
    kind: str = "features"

    def __call__(self, panel: Panel) -> Vector:
        """Return the column, as many values as the panel has rows.

        Raises
        ------
        DataError
            If it raises, does what it may not, or gives something else; the message names file and line.
        """
        values, is_complex, column = self.raw(panel), False, np.empty(0)
        with suppress(
            Exception
        ):  # lists deeper than arrays have dimensions, numbers that no float holds, any object
            is_complex = np.iscomplexobj(values)
            column = column if is_complex else np.array(values, dtype="float64")
        if is_complex or column.shape != (len(panel.position),):
            shape = f"shape {np.shape(values)}" if isinstance(values, np.ndarray) else type(values).__name__
            result = "complex numbers" if is_complex else shape
            raise DataError(
                f"{self.place}: {self.kind[:-1]} {self.name} gives {result}",
                expected=f"float64 of shape ({len(panel.position)},), one value a row",
            )
        return column

    @property
    def place(self) -> str:
        """File and line of the definition."""
        return f"{self.module.file}, line {self.line}"

    def raw(self, panel: Panel) -> Any:
        """Return what the function gives, whatever it is."""
        market: MarketPanel = panel  # type: ignore[assignment] # of_rows made it: the set has user-defined features
        if self.across and market.across is None:
            market = market.looking_across()
        try:
            with np.errstate(all="ignore"):
                return call(self.module, self.name, self.kind, market)
        except Exception as error:
            raise DataError(
                f"{self.kind[:-1]} {self.name} fails: {describe(error, self.module, self.line)}",
                expected="a value for each row, from any number of rows on",
                remedy="Mend that line; nothing was committed.",
            ) from error


@dataclass(frozen=True)
class PluginOutcome(PluginFunction):
    """The function of a user-defined label, which looks ``sessions`` rows ahead and ``warm_up`` back."""

    sessions: int = 1
    warm_up: int = 0

    def __call__(self, panel: Panel) -> Vector:
        """Return 1, 0 and NaN; NaN on each ticker's first rows of the warm-up and last rows of the horizon.

        Raises
        ------
        DataError
            As for a feature, and if it gives another number.
        """
        market: MarketPanel = panel  # type: ignore[assignment] # as in raw
        label = super().__call__(market.looking_ahead(self.sessions))
        wrong = np.flatnonzero(~(np.isnan(label) | (label == 0) | (label == 1)))
        if len(wrong):
            raise DataError(
                f"{self.place}: label {self.name} gives {label[wrong[0]]}",
                expected="1 (or True) where its text holds, 0 where not, NaN where there is no outcome",
                remedy="Mend that line; nothing was committed.",
            )
        has_outcome = ~np.isnan(later(panel, np.zeros(len(label)), self.sessions))
        return np.where(has_outcome & (panel.position >= self.warm_up), label, np.nan)


@dataclass(frozen=True)
class OutcomeBehind:
    """A label as a feature of the row on which it becomes known: what a leak audit of features can judge."""

    outcome: PluginOutcome

    def __call__(self, panel: Panel) -> Vector:
        """Return each row's label of so many sessions before."""
        return panel.lag(self.outcome(panel), self.outcome.sessions)


def outcome_of(plugins: Plugins, label: Label) -> tuple[Feature, Label]:
    """Return a user-defined label as a column, and the label with what its module says of it."""
    module, own = next((m, entry) for m, entry in plugins.labels if entry.name == label.label)
    words = LabelDefinition(
        own.text, own.event, own.warm_up, own.across, module.file, own.line, module.sha256
    )
    outcome = PluginOutcome(
        module, own.name, own.across, own.line, "labels", label.horizon_sessions, own.warm_up
    )
    origin = {"module": module.file, "line": own.line, "sha256": module.sha256}
    column = Feature(
        own.name, outcome, own.text, own.warm_up, across=own.across, own=origin, texts=module.texts
    )
    return column, replace(label, own=words)


def audited_outcome(column: Feature) -> Feature:
    """Return a label as the leak audit computes it."""
    outcome = column.compute
    assert isinstance(outcome, PluginOutcome), "outcome_of makes it"
    warm_up = outcome.warm_up + outcome.sessions
    return replace(column, compute=OutcomeBehind(outcome), warm_up=warm_up)


def feature_set_of(plugins: Plugins) -> tuple[Feature, ...]:
    """Return the features of this program and those of the modules, in their order."""
    return (*FEATURES, *(_feature(module, declared) for module, declared in plugins.features))


def _feature(module: Module, declared: DeclaredFeature) -> Feature:
    function = PluginFunction(module, declared.name, declared.across, declared.line)
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
