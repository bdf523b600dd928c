"""The page of one run: where a run is, why it failed, whatever door it came through."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from core.journal import Journal
from core.runs.log import RunLog
from dashboard.states import look
from tests.dashboard.conftest import bodies
from tests.shared import copy_root


def shown(at) -> str:
    """The log, or what was printed, as a reader sees it."""
    (text,) = [
        h.proto.body for h in at.get("html") if h.proto.body.startswith(("<pre", '<div class="log-lines"'))
    ]
    return unescape(re.sub(r"<[^>]*>", "", text))


@pytest.fixture
def page(desk_page):
    """The page of one run."""

    def show(run_id: str | None = None, **address):
        return desk_page("views/run.py", run=run_id, **address)

    return show


def test_without_a_run_it_says_where_to_begin(page):
    """The empty page has one way on."""
    at = page()
    assert "press **Run**" in at.info[0].value
    assert not at.exception


def test_a_run_that_nobody_knows_is_said(page):
    """A mistyped address gets a sentence."""
    at = page("nobody")
    assert "there is no run" in at.error[0].value
    assert not at.exception


@pytest.mark.slow
def test_a_finished_run_of_the_terminal_shows_its_stages_log_and_ways_on(
    page, prepared, desk_settings, reader
):
    """Seven boxes done, sign-off is next; the log is there and no output file was needed."""
    copy_root(prepared, desk_settings.data)
    (run,) = Journal(desk_settings.data).runs()
    at = page(show="log")
    assert at.query_params["run"] in (run.run_id, [run.run_id])
    state, verdict, *stages = reader.badges(at)
    assert (state, stages) == ("succeeded", [*["done"] * 7, "to sign"])
    assert look(verdict) != look("a word that is no state"), "the verdict has the look that it has everywhere"
    assert "7 of 7 stages" in reader.words(at)
    assert "600 rows" in reader.words(at)
    assert "run finished: succeeded" in shown(at)
    assert "open-report" in {b.key for b in at.button}
    assert f'href="model?run={run.run_id}"' in " ".join(bodies(at)), "the verdict leads to what it rests on"
    assert "retry" not in {button.key for button in at.button}
    assert not at.error
    assert not at.exception


@pytest.mark.slow
def test_the_log_of_a_run_that_is_over_shows_its_end_and_the_rest_when_asked(
    page, prepared, desk_settings, reader
):
    """The last lines are there; one press brings the filters, which would cost every view of the page."""
    copy_root(prepared, desk_settings.data)
    at = page()
    assert "run finished: succeeded" in shown(at)
    assert "run started" not in shown(at)
    assert "follow" not in {toggle.key for toggle in at.toggle}
    at.button(key="log-whole").click().run()
    assert "run started" in shown(at)
    assert at.toggle(key="follow").value


@pytest.mark.slow
def test_a_gate_failure_shows_the_first_error_and_the_findings(
    page, desk_settings, run_luigi, small, tmp_path, make_prices, reader
):
    """The sentence on top, the box in red and word, the finding with ticker, date and value."""
    lines = make_prices().splitlines()
    row = lines[100].split(",")
    lines[100] = ",".join([*row[:3], "0.01", *row[4:]])
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = list(small)
    options[options.index("--path") + 1] = str(path)
    assert run_luigi(*options, data=desk_settings.data).code == 30

    at = page(show="log")
    said = reader.said(at.error)
    assert said.startswith(f"{row[1]}, {row[0]}: high (0.01) is below open")
    assert "). So the gate stopped the run" in said
    assert len(at.error) == 1, "what stopped it is said once"
    assert reader.badges(at) == ["failed", "done", "failed", "not run"]
    assert sum(each.value.count("Correct it at the source and run again.") for each in at.markdown) == 1
    assert not at.checkbox, "a single finding is no list"
    rows = reader.table(at, "File", "Date", "Low", "High")
    assert (list(rows["File"]), list(rows["Date"])) == (["bad.csv, line 101"], [row[0]])
    assert "ERROR: failed after" in shown(at)
    assert "Traceback" not in shown(at)
    assert [button.key for button in at.button] == [
        "step-earlier",
        "step-later",
        "search-open",
        "clone",
        "act-name",
        "bring",
        "accept",
        "retry",
        "log-whole",
    ]
    assert not at.button(key="accept").disabled


@pytest.mark.slow
def test_a_running_run_can_be_cancelled_and_then_says_so(page, desk_settings, launched, wait_until, reader):
    """Running shows the button; once over, the button is gone and the state is a word."""
    run_id = launched({}).run_id
    journal = Journal(desk_settings.data)
    wait_until(lambda: any(e.state == "started" for e in journal.events(run_id)), "the first stage to start")
    at = page(run_id)
    assert reader.badges(at)[0] == "running"  # which of its stages goes by now depends on the machine
    assert reader.badges(at)[-1] == "queued"
    assert "Cancel this run" in [button.label for button in at.button]

    from core.review.people import local_person
    from core.runs.launcher import cancel

    cancel(desk_settings, run_id, person=local_person(desk_settings))
    wait_until(lambda: not journal.run(run_id).active, "the run to end")
    at.run()
    assert reader.badges(at)[0] == "cancelled"
    assert "cancelled" in at.error[0].value.lower()
    assert "Cancel this run" not in [button.label for button in at.button]


def test_a_run_whose_process_is_gone_reads_interrupted(page, fake_run, reader):
    """Nobody wrote an end; the journal looks whether the process lives."""
    fake_run("r1", None, gone=True)
    at = page("r1")
    assert reader.badges(at) == ["interrupted", "not run"]
    assert "7 more" in reader.words(at)
    assert "its process is gone" in at.error[0].value


def test_an_error_full_of_markdown_is_shown_as_it_is(page, fake_run):
    """What data says cannot draw a picture on the operator's page."""
    fake_run("r1", "failed", error="![x](http://a.example/p.png)")
    at = page("r1")
    assert "![x](" not in at.error[0].value


