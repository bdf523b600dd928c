"""The desk's own file of waivers says what people accepted on record: what else it says is named, and no run obeys."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from core.errors import CheckpointError, ParameterError, SettingsError
from core.journal import Journal
from core.journal.chain import make
from core.prices.waivers import parse
from core.review import keys
from core.review.people import Person, local_person
from core.review.waive import accept, file_for, recorded_waivers
from core.runs.resolve import resolve
from core.store import file_copies
from core.store.waivers import load
from core.upkeep.verification import verify

BLOCK = """
[[waiver]]
rule = "outlier_spike"
ticker = "IBM"
who = "Ann Approver <ann@id.example.org>"
why = "A halt."
first = 2012-01-03
last = 2012-01-03
until = 2030-01-01
"""


@pytest.fixture
def accepted(desk_settings):
    """A file with one finding that somebody accepted at the desk; returns it."""
    person, path = local_person(desk_settings), file_for(desk_settings, {})
    journal = Journal(desk_settings.data)
    finding = {"rule": "inconsistent_ohlc", "ticker": "IBM", "date": "2012-01-03"}
    why = 'say "so" \U0001f600 \x7f'
    accept(desk_settings, journal, path, [finding], person=person, why=why, until="2013-06-30")
    whole = {"rule": "zero_volume", "ticker": None, "date": None}
    accept(desk_settings, journal, path, [whole], person=person, why="  closed ", until="2013-06-30")
    return path


def told(settings):
    """What verify says of waivers."""
    return [fault.how for fault in verify(settings, quick=True).faults if fault.what == "waivers"]


def test_what_was_accepted_at_the_desk_is_on_record(desk_settings, accepted):
    """In whatever words."""
    assert told(desk_settings) == []
    assert recorded_waivers(desk_settings, accepted)


@pytest.mark.parametrize("how", ["added", "longer", "another person", "another ticker"])
def test_a_finding_that_was_accepted_by_editing_the_file_is_named(desk_settings, accepted, how):
    """Whoever may write the data root, or sits at it, accepts in anybody's name; verify 30, and no run goes by it."""
    before = accepted.read_text()
    changed = {
        "added": before + BLOCK, "longer": before.replace("2013-06-30", "2033-06-30", 1),
        "another person": before.replace("local user", "Ann Approver", 1),
        "another ticker": before.replace("IBM", "GOOG", 1),
    }  # fmt: skip
    accepted.write_text(changed[how])
    (fault,) = told(desk_settings)
    assert "no record says that" in fault
    with pytest.raises(CheckpointError, match="no record says") as caught:
        recorded_waivers(desk_settings, accepted)
    assert caught.value.exit_code == 30
    accepted.write_text("[[waiver")
    assert len(told(desk_settings)) == 1


@pytest.mark.parametrize(
    "text", ["until = " + "1" * 5_000, "rule" + ".a" * 20_000 + " = 1", "why = 0x" + "f" * 5_000]
)
def test_a_file_of_waivers_that_nobody_can_read_hides_nothing(desk_settings, accepted, text):
    """verify names it, and what else it found, at once."""
    accepted.write_text(f"[[waiver]]\n{text}")
    assert len(told(desk_settings)) == 1


def test_a_row_that_nobody_signed_accepts_nothing(desk_settings, accepted):
    """Put in for as long as a run takes to look, and taken away again."""
    accepted.write_text(accepted.read_text() + BLOCK)
    (waiver,) = parse(BLOCK.encode(), "it")
    last = Journal(desk_settings.data).ledger()[-1]
    content = {
        "at_utc": last.content["at_utc"],
        **{name: str(text or "") for name, text in vars(waiver).items()},
    }
    made = make(last.seq + 1, "waiver", "outlier_spike", content, last.hash)
    with closing(sqlite3.connect(desk_settings.data / "journal.sqlite")) as raw:
        raw.execute(
            "INSERT INTO record (seq, hash, prev_hash, kind, subject, content) VALUES (?, ?, ?, ?, ?, ?)",
            (made.seq, made.hash, made.prev_hash, made.kind, made.subject, json.dumps(dict(made.content))),
        )
        raw.commit()
    with pytest.raises(CheckpointError, match="no record says that Ann Approver"):
        recorded_waivers(desk_settings, accepted)


