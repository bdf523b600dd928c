"""Which button of the panel of decisions stands out: that of the act which is advised today, or none."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from core.evaluation.advice import KEEP, RETRAIN, UNCERTAIN
from core.queries.models.to_decide import Choice, ModelFacts
from dashboard import decision_panel

CHAMPION, CANDIDATE = ModelFacts({"model_id": "a" * 12}), ModelFacts({"model_id": "b" * 12})


@pytest.fixture
def kinds(monkeypatch):
    """Draw the buttons of a choice: ``kinds(choice, advised)`` by key."""

    def drawn(choice, advised):
        found = {}
        page = SimpleNamespace(
            button=lambda _, **how: found.update({how["key"]: how["type"]}),
            container=lambda **_: nullcontext(), markdown=lambda _: None, caption=lambda _: None,
        )  # fmt: skip
        monkeypatch.setattr(decision_panel, "st", page)
        monkeypatch.setattr(decision_panel, "_description", str)
        monkeypatch.setattr(decision_panel, "shell", SimpleNamespace(profile=lambda: "p"))
        monkeypatch.setattr(decision_panel, "deciding", SimpleNamespace(earlier=lambda: None))
        monkeypatch.setattr(decision_panel, "acting", SimpleNamespace(refusal=lambda _: None))
        decision_panel._candidate({}, [], choice, advised)
        decision_panel._champion(None, choice, advised)
        return {key for key, kind in found.items() if kind == "primary"}

    return drawn


@pytest.mark.parametrize(
    ("candidate", "advised", "first"),
    [
        (CANDIDATE, RETRAIN, {"promote"}),
        (CANDIDATE, KEEP, {"keep"}),
        (None, RETRAIN, {"retrain"}),
        (None, KEEP, {"keep"}),
        (CANDIDATE, UNCERTAIN, set()),
        (None, "", set()),
    ],
)
def test_the_advised_act_stands_out(kinds, candidate, advised, first):
    """A successor that is there is promoted; where nothing is advised no button is louder."""
    assert kinds(Choice(candidate, CHAMPION, ()), advised) == first