@pytest.mark.slow
def test_a_damaged_report_is_said_and_the_rest_is_shown(page, prepared, desk_settings, reader):
    """One changed byte: sign-off cannot be judged, the page says which file."""
    copy_root(prepared, desk_settings.data)
    (path,) = desk_settings.data.glob("checkpoints/report/*/report.txt")
    path.write_bytes(path.read_bytes() + b" ")
    at = page()
    assert reader.badges(at)[0] == "succeeded"
    assert "report.txt is damaged" in at.error[0].value.replace("\\", "")
    assert not at.exception


def test_filters_in_the_address_narrow_the_log(page, fake_run, desk_settings):
    """Level, stage and words of a link show the same lines to whoever opens it."""
    fake_run("r1", "failed", error="clean: No Room")
    log = RunLog(desk_settings.data, "r1")
    log.write("started", stage="ingest")
    log.write("failed", stage="clean", level="error", seconds=1.0, error="No Room")
    log.write("run_finished", state="failed", level="warning")
    assert "started" in shown(page("r1"))
    narrowed = shown(page("r1", level="error", stage="clean", find="room"))
    assert "No Room" in narrowed
    assert "started" not in narrowed
    assert page("r1", stage="clean").selectbox(key="stage").value == "clean"
    assert "stage" not in {widget.key for widget in page("r1").selectbox}
    assert shown(page("r1", find="nobody wrote this")) == "no line is like that"


