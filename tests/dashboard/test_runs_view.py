"""The page Runs: the form is the stage table, a mistake stands beside its field, runs are found again."""

from __future__ import annotations

from datetime import date

import pytest

from core.journal import Journal
from core.queries.runs import preview
from core.request.form import main_fields, more_fields
from core.runs.resolve import resolve
from tests.dashboard.test_run_table_view import links, ticked
from tests.sources.address_servers import web_server


@pytest.fixture
def page(desk_page):
    """The page of runs, with what its address says."""

    def show(**address):
        return desk_page("views/runs.py", **address)

    return show


def wrong(at, name: str) -> str:
    """What stands below a field in red; empty when nothing does."""
    return " ".join(
        element.value for element in at.markdown if ":red[" in element.value and name in element.value
    )


def open_more(at):
    """Open the options that are folded away."""
    at.session_state["more"] = True
    return at.run()


def test_an_empty_desk_says_what_to_press(page):
    """Nothing has run: one sentence, one button, no list."""
    at = page()
    assert "Press **Run**" in at.info[0].value
    assert at.button(key="run").label == "Run"
    assert not at.button(key="run").disabled
    assert not at.subheader
    assert not at.exception


def test_the_form_has_every_option_with_its_default(page):
    """Each option of the stage table has a widget that holds what the settings say."""
    at = open_more(page())
    names = [p.name for group in more_fields().values() for p in group] + list(main_fields())
    keys = {f"field-{name}" for name in names if name not in ("source", "path")}
    widgets = [*at.text_input, *at.number_input, *at.selectbox, *at.multiselect, *at.date_input, *at.checkbox]
    assert keys <= {widget.key for widget in widgets}
    assert at.number_input(key="field-seed").value == 7
    assert at.number_input(key="field-price_tolerance").value == 1e-6
    assert at.multiselect(key="field-beside").value == ["hist_gradient_boosting"]
    assert at.date_input(key="field-start").value is None


def test_a_number_that_may_be_auto_takes_the_word_and_says_what_it_does_not_take(page):
    """Sessions before the first test fold: auto at first, then a number; another word is refused in its place."""
    at = open_more(page())
    field = "field-min_train_sessions"
    assert at.text_input(key=field).value == "auto"
    at.text_input(key=field).set_value("half").run()
    assert "or auto" in wrong(at, "")
    assert at.button(key="run").disabled
    at.text_input(key=field).set_value("300").run()
    assert not wrong(at, "")
    assert not at.button(key="run").disabled


def test_an_address_is_judged_as_it_is_typed_and_asked_when_run_is_pressed(page):
    """Each letter would be a question to somebody's server; a mangled one is marked at its field."""
    with web_server() as web:
        at = page()
        at.segmented_control(key="source").set_value("files").run()
        at.text_input(key="field-path").set_value("https:/desk.example/p.csv").run()
        assert "mangled" in wrong(at, "")
        assert at.button(key="run").disabled
        at.text_input(key="field-path").set_value(f"{web.url}/prices.csv").run()
        assert not at.button(key="run").disabled
        assert web.asked == []
        at.button(key="run").click().run()
        assert web.asked
        assert any("there is no price file at" in error.value for error in at.error)


def test_a_history_too_short_to_judge_is_named_before_the_start(page):
    """Four months of the sample: the question says what will come of it and what would do."""
    at = page()
    at.date_input(key="field-end").set_value(date(2000, 6, 30)).run()
    at.button(key="run").click().run()
    (warned,) = [w.value for w in at.warning]
    assert "90 are needed" in warned
    assert "Bring 5 more sessions" in warned


def test_options_that_are_folded_away_are_drawn_once_they_are_opened_and_stay(page):
    """A hundred elements that most runs do without; what was typed counts when they are folded again."""
    at = page()
    assert "field-seed" not in {widget.key for widget in at.number_input}
    assert not at.button(key="run").disabled
    open_more(at).number_input(key="field-seed").set_value(11).run()
    at.session_state["more"] = False
    at.run()
    assert at.number_input(key="field-seed").value == 11


def test_a_setting_that_is_wrong_behind_the_fold_is_said_at_the_button(page, tmp_path, monkeypatch, root):
    """Nothing is marked where nothing is drawn."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8")
    config = tmp_path / "luigi.cfg"
    config.write_text(text.replace("waivers =", "waivers = gone.toml"), encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    at = page()
    assert "gone.toml" in wrong(at, "").replace("\\", "")
    assert at.button(key="run").disabled


def test_a_path_is_asked_for_only_with_files(page):
    """The field appears with the source it belongs to, and says without alarm that it must be filled."""
    at = page()
    assert "field-path" not in {widget.key for widget in at.text_input}
    at.segmented_control(key="source").set_value("files").run()
    assert "field-path" in {widget.key for widget in at.text_input}
    assert not wrong(at, "")
    assert any("Name a file" in caption.value for caption in at.caption)
    assert at.button(key="run").disabled


def test_a_mistake_stands_beside_its_field_before_run_is_pressed(page, desk_settings):
    """Swapped dates: the plan's own message, nothing to press, nothing started; corrected, it is gone."""
    at = page()
    at.date_input(key="field-start").set_value(date(2013, 1, 1))
    at.date_input(key="field-end").set_value(date(2012, 1, 1)).run()
    assert "is after" in wrong(at, "start")
    assert at.button(key="run").disabled
    at.date_input(key="field-end").set_value(date(2013, 2, 1)).run()
    assert not wrong(at, "")
    assert not at.button(key="run").disabled
    assert not at.exception
    assert not Journal.exists(desk_settings.data) or Journal(desk_settings.data).count_runs() == 0


