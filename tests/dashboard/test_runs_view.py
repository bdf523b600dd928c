"""The page Run: the form is the stage table, a mistake stands next to it, runs are found again."""

from __future__ import annotations

from datetime import date

import pytest

from core.journal import Journal
from core.requestform import main_fields, more_fields


@pytest.fixture
def page(desk_page):
    """The landing page."""

    def show():
        return desk_page("views/runs.py")

    return show


def test_an_empty_desk_says_what_to_press(page):
    """Nothing has run: one sentence, one button, no list."""
    at = page()
    assert "Press **Run**" in at.info[0].value
    assert at.button(key="run").label == "Run"
    assert not at.subheader
    assert not at.exception


def test_the_form_has_every_option_with_its_default(page):
    """Each option of the stage table has a widget that holds what the settings say."""
    at = page()
    names = [p.name for group in more_fields().values() for p in group] + list(main_fields())
    keys = {f"field-{name}" for name in names if name not in ("source", "path")}
    widgets = [*at.text_input, *at.number_input, *at.selectbox, *at.multiselect, *at.date_input, *at.checkbox]
    assert keys <= {widget.key for widget in widgets}
    assert at.number_input(key="field-seed").value == 7
    assert at.number_input(key="field-price_tolerance").value == 1e-6
    assert at.multiselect(key="field-beside").value == ["hist_gradient_boosting"]
    assert at.date_input(key="field-start").value is None


def test_a_path_is_asked_for_only_with_files(page):
    """The field appears with the source it belongs to."""
    at = page()
    assert "field-path" not in {widget.key for widget in at.text_input}
    at.segmented_control(key="source").set_value("files").run()
    assert "field-path" in {widget.key for widget in at.text_input}


def test_a_mistake_is_shown_and_nothing_starts(page, desk_settings):
    """Swapped dates: the plan's own message, no run, no traceback."""
    at = page()
    at.date_input(key="field-start").set_value(date(2013, 1, 1))
    at.date_input(key="field-end").set_value(date(2012, 1, 1))
    at.button(key="run").click().run()
    assert "is after" in at.error[0].value
    assert not at.exception
    assert not Journal.exists(desk_settings.data) or Journal(desk_settings.data).count_runs() == 0


def test_a_file_that_is_not_there_is_named(page):
    """The message names the file that was typed."""
    at = page()
    at.segmented_control(key="source").set_value("files").run()
    at.text_input(key="field-path").set_value("nowhere.csv")
    at.button(key="run").click().run()
    assert "nowhere.csv" in at.error[0].value


@pytest.mark.slow
def test_pressing_run_starts_one_run_and_leads_to_it(page, desk_settings, launched, wait_until):
    """The run is in the journal under the desk's user; pressed again elsewhere, the same one is shown."""
    at = page()
    at.date_input(key="field-start").set_value(date(2011, 1, 3))
    at.button(key="run").click().run()
    journal = Journal(desk_settings.data)
    (run,) = journal.active_runs()
    assert (run.who, run.how, dict(run.request)) == ("local user", "desk", {"start": "2011-01-03"})
    assert at.query_params["run"] in (run.run_id, [run.run_id])

    other = page()
    other.date_input(key="field-start").set_value(date(2011, 1, 3))
    other.button(key="run").click().run()
    assert journal.count_runs() == 1
    assert "already going" in other.info[0].value

    listed = page()
    assert [heading.value for heading in listed.subheader] == ["Going now", "Recent runs"]
    from core.review.people import local_person
    from core.runs.launcher import cancel

    cancel(desk_settings, run.run_id, person=local_person(desk_settings))
    wait_until(lambda: not journal.run(run.run_id).active, "the run to end")


def test_earlier_runs_are_listed_with_state_and_report(page, desk_settings, fake_run):
    """A terminal's and a desk's runs stand in one list; a failed one claims no report."""
    fake_run("20260302T210500Z-aaaaaa", "succeeded", keys={"report": "2013-03-01-abc"}, how="terminal")
    fake_run("20260302T220500Z-bbbbbb", "failed", keys={"report": "2013-03-01-def"})
    at = page()
    told = " ".join(caption.value for caption in at.caption)
    links = [link.label for link in at.get("page_link")] if at.get("page_link") else []
    assert "report 2013\\-03\\-01\\-abc" in told
    assert "no report" in told
    assert "a tester, terminal" in told
    assert any("20260302T220500Z-bbbbbb" in str(link) for link in links)
    assert not at.info


def test_more_than_ten_runs_come_in_pages(page, fake_run):
    """The second page begins with the eleventh newest."""
    for number in range(12):
        fake_run(f"r{number:02d}", "failed")
    at = page()
    assert "r01" not in str([link.label for link in at.get("page_link")])
    at.session_state["runs-page"] = 2
    at.run()
    labels = str([link.label for link in at.get("page_link")])
    assert "r01" in labels
    assert "r11" not in labels


def test_words_from_a_run_are_shown_as_they_are(page, fake_run):
    """A name that is Markdown for a remote picture stays a name."""
    fake_run("r1", "failed", who="![x](http://a.example/p.png)")
    at = page()
    assert any("\\!\\[x\\]" in caption.value for caption in at.caption)


def test_a_root_that_cannot_be_written_can_be_looked_at(page, desk_settings, fake_run, monkeypatch):
    """The button is off and says why; the list is there."""
    fake_run("r1", "failed")
    from dashboard import shell

    monkeypatch.setattr(shell, "can_write", lambda: False)
    at = page()
    assert at.button(key="run").disabled
    assert any("cannot be written" in caption.value for caption in at.caption)
    assert any("read-only" in caption.value for caption in at.caption)
