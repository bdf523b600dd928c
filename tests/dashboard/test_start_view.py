"""The page New run: a mistake stands beside its field, and what will be done is said before."""

from __future__ import annotations

from datetime import date

import pytest

from core.journal import Journal
from core.queries.runs import preview
from core.registry.champions import PROMOTION, Champions, Change
from core.registry.registry import Registry
from core.request import settings
from core.request.known_profiles import KnownProfiles, question_of
from core.runs.resolve import resolve
from tests.dashboard.start_page import offered, open_more, said, wrong
from tests.dashboard.test_run_table_view import ticked


def test_an_empty_desk_can_run_the_sample_at_once(start_page, reader):
    """Nothing has run: the sample is chosen, seen, and what a run would do stands beside its button."""
    at = start_page()
    assert at.button(key="run").label == "Run"
    assert not at.button(key="run").disabled
    assert "Trains a model anew. Profile sample has no champion yet." in said(at, reader)
    assert "0 reused, 7 to be made" in said(at, reader)
    assert "12,154" in said(at, reader)
    assert not at.exception


def test_the_page_of_runs_leads_to_the_first_one(desk_page):
    """Nothing has run: one sentence, and the way to the form."""
    at = desk_page("views/runs.py")
    assert "Nothing has run here yet" in at.info[0].value
    at.button(key="new-run").click().run()
    assert at.button(key="run").label == "Run"


def test_who_comes_with_prices_of_their_own_finds_the_place_for_a_file(desk_page):
    """Today's "Use your own prices" opens the form with files chosen, and the address forgets it."""
    at = desk_page("views/start.py", **{"source-of": "files"})
    assert at.get("file_uploader")
    assert "source-of" not in at.query_params
    assert not at.exception


def test_a_filled_in_session_is_cloned_with_the_file_of_its_profile(
    desk_page, desk_settings, fake_run, prices_file
):
    """Its request names the profile alone: the form has the file behind it, read as before, and not the sample."""
    question = question_of("files", str(prices_file), "")
    KnownProfiles(desk_settings.data).keep("files:prices", question, reading={"calendar": "24/7"})
    fake_run("r1", "failed", request={"profile": "files:prices", "end": "2020-10-23"})
    at = desk_page("views/start.py", clone="r1")
    assert at.text_input(key="field-path").value == str(prices_file)
    assert at.date_input(key="field-end").value == date(2020, 10, 23)
    assert not at.exception


@pytest.mark.parametrize("address", [{"new": "1"}, {"clone": "r1"}])
def test_an_address_of_before_leads_to_the_form(desk_page, fake_run, address):
    """The form was on the page of runs once; its addresses go on working."""
    fake_run("r1", "failed", request={"end": "2012-01-01"})
    at = desk_page("views/runs.py", **address)
    assert "run" in {button.key for button in at.button}
    assert bool(at.date_input(key="field-end").value) == ("clone" in address)


def test_a_history_too_short_to_judge_is_named_before_the_start(start_page):
    """Four months of the sample: the question says what will come of it and what would do."""
    at = start_page()
    at.date_input(key="field-end").set_value(date(2000, 6, 30)).run()
    at.button(key="run").click().run()
    (warned,) = [w.value for w in at.warning]
    assert "90 are needed" in warned
    assert "Bring 5 more sessions" in warned


def test_a_mistake_stands_beside_its_field_before_run_is_pressed(start_page, desk_settings):
    """Swapped dates: the plan's own message, nothing to press, nothing started; corrected, it is gone."""
    at = start_page()
    at.date_input(key="field-start").set_value(date(2013, 1, 1))
    at.date_input(key="field-end").set_value(date(2012, 1, 1)).run()
    assert "is after" in wrong(at, "start")
    assert at.button(key="run").disabled
    at.date_input(key="field-end").set_value(date(2013, 2, 1)).run()
    assert not wrong(at, "")
    assert not at.button(key="run").disabled
    assert not at.exception
    assert not Journal.exists(desk_settings.data) or Journal(desk_settings.data).count_runs() == 0


def test_scoring_without_a_champion_is_said_at_the_mode(start_page):
    """The remedy stands there too."""
    at = start_page()
    at.radio(key="field-mode").set_value("score").run()
    assert "champion" in wrong(at, "champion")
    assert at.button(key="run").disabled


def test_an_earlier_run_fills_the_form(start_page, fake_run):
    """Clone: what that run asked for, and nothing left of what stood there before."""
    asked = {"source": "files", "path": "a.csv", "seed": "11", "beside": "logistic_regression"}
    fake_run("r1", "failed", request=asked)
    at = open_more(start_page(), "Training and test periods")
    at.number_input(key="field-embargo_sessions").set_value(9).run()
    at.query_params["clone"] = "r1"
    at.run()
    assert at.segmented_control(key="source").value == "files"
    assert at.text_input(key="field-path").value == "a.csv"
    assert at.number_input(key="field-embargo_sessions").value != 9
    open_more(at, "Model")
    assert at.number_input(key="field-seed").value == 11
    assert at.multiselect(key="field-beside").value == []
    assert any("r1" in caption.value for caption in at.caption)


