"""The Audit page on real data roots: full, filtered by address, empty, damaged, for a viewer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial

import pytest

from core.errors import BusyError
from core.journal import Journal
from core.registry.registry import Registry
from core.request.settings import load
from core.review import decisions, ledger, signoff
from core.review.people import Person, local_person
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.timing import Timing
from core.store.checkpoints import Store
from core.upkeep import one_check
from tests.dashboard.conftest import bodies

ANN = Person("77@id.example.org", "Ann", "approver", "OpenID Connect, https://id.example.org")


@pytest.fixture
def page(open_view):
    """Open the page on a data root, as a new visitor: ``page(data, run=...)``."""
    return partial(open_view, "audit")


@pytest.fixture
def decided(finished):
    """A finished data root with two records: a promotion and a signature."""
    settings, journal = load({"AFTERCLOSE_DATA": str(finished)}), Journal(finished)
    decisions.promote(settings, Registry(finished).ids()[0], "A baseline.", person=ANN)
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    shown = signoff.signable(Store(finished), journal, folder.name).sha256
    signoff.submit(settings, journal, folder.name, text_sha256=shown, person=ANN, comment="<b>As it is</b>")
    return finished


def test_every_record_is_shown_with_who_what_when_and_opens_from_its_row(page, decided, reader):
    """Newest first; words stay words; of a start what was asked for; folded in its row all that is kept."""
    at = page(decided)
    assert not at.exception
    shown = reader.table(at, "Record", "Who", "Detail")
    assert list(shown["Record"]) == ["3", "2", "1"]
    assert list(shown["What"]) == ["submitted", "promoted", "started a run"]
    assert list(shown["Who"])[:2] == ["Ann (approver)"] * 2
    record = Journal(decided).records()[1]
    assert shown["Detail"][0] == "<b>As it is</b>"
    assert record.content["text_sha256"] in reader.words(at)
    assert record.hash in reader.words(at)
    assert "source files" in reader.words(at), (
        "what a run was asked for stands where a decision has its reason"
    )
    times = re.findall(r">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC<", " ".join(bodies(at)))
    assert len(times) == 3, "a time to the second for each record"
    assert any('href="model?run=' in body for body in bodies(at))
    seal = (
        f'<code title="{record.hash}">{record.hash[:6]}</code><button type="button" data-copy="{record.hash}"'
    )
    assert any(seal in body for body in bodies(at)), "its beginning, and the whole to be copied"
    assert [b.proto.label for b in at.get("download_button")] == ["CSV", "JSON"]


def test_filters_stand_in_the_address(page, decided, reader):
    """A link shows the same; nothing that matches is said as such."""
    assert list(reader.table(page(decided, what="promoted"), "Record", "Who")["Record"]) == ["2"]
    assert "0 of 3 records" in reader.said(page(decided, text="nowhere").caption)


def test_verify_finds_what_was_changed_and_says_where(page, decided, lookers, reader):
    """All whole first; then a byte of an artifact."""
    at = page(decided).button(key="verify").click().run()
    assert "All whole" in reader.words(at)
    path = lookers.folder_of(decided, "evaluate") / "evaluation.json"
    path.write_bytes(path.read_bytes() + b" ")
    at = page(decided).button(key="verify").click().run()
    assert "1 fault in" in reader.words(at)
    assert "Damaged" in reader.words(at)
    assert list(reader.table(at, "Which", "How")["Which"]) == [f"evaluate/{path.parent.name}"]


def test_an_empty_data_root_says_where_records_come_from(page, data, reader):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "No act of a person is on record yet" in reader.said(at.info)
    assert not data.exists()


def test_a_damaged_journal_is_said(page, decided, reader):
    """One message and no table."""
    for path in decided.glob("journal.sqlite*"):
        path.write_bytes(b"no database" * 200)
    at = page(decided)
    assert not at.exception
    assert "journal" in reader.said(at.error)
    assert not at.dataframe


def test_an_accepted_finding_has_ticker_and_date_and_no_digest(page, data, reader, desk_settings):
    """A rule's name is no digest; of two findings of a rule the rows differ."""
    settings = load({"AFTERCLOSE_DATA": str(data)})
    journal = Journal(data)
    content = {
        "user": "Ann",
        "role": "operator",
        "at_utc": "2026-01-02T10:00:00+00:00",
        "why": "The exchange says so.",
    }
    for ticker, day in (("ACME", "2024-01-17"), ("BETA", "2024-02-01")):
        about = {
            "rule": "conflicting_duplicate",
            "ticker": ticker,
            "first": day,
            "last": day,
            "until": "2024-12-31",
        }
        ledger.append(settings, journal, "waiver", "conflicting_duplicate", {**content, **about})
    shown = reader.table(page(data), "Record", "About")
    assert list(shown["What"]) == ["accepted a finding"] * 2
    assert list(shown["About"]) == [
        "conflicting duplicate BETA · 2024-02-01", "conflicting duplicate ACME · 2024-01-17"
    ]  # fmt: skip
    assert "Digest" not in reader.words(page(data)), "a rule's name is no digest"


def test_a_run_that_is_asked_for_again_and_its_end_by_a_person_are_there(page, data, desk_settings, reader):
    """Who started, who started again, who cancelled; each with a link to its run."""
    settings, journal = load({"AFTERCLOSE_DATA": str(data)}), Journal(data)
    for number in (1, 2):
        facts = {
            "who": "Ann",
            "how": "desk",
            "request": {"tickers": "AAPL"},
            "target": "report",
            "state": "queued",
        }
        ledger.add_run(settings, journal, f"20260102T10000{number}Z-abcdef", **facts)
    content = {
        "user": "Bob",
        "role": "operator",
        "at_utc": "2026-01-02T10:05:00+00:00",
        "decision": "cancelled",
    }
    ledger.append(settings, journal, "cancel", "20260102T100002Z-abcdef", content)
    at = page(data, no_starts="true")
    assert list(reader.table(at, "Record", "About")["What"]) == ["cancelled"], "decisions alone"
    at = page(data)
    shown = reader.table(at, "Record", "About")
    assert list(shown["What"]) == ["cancelled", "started a run again", "started a run"]
    assert [about.split()[0] for about in shown["About"]][1:] == ["AAPL", "AAPL"]
    links = " ".join(each.proto.body for each in at.get("html"))
    assert 'href="run?run=20260102T100002Z-abcdef"' in links


def test_the_rule_of_a_schedule_is_said_as_a_person_would(page, data, desk_settings, reader):
    """The record keeps the rule as it was set; the page says it."""
    settings = load({"AFTERCLOSE_DATA": str(data)})
    definition.add(
        settings, Schedule("daily", Timing("close+45m"), {}), now=datetime.now(UTC), person=local_person(settings)
    )  # fmt: skip
    assert list(reader.table(page(data), "Record", "Detail")["Detail"]) == ["45 min after the close, XNYS"]


def test_one_check_goes_at_a_time(page, decided, reader):
    """Each reads every file: whoever may look may press, in a hundred tabs."""
    assert one_check._AT_WORK.acquire(blocking=False)
    try:
        with pytest.raises(BusyError, match="being verified already"):
            one_check.verify_alone(load({"AFTERCLOSE_DATA": str(decided)}))
        at = page(decided).button(key="verify").click().run()
    finally:
        one_check._AT_WORK.release()
    assert "being verified already" in reader.said(at.error)
    assert "Not verified" in reader.words(at)
    assert one_check.verify_alone(load({"AFTERCLOSE_DATA": str(decided)})).faults == ()
