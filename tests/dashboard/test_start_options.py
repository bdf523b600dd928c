"""The options of a new run: in groups, by words, only those in use; what differs from the defaults is marked."""

from __future__ import annotations

import pytest

from core.queries.runs.options_in_use import options_in_use
from core.request import settings
from tests.dashboard.start_page import keys, offered, open_more, said, wrong


def test_every_option_in_use_is_in_a_group_with_its_default(start_page):
    """Each option that a training run of the sample uses has a field that holds what the settings say."""
    at = open_more(start_page())
    values = {**settings.load().defaults}
    for group, parameters in options_in_use(values, scoring=False).items():
        open_more(at, group)
        keys = {f"field-{parameter.name}" for parameter in parameters}
        several = [*at.text_input, *at.number_input, *at.selectbox, *at.multiselect, *at.checkbox]
        assert keys <= {widget.key for widget in several}, group
    assert open_more(at, "Model").number_input(key="field-seed").value == 7
    assert at.multiselect(key="field-beside").value == ["hist_gradient_boosting"]
    assert open_more(at, "Checks before computing").number_input(key="field-price_tolerance").value == 1e-6
    assert at.date_input(key="field-start").value is None


def test_only_options_that_the_run_uses_are_there(start_page):
    """How files are read belongs to files, politeness to the service; a rolling window has its length."""
    at = open_more(start_page())
    groups = offered(at)
    assert "Reading the file" not in groups
    assert "Asking the service" not in groups
    assert "field-rolling_sessions" not in keys(open_more(at, "Training and test periods"))
    at.selectbox(key="field-window").set_value("rolling").run()
    assert "field-rolling_sessions" in keys(at)
    at.segmented_control(key="source").set_value("yahoo").run()
    assert "Asking the service" in offered(at)


def test_a_changed_option_is_marked_and_goes_back(start_page, reader):
    """What differs stands beside the button, in its group's count and under "Changed"; one press undoes it."""
    at = open_more(start_page(), "Model")
    at.number_input(key="field-seed").set_value(11).run()
    assert at.button(key="reset-seed").label == "Back to 7"
    assert "Changed: Seed of training 11" in said(at, reader)
    assert not at.button(key="options-reset").disabled
    at.button(key="reset-seed").click().run()
    assert at.number_input(key="field-seed").value == 7
    assert at.button(key="options-reset").disabled
    assert "Changed:" not in said(at, reader)


def test_all_options_go_back_to_their_defaults_at_once(start_page):
    """Those on the start_page, and those that are not drawn just now."""
    at = open_more(start_page(), "Model")
    at.number_input(key="field-seed").set_value(11).run()
    open_more(at, "Cleaning").number_input(key="field-spike_ratio").set_value(2.0).run()
    at.button(key="options-reset").click().run()
    assert at.number_input(key="field-spike_ratio").value == 1.5
    assert open_more(at, "Model").number_input(key="field-seed").value == 7


def test_options_are_found_by_words(start_page):
    """By plain name, unit, raw name or purpose, in whatever group they are."""
    at = open_more(start_page(), words="basis points")
    assert "field-cost_bps" in keys(at)
    assert "field-seed" not in keys(at)
    assert "field-embargo_sessions" in keys(open_more(at, words="embargo"))
    at = open_more(at, words="quux")
    assert any("No option" in caption.value for caption in at.caption)


def test_a_number_that_may_be_auto_takes_the_word_and_says_what_it_does_not_take(start_page):
    """Sessions before the first test fold: auto at first, then a number; another word is refused in its place."""
    at = open_more(start_page(), "Training and test periods")
    field = "field-min_train_sessions"
    assert at.text_input(key=field).value == "auto"
    at.text_input(key=field).set_value("half").run()
    assert "or auto" in wrong(at, "")
    assert at.button(key="run").disabled
    at.text_input(key=field).set_value("300").run()
    assert not wrong(at, "")
    assert not at.button(key="run").disabled


def test_options_that_are_folded_away_are_drawn_once_they_are_opened_and_stay(start_page, reader):
    """A hundred elements that most runs do without; what was typed counts when they are folded again."""
    at = start_page()
    assert "field-seed" not in {widget.key for widget in at.number_input}
    assert not at.button(key="run").disabled
    open_more(at, "Model").number_input(key="field-seed").set_value(11).run()
    at.session_state["more"] = False
    at.run()
    assert "Changed: Seed of training 11" in said(at, reader)
    assert open_more(at, "Model").number_input(key="field-seed").value == 11


def test_a_setting_that_is_wrong_behind_the_fold_is_said_at_the_button(
    start_page, tmp_path, monkeypatch, root
):
    """Nothing is marked where nothing is drawn."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8")
    config = tmp_path / "luigi.cfg"
    config.write_text(text.replace("waivers =", "waivers = gone.toml"), encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    at = start_page()
    assert "gone.toml" in wrong(at, "").replace("\\", "")
    assert at.button(key="run").disabled


@pytest.mark.parametrize(
    ("name", "typed", "said"), [("tickers", "XYZ", "no ticker 'XYZ'"), ("waivers", "gone.toml", "gone.toml")]
)
def test_what_the_plan_refuses_is_said_at_the_field(start_page, name, typed, said):
    """A ticker that the sample does not have, a file of waivers that is not there."""
    at = open_more(start_page(), words="accepted findings")
    if name == "tickers":
        at.session_state["field-tickers"] = [typed]
        at.run()
    else:
        at.text_input(key=f"field-{name}").set_value(typed).run()
    assert said in wrong(at, "").replace("\\", "")
    assert at.button(key="run").disabled