def test_the_table_of_runs_leads_to_the_form_as_a_run_was(desk_page, fake_run):
    """Tick it, press Clone."""
    fake_run("r1", "failed", request={"end": "2012-01-01"})
    at = desk_page("views/runs.py")
    ticked(at, "r1").button(key="act-clone").click().run()
    assert at.date_input(key="field-end").value == date(2012, 1, 1)


def test_the_address_can_name_the_run_to_clone(start_page, fake_run):
    """A link from the run's own page does the same, once."""
    fake_run("r1", "failed", request={"seed": "12"})
    at = open_more(start_page(clone="r1"), "Model")
    assert at.number_input(key="field-seed").value == 12
    assert "clone" not in at.query_params


def test_a_profile_fills_the_form_and_is_asked_for(start_page, desk_settings, tmp_path, monkeypatch, root):
    """Fields hold the profile's values, so that what differs from it is seen."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8")
    config = tmp_path / "luigi.cfg"
    config.write_text(f"[profile:three]\ntickers = IBM\nseed = 3\n\n{text}", encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    at = start_page()
    at.selectbox(key="profile").set_value("three").run()
    assert at.multiselect(key="field-tickers").value == ["IBM"]
    assert open_more(at, "Model").number_input(key="field-seed").value == 3
    assert not at.button(key="run").disabled


def test_a_root_that_cannot_be_written_can_be_looked_at(start_page, fake_run, monkeypatch):
    """The button is off and says why; the list is there."""
    fake_run("r1", "failed")
    from dashboard import shell

    monkeypatch.setattr(shell, "can_write", lambda: False)
    at = start_page()
    assert at.button(key="run").disabled
    assert any("cannot be written" in caption.value for caption in at.caption)
    assert any("read-only" in each.proto.body for each in at.get("html"))


def test_a_viewer_can_look_and_not_run(start_page, fake_run, tmp_path, monkeypatch, root):
    """The button is off and says why."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8").replace("role = approver", "role = viewer")
    config = tmp_path / "luigi.cfg"
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    fake_run("r1", "failed")
    at = start_page()
    assert at.button(key="run").disabled
    assert any("Your role, viewer, may not" in caption.value for caption in at.caption)
    assert "look-at" not in {button.key for button in at.button}


def test_for_a_viewer_nothing_is_planned_and_no_file_is_told_of(
    start_page, fake_run, tmp_path, monkeypatch, root, desk_settings
):
    """A plan reads lists, keeps copies, tries models; a file's size is a piece of it."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8").replace("role = approver", "role = viewer")
    config = tmp_path / "luigi.cfg"
    config.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    (tmp_path / "many.txt").write_text("\n".join(f"T{number}" for number in range(3000)))
    at = start_page(**{"source-of": "files", "path": "/etc/passwd"})
    at.date_input(key="field-start").set_value(date(2024, 2, 1))
    at.date_input(key="field-end").set_value(date(2024, 1, 1)).run()
    assert not any("written" in caption.value for caption in at.caption)
    fake_run("r1", "failed", request={"source": "yahoo", "tickers": f"@{tmp_path / 'many.txt'}"})
    start_page(clone="r1")
    assert not (desk_settings.data / "universes").exists()


def test_a_request_is_resolved_once_when_run_is_pressed(start_page, monkeypatch):
    """The form judges it; the question before the start shows what the form has found, also when it is drawn again."""
    resolved = []

    def counted(*args, **kwargs):
        resolved.append(args)
        return resolve(*args, **kwargs)

    at = start_page()
    monkeypatch.setattr(preview, "resolve", counted)
    at.button(key="run").click().run()
    assert at.button(key="start").label == "Start"
    assert len(resolved) == 1


def champion_in(finished):
    """A data root whose one model is the champion of its profile."""
    now = settings.load({"AFTERCLOSE_DATA": str(finished)})
    (model,) = Registry(now.data).ids()
    profile = Journal(now.data).runs(limit=1)[0].profile
    Champions(now).point(profile, Change(PROMOTION, model, "the first"))
    return model, profile


def test_what_automatic_means_is_said_before(open_view, finished, reader):
    """With a champion: it scores, by name, age and tickers; training is a choice; all there is nothing to do."""
    model, profile = champion_in(finished)
    run = Journal(finished).runs(limit=1)[0].run_id
    at = open_view("start", finished, clone=run)
    if at.radio(key="field-mode").value != "auto":
        at.radio(key="field-mode").set_value("auto").run()
    assert f"Scores with champion {model[:6]}. It is the champion of {profile}; nothing is trained." in said(
        at, reader
    )
    assert "It learnt up to" in said(at, reader)
    assert "Reused: ingest, validate, clean, feature engineer." in said(at, reader)
    assert "Model" not in offered(open_more(at))
    at.radio(key="field-mode").set_value("train").run()
    assert "Trains nothing new, and judges again." in said(at, reader)
    assert "Model" in offered(at)


def test_nothing_to_do_is_said_before(open_view, finished, reader):
    """Asked for the very same again: all seven stages are there."""
    run = Journal(finished).runs(limit=1)[0].run_id
    at = open_view("start", finished, clone=run)
    assert "Nothing to do. All 7 stages are there already." in said(at, reader)
