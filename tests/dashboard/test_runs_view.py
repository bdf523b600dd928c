"""The page Runs: the form is the stage table, a mistake stands beside its field, runs are found again."""

from __future__ import annotations

import re
from datetime import date

import pytest

from core.journal import Journal
from core.queries.runs import preview
from core.request.form import main_fields, more_fields
from core.runs.resolve import resolve
from tests.dashboard.conftest import bodies
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


def links(at) -> list[str]:
    """The ids of the runs in the table, from the top."""
    return re.findall(r'<a href="run[?]run=([^"]+)"', " ".join(bodies(at)))


def ticked(at, *run_ids: str):
    """Tick runs, as the table's script says it."""
    at.session_state["run-table-ticks"] = {"ticked": list(run_ids)}
    return at.run()


def off(at, action: str) -> str:
    """Why an action is off; empty when it can be pressed."""
    button = at.button(key=f"act-{action}")
    return button.help if button.disabled else ""


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


def test_earlier_runs_are_listed_with_state_and_what_was_asked(page, fake_run, reader):
    """A terminal's and a desk's runs stand in one list."""
    fake_run("20260302T210500Z-aaaaaa", "succeeded", keys={"report": "2013-03-01-abc"}, how="terminal")
    fake_run("20260302T220500Z-bbbbbb", "failed", request={"tickers": "IBM"})
    at = page()
    told = reader.words(at)
    assert "tickers IBM" in told
    assert "all defaults" in told
    assert re.search(r"a tester\s+terminal", told)
    assert links(at) == ["20260302T220500Z-bbbbbb", "20260302T210500Z-aaaaaa"]
    assert not at.info


def test_runs_come_fifteen_a_page_and_the_page_is_in_the_address(page, fake_run):
    """The second page begins with the sixteenth newest; one past the end is the last."""
    for number in range(17):
        fake_run(f"r{number:02d}", "cancelled")
    assert links(page())[-1] == "r02"
    assert links(page(page="2")) == ["r01", "r00"]
    assert links(page(page="99")) == ["r01", "r00"]


def test_filters_in_the_address_narrow_the_list(page, fake_run):
    """State, source, person and words; together they are all meant."""
    fake_run("r1", "failed", who="ann", request={"source": "files", "path": "odd.csv"})
    fake_run("r2", "succeeded", who="bob", request={})
    fake_run("r3", "failed", who="bob", error="validate: too much is missing")
    assert "r2" not in links(page(state="failed"))
    assert "r1" in links(page(**{"from": "files"}))
    assert "r3" not in links(page(**{"from": "files"}))
    assert "r1" not in links(page(who="bob"))
    found = links(page(state="failed", who="bob", text="MISSING"))
    assert "r3" in found
    assert "r1" not in found
    nothing = page(text="nobody wrote this")
    assert any("No run is like that" in caption.value for caption in nothing.caption)


def test_heads_sort_and_what_is_sorted_by_stands_in_the_address(page, fake_run):
    """By who, both ways; of equal ones the newest first; a word that is no head changes nothing."""
    for run_id, who in (("r1", "bob"), ("r2", "ann"), ("r3", "bob")):
        fake_run(run_id, "failed", who=who, request={"seed": run_id[1]})
    assert links(page(sort="who")) == ["r3", "r1", "r2"]
    assert links(page(sort="who", ascending="1")) == ["r2", "r3", "r1"]
    assert links(page(sort="nothing")) == ["r3", "r2", "r1"]


def test_attempts_at_one_thing_say_which_they_are(page, fake_run, reader):
    """Asked again after it failed, with a finding accepted; once it came to an end, the next is no attempt of it."""
    fake_run("r1", "failed", request={"seed": "1"})
    fake_run("r2", "succeeded", request={"seed": "1", "waivers": "w.toml"})
    fake_run("r3", "failed", request={"seed": "1"})
    fake_run("r4", "failed", request={"seed": "2"})
    told = reader.words(page())
    assert re.findall(r"attempt \d of \d", told) == ["attempt 2 of 2", "attempt 1 of 2"]


def test_actions_say_what_they_need_until_it_is_ticked(page, fake_run):
    """Nothing, a failed and a good run: each is off with its reason, or can be pressed."""
    fake_run("r1", "failed")
    fake_run("r2", "succeeded")
    at = page()
    assert "Tick two" in off(at, "compare")
    assert "came to nothing" in off(at, "retry")
    assert not off(ticked(at, "r1"), "retry")
    assert not off(at, "clone")
    assert "came to nothing" in off(ticked(at, "r1", "r2"), "retry")
    assert "Tick one" in off(at, "clone")
    assert "Tick two" in off(at, "compare"), "neither has a report"


def test_runs_are_put_aside_with_a_reason_and_found_again(page, fake_run, desk_settings):
    """They leave the list; the address brings them back."""
    fake_run("r1", "failed")
    fake_run("r2", "failed", request={"seed": "2"})
    at = ticked(page(), "r1")
    at.button(key="act-aside").click().run()
    at.text_input(key="aside-runs-why").set_value("A rehearsal.")
    at.button(key="aside-yes").click().run()
    assert links(page()) == ["r2"]
    assert links(page(aside="true")) == ["r2", "r1"]
    (record,) = Journal(desk_settings.data).records()
    assert (record.content["decision"], record.content["why"]) == ("put aside", "A rehearsal.")


def test_a_name_tags_and_a_note_are_kept_and_found_by(page, fake_run, reader):
    """The name is the row's link, the tag a filter in the address."""
    fake_run("r1", "failed")
    fake_run("r2", "failed", request={"seed": "2"})
    at = ticked(page(), "r1")
    at.button(key="act-name").click().run()
    at.text_input(key="name-r1").set_value("The <b>quarter</b>")
    at.text_area(key="note-r1").set_value("Ask the vendor.")
    at.button(key="name-yes").click().run()
    told = reader.words(page())
    assert "The <b>quarter</b>" in told
    assert "note" in told


def test_words_from_a_run_are_shown_as_they_are(page, fake_run, reader):
    """A name that is Markdown for a remote picture stays a name."""
    fake_run("r1", "failed", who="![x](http://a.example/p.png)")
    at = page()
    assert "![x](http://a.example/p.png)" in reader.words(at)
    assert not any("![x](" in e.value for e in [*at.caption, *at.markdown])


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