@pytest.mark.parametrize(
    ("name", "typed", "said"), [("tickers", "XYZ", "no ticker 'XYZ'"), ("waivers", "gone.toml", "gone.toml")]
)
def test_what_the_plan_refuses_is_said_at_the_field(page, name, typed, said):
    """A ticker that the sample does not have, a file of waivers that is not there."""
    at = open_more(page())
    at.text_input(key=f"field-{name}").set_value(typed).run()
    assert said in wrong(at, "").replace("\\", "")
    assert at.button(key="run").disabled


def test_a_file_that_is_not_there_is_named(page):
    """The message names the file that was typed."""
    at = page()
    at.segmented_control(key="source").set_value("files").run()
    at.text_input(key="field-path").set_value("nowhere.csv").run()
    assert "nowhere.csv" in wrong(at, "nowhere")


def test_scoring_without_a_champion_is_said_at_the_mode(page):
    """The remedy stands there too."""
    at = page()
    at.selectbox(key="field-mode").set_value("score").run()
    assert "champion" in wrong(at, "champion")
    assert at.button(key="run").disabled


def test_an_earlier_run_fills_the_form(page, fake_run):
    """Clone: what that run asked for, and nothing left of what stood there before."""
    fake_run(
        "r1",
        "failed",
        request={"source": "files", "path": "a.csv", "seed": "11", "beside": "logistic_regression"},
    )
    at = open_more(page(new="1"))
    at.number_input(key="field-embargo_sessions").set_value(9).run()
    ticked(at, "r1").button(key="act-clone").click().run()
    assert at.segmented_control(key="source").value == "files"
    assert at.text_input(key="field-path").value == "a.csv"
    assert at.number_input(key="field-seed").value == 11
    assert at.multiselect(key="field-beside").value == []
    assert at.number_input(key="field-embargo_sessions").value != 9
    assert any("r1" in caption.value for caption in at.caption)


def test_the_address_can_name_the_run_to_clone(page, fake_run):
    """A link from the run's own page does the same, once."""
    fake_run("r1", "failed", request={"seed": "12"})
    at = page(clone="r1")
    assert at.number_input(key="field-seed").value == 12
    assert "clone" not in at.query_params


def test_a_profile_fills_the_form_and_is_asked_for(page, desk_settings, tmp_path, monkeypatch, root):
    """Fields hold the profile's values, so that what differs from it is seen."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8")
    config = tmp_path / "luigi.cfg"
    config.write_text(f"[profile:three]\ntickers = IBM\nseed = 3\n\n{text}", encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    at = page()
    at.selectbox(key="profile").set_value("three").run()
    assert at.text_input(key="field-tickers").value == "IBM"
    assert at.number_input(key="field-seed").value == 3
    assert not at.button(key="run").disabled


def test_a_root_that_cannot_be_written_can_be_looked_at(page, fake_run, monkeypatch):
    """The button is off and says why; the list is there."""
    fake_run("r1", "failed")
    from dashboard import shell

    monkeypatch.setattr(shell, "can_write", lambda: False)
    at = page(new="1")
    assert at.button(key="run").disabled
    assert any("cannot be written" in caption.value for caption in at.caption)
    assert any("read-only" in caption.value for caption in at.caption)


def test_a_viewer_can_look_and_not_run(page, fake_run, tmp_path, monkeypatch, root):
    """The button is off and says why."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8").replace("role = approver", "role = viewer")
    config = tmp_path / "luigi.cfg"
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    fake_run("r1", "failed")
    at = page(new="1")
    assert at.button(key="run").disabled
    assert any("Your role, viewer, may not" in caption.value for caption in at.caption)
    assert "r1" in links(at)


def test_a_request_is_resolved_once_when_run_is_pressed(page, monkeypatch):
    """The form judges it; the question before the start shows what the form has found, also when it is drawn again."""
    resolved = []

    def counted(*args, **kwargs):
        resolved.append(args)
        return resolve(*args, **kwargs)

    at = page()
    monkeypatch.setattr(preview, "resolve", counted)
    at.button(key="run").click().run()
    assert at.button(key="start").label == "Start"
    assert len(resolved) == 1


def test_a_file_can_be_looked_at_before_it_runs(page, prices_file):
    """The button stands there once a path is named; what is shown is the gate's own, and no run begins."""
    at = page()
    at.segmented_control(key="source").set_value("files").run()
    assert "look-at" not in {button.key for button in at.button}
    at.text_input(key="field-path").set_value(str(prices_file)).run()
    at.button(key="look-at").click().run()
    assert not at.exception
    text = " ".join(markdown.value for markdown in at.markdown).replace("\\", "")
    assert "600 rows of 2 tickers, 300 sessions from 2020-01-01 to 2020-10-26" in text
    assert "choose it with --calendar 24/7" in text
    assert "non_session_row" in text