@pytest.fixture
def exchanged(accepted, monkeypatch):
    """Once the file was opened another one takes its place: who reads it twice judges the one and keeps the other."""
    true, forged = file_copies.opened, accepted.read_text() + BLOCK

    def opened(path, **how):
        stream = true(path, **how)
        if path == accepted:
            accepted.with_name("forged").write_text(forged)
            accepted.with_name("forged").replace(accepted)
        return stream

    monkeypatch.setattr(file_copies, "opened", opened)


def test_what_a_run_keeps_is_what_was_judged(desk_settings, accepted, exchanged):
    """Whoever may write the data root has one reading, not two."""
    request = {"source": "sample", "waivers": str(accepted)}
    values = resolve(request, settings=desk_settings, now=datetime.now(UTC), upto="validate")
    assert [waiver.rule for waiver in load(str(values["waivers_digest"]), desk_settings.data)] == [
        "inconsistent_ohlc", "zero_volume",
    ]  # fmt: skip


def test_what_is_added_to_is_what_was_judged(desk_settings, accepted, exchanged):
    """A finding is added to no other file than the one that was read: what came meanwhile is looked at first."""
    finding = {"rule": "stale_price", "ticker": "IBM", "date": "2012-01-04"}
    with pytest.raises(SettingsError, match="was changed meanwhile"):
        accept(
            desk_settings, Journal(desk_settings.data), accepted, [finding],
            person=local_person(desk_settings), why="A halt.", until="2013-06-30",
        )  # fmt: skip
    assert "stale_price" not in accepted.read_text()


def test_a_file_elsewhere_is_written_by_hand(desk_settings, accepted, tmp_path):
    """It is reviewed like code, and named by the settings."""
    other = tmp_path / "ours.toml"
    other.write_text(BLOCK)
    assert recorded_waivers(desk_settings, other) is None
    nowhere = dataclasses.replace(desk_settings, data=tmp_path / "none")
    assert recorded_waivers(nowhere, tmp_path / "none" / "waivers.toml") is None
    assert told(desk_settings) == []


def test_of_a_ledger_that_was_begun_anew_nobody_knows(desk_settings, accepted):
    """The journal was lost: what people accepted before is as it was."""
    for path in desk_settings.data.glob("journal.sqlite*"):
        path.unlink()
    admin = Person("local:root", "Root", "admin")
    keys.renew(desk_settings, Journal(desk_settings.data), person=admin, why="the journal was lost")
    assert told(desk_settings) == []


def test_in_a_team_the_desks_own_file_is_let_through_while_all_of_it_is_on_record(
    desk_settings, accepted, tmp_path
):
    """Retry works with it, whatever luigi.cfg names; with a block of somebody's, or without a record, no run does."""
    team = dataclasses.replace(
        desk_settings, defaults={**desk_settings.defaults, "people_roles_file": "roles.toml"}
    )
    request = {"source": "sample", "waivers": str(accepted)}
    values = resolve(request, settings=team, now=datetime.now(UTC))
    assert load(str(values["waivers_digest"]), team.data)[0].ticker == "IBM"
    accepted.write_text(accepted.read_text() + BLOCK)
    with pytest.raises(CheckpointError, match="no record says"):
        resolve(request, settings=team, now=datetime.now(UTC))
    elsewhere = dataclasses.replace(team, data=tmp_path / "none")
    with pytest.raises(ParameterError, match=r"which luigi\.cfg does not"):
        resolve(
            {**request, "waivers": str(tmp_path / "none" / "waivers.toml")},
            settings=elsewhere,
            now=datetime.now(UTC),
        )


def test_a_run_is_refused_in_one_line(data, run_luigi, run_afterclose):
    """Before anything runs."""
    assert run_luigi(data=data, task="Ingest").code == 0
    (data / "waivers.toml").write_text(BLOCK)
    done = run_luigi("--waivers", str(data / "waivers.toml"), data=data, task="Validate")
    assert done.code == 30
    assert "no record says that Ann Approver" in done.err
    assert "Traceback" not in done.err
    assert run_afterclose("verify", data=data).code == 30