@pytest.mark.slow
def test_a_checkpoint_leads_to_its_inputs_and_on_to_the_rows(page, prepared, desk_settings, reader):
    """From the report back to the prices, each time by what the meta names; rows, document and text are shown."""
    copy_root(prepared, desk_settings.data)
    at = page(show="artifacts")
    assert "report.txt" in at.selectbox(key="file").options
    assert "PRICE REPORT" in at.code[0].value
    at.button(key="input-0").click().run()
    assert at.segmented_control(key="of").value == "evaluate"
    at = page(show="artifacts", of="clean", file="prices_clean.json", ticker="BBB")
    rows = at.dataframe[0].value
    assert set(rows["ticker"]) == {"BBB"}
    assert rows["date"].is_monotonic_decreasing
    assert "whole" in reader.badges(at)
    at.selectbox(key="file").set_value("repairs.json").run()
    assert at.json
    assert not at.exception


@pytest.mark.slow
def test_a_damaged_checkpoint_says_so_where_it_is_looked_at(page, prepared, desk_settings, reader):
    """No rows of it are shown and nothing of it can be downloaded; the stage before is whole."""
    copy_root(prepared, desk_settings.data)
    (path,) = desk_settings.data.glob("checkpoints/clean/*/prices_clean.json")
    path.write_bytes(path.read_bytes()[:-2])
    at = page(show="artifacts", of="clean")
    assert "prices_clean.json is damaged" in " ".join(e.value for e in at.error).replace("\\", "")
    assert "damaged" in reader.badges(at)
    assert not at.dataframe
    assert set(reader.table(at, "File", "Size")["File"]) >= {"prices_clean.json"}
    assert "whole" in reader.badges(page(show="artifacts", of="validate"))
    assert not at.exception


def test_a_run_that_failed_otherwise_is_best_asked_for_again(page, fake_run):
    """Nothing has to be corrected first."""
    fake_run("r1", "failed", error="ingest: no answer")
    assert page("r1").button(key="retry").proto.type == "primary"


def test_several_findings_are_a_list_to_tick(page, fake_run, desk_settings):
    """How many are open is said; nothing is accepted before it is ticked."""
    fake_run("r1", "failed", error="validate: stopped")
    findings = [
        {"rule": "inconsistent_ohlc", "severity": "error", "ticker": "AAA", "date": day, "value": 1.0}
        for day in ("2020-01-02", "2020-01-03")
    ]
    RunLog(desk_settings.data, "r1").save("findings.json", json.dumps({"findings": findings}).encode())
    at = page("r1")
    assert "2 errors: 2 open, 0 accepted." in " ".join(each.value for each in at.markdown)
    assert at.checkbox[0].label == "All 2 that are open"
    assert at.button(key="accept").disabled
    at.checkbox[0].check().run()
    assert at.button(key="accept").label == "Accept 2 ticked..."


def test_an_error_that_nobody_may_accept_is_said_to_be_so(page, fake_run, desk_settings):
    """A table that cannot be read has to be corrected; there is no way round it."""
    fake_run("r1", "failed", error="validate: stopped")
    finding = {"rule": "wrong_type", "severity": "error", "ticker": None, "date": None, "value": "x"}
    body = json.dumps({"findings": [finding]}).encode()
    RunLog(desk_settings.data, "r1").save("findings.json", body)
    at = page("r1")
    assert at.button(key="retry").proto.type == "secondary", (
        "what would stop again is not what is offered first"
    )
    assert "accept" not in {button.key for button in at.button}
    assert any("None of the errors can be accepted" in caption.value for caption in at.caption)


def test_a_root_that_cannot_be_written_can_be_looked_at(page, fake_run, monkeypatch):
    """Everything is there to read; nothing can be pressed that would write."""
    fake_run("r1", "failed", error="it failed")
    from dashboard import shell

    monkeypatch.setattr(shell, "can_write", lambda: False)
    at = page("r1")
    assert "it failed" in at.error[0].value
    assert at.button(key="retry").disabled


def test_what_a_finished_run_did_not_reach_cannot_be_retried(page, fake_run):
    """Only what came to nothing is asked for again; a run that succeeded can be cloned."""
    fake_run("r1", "succeeded")
    at = page("r1")
    assert "retry" not in {button.key for button in at.button}
    assert "clone" in {button.key for button in at.button}
