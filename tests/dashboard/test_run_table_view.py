"""The table of runs on the page Runs: found again by filters, sorted, acted on by ticks."""

from __future__ import annotations

import re

import pytest

from core.journal import Journal
from tests.dashboard.conftest import bodies


@pytest.fixture
def page(desk_page):
    """The page of runs, with what its address says."""

    def show(**address):
        return desk_page("views/runs.py", **address)

    return show


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
    """Nothing ticked: no button; a failed and a good run: each is off with its reason, or can be pressed."""
    fake_run("r1", "failed")
    fake_run("r2", "succeeded")
    at = page()
    assert not [button.key for button in at.button if button.key.startswith("act-")]
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


def test_who_started_the_runs_is_a_column_only_where_it_tells_them_apart(page, fake_run, reader):
    """One person, one way: said once, below the table."""
    for number in range(2):
        fake_run(f"r{number}", "failed", who="ann", how="terminal", request={"seed": str(number)})
    at = page()
    assert 'data-label="Started by"' not in " ".join(bodies(at))
    assert any("2 runs, all started by ann, terminal." in caption.value for caption in at.caption)
    fake_run("r2", "failed", who="bob", how="terminal", request={"seed": "2"})
    assert 'data-label="Started by"' in " ".join(bodies(page()))
