"""Plug-in modules: what each declares, and whether a committed table of features was audited with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import CheckpointError, CommandError, ParameterError
from core.label import DIRECTION, LABELS
from core.request import plugin_digests
from core.request.settings import Settings
from core.store.checkpoints import Slot, Store

NOT_YET, AUDITED = "not yet", "audited"
"""States of an audit: no table of features with this text is committed, or one is: a leak would have stopped it."""


@dataclass(frozen=True)
class PluginModule:
    """A module, its digest, what it declares, and where its features, or its label, were audited.

    Parameters
    ----------
    module, path, digest : str
    declared : mapping
        By kind (features, labels, rules, sections, sources) a list of name, line and further facts.
    audit : str
        ``audited``, ``not yet``, or empty without features and labels.
    checkpoint : str or None
        Key of the newest table of features that was audited with exactly these modules.
    """

    module: str
    path: str
    digest: str
    declared: dict[str, list[dict[str, Any]]]
    audit: str
    checkpoint: str | None

    @property
    def facts(self) -> dict[str, Any]:
        """Everything as JSON, each kind of declaration under its own name."""
        facts = {"module": self.module, "path": self.path, "digest": self.digest}
        return {**facts, **self.declared, "audit": self.audit, "checkpoint": self.checkpoint}


def plugin_modules(settings: Settings, names: str = "") -> list[PluginModule]:
    """Return the modules that are named in ``luigi.cfg``, or in ``names``.

    Raises
    ------
    PluginError
        Naming file and line of what cannot be used.
    """
    text = names or str(settings["plugins"] or "")
    if not text.strip():
        return []
    from core.plugins.examining import examined

    store, entries = Store(settings.data), examined(plugin_digests.modules_of(text, settings))
    every = [declared["name"] for entry in entries for declared in entry.declared["labels"]]
    modules = []
    for entry in entries:
        labels = [declared["name"] for declared in entry.declared["labels"]]
        has = bool(entry.declared["features"] or labels)
        # features are audited under any label, a label where it was asked for
        checkpoint = _audited(
            store, text, settings, (*LABELS, *every) if entry.declared["features"] else labels
        )
        state = (AUDITED if checkpoint else NOT_YET) if has else ""
        modules.append(
            PluginModule(
                entry.module.name,
                entry.module.address,
                entry.module.sha256,
                entry.declared,
                state,
                checkpoint if has else None,
            )
        )
    return modules


def _audited(store: Store, text: str, settings: Settings, labels: Sequence[str]) -> str | None:
    """Return the newest committed table of features that was made with these modules, under one of the labels."""
    folder = store.folder(Slot("feature_engineer", "any")).parent
    if not folder.is_dir():
        return None
    by_label = {
        name: plugin_digests.resolved({"plugins": text, "label": name}, settings, only_configured=False)[
            "features_modules"
        ]
        for name in dict.fromkeys(labels)
    }
    ended = []
    for checkpoint in folder.iterdir():
        try:
            meta = store.meta(Slot("feature_engineer", checkpoint.name))
        except CheckpointError:
            continue
        parameters = meta.body["parameters"] if meta else {}
        digest = by_label.get(parameters.get("label", DIRECTION))
        if meta is not None and digest and parameters.get("features_modules") == digest:
            ended.append((str(meta.body["ended_at"]), checkpoint.name))
    return max(ended)[1] if ended else None


def write_module(name: str, folder: Path) -> Sequence[Path]:
    """Write a module with one feature and its test, and return both files; neither may be there.

    Raises
    ------
    ParameterError
        If no module can be called so.
    CommandError
        If one of the files is there.
    """
    if not name.isidentifier() or name != name.lower():
        raise ParameterError(f"the module would be called {name!r}", expected="small letters, digits and _")
    texts = {folder / f"{name}.py": _MODULE, folder / f"test_{name}.py": _TEST.replace("NAME", name)}
    for path in texts:
        if path.exists():
            raise CommandError(f"{path.name} is there already", expected="a name that is free here")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return tuple(texts)


_MODULE = '''"""Features of our own; see docs/own-code.md."""

from core.plugins import feature


@feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
def range20(panel):
    """Row t uses the bars of its ticker up to t."""
    return panel.mean((panel.high - panel.low) / panel.close, 20)
'''

_TEST = '''"""The features of NAME.py on bars by hand."""

import numpy as np
from NAME import range20

from core.features.market import COLUMNS, MarketPanel


def test_range20_by_hand():
    """Bars from 9 to 11 around 10 have a range of a fifth; the first 19 rows have no value."""
    levels = {"high": 11.0, "low": 9.0}
    columns = {name: np.full(25, levels.get(name, 10.0)) for name in COLUMNS}
    days = np.datetime64("2024-01-01") + np.arange(25)
    values = range20(MarketPanel.of_rows(np.zeros(25, dtype="int64"), days, columns))
    assert np.isnan(values[:19]).all()
    assert np.allclose(values[19:], 0.2)
'''
