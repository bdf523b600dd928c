"""Own features on the desk: source and audit, what changed against the champion, and what it adds."""

import pytest

from dashboard import acting
from tests.plugins.changed_features import MINE, asked, copied


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a champion of the built-in features and a candidate with two own ones."""
    return copied(tmp_path_factory)


def test_the_page_model_shows_the_change_and_what_it_adds(desk, open_view):
    """Under Inputs: names, source, and on request the ablation."""
    folder, first, second = desk
    at = open_view("model", folder / "data", part="Inputs")
    assert not at.exception
    text = " ".join(entry.value for entry in at.markdown)
    assert f"`{second[:6]}` beside the champion `{first[:6]}`: added body, range20" in text
    assert any("+def range20(panel):" in block.value for block in at.code)
    at.button(key="ablation").click().run()
    assert not at.exception
    assert sum("Without" in entry.value for entry in at.markdown) == 3


def test_a_viewer_trains_nothing(desk, open_view, monkeypatch):
    """It takes as long as the training did, in the desk's own process."""
    monkeypatch.setattr(acting, "refusal", lambda action: f"Not {action}." if action == "launch" else None)
    at = open_view("model", desk[0] / "data", part="Inputs")
    button = at.button(key="ablation")
    assert (button.disabled, button.help) == (True, "Not launch.")


def test_the_page_features_shows_source_and_audit(desk, open_view):
    """Of an own feature; of a built-in one there is nothing to show."""
    folder, _, _ = desk
    at = open_view("features", folder / "data", feature="range20")
    assert not at.exception
    assert any(block.value.strip() == MINE.strip() for block in at.code)
    assert any("Leak audit: passed; no value of it moved" in entry.value for entry in at.caption)
    assert not open_view("features", folder / "data", feature="return").code


def test_a_feature_change_is_a_decision_with_who_and_why(desk, open_view):
    """Asked before with what is added; then on record, with the reason, on the page and in the terminal."""
    folder, first, second = desk
    at = open_view("model", folder / "data", part="Decisions")
    at.button(key="promote").click().run()
    warnings = " ".join(entry.value for entry in at.warning)
    assert first[:6] in warnings
    assert "added body, range20" in warnings
    at.text_area(key="decision_why").set_value("Nervous days are told apart.")
    at.checkbox(key="decision_agreed").check()
    at = at.button(key="promote-yes").click().run()
    assert not at.exception
    rows = " ".join(entry.value for entry in [*at.markdown, *at.get("html")])
    assert "added body, range20" in rows
    assert "Nervous days are told apart." in rows
    record = asked(folder, "models", "show", second)["decisions"][-1]
    assert (record["features"]["added"], record["why"]) == (
        ["body", "range20"],
        "Nervous days are told apart.",
    )
    assert record["who"]
