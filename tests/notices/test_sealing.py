"""Whoever can write the database has the desk tell people nothing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from core.journal import Journal
from core.journal.faults import JournalError
from core.journal.outbox import Outbox
from core.notices.outgoing import Notice, deliver, notify
from core.notices.sealing import seal_with
from core.review import ledger
from core.seals import keypair
from tests.late import needs
from tests.notices.conftest import later, said

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    needs("apprise", "the extra [notices] is not installed")


def forge(here, sql, *values):
    """Write to the journal behind the desk's back."""
    with closing(sqlite3.connect(here.data / "journal.sqlite")) as raw:
        raw.execute(sql, values)
        raw.commit()


ROW = (
    "INSERT INTO notice "
    "(event, title, body, state, took, tries, again_at, created_at, subject, profile, sealed_by, seal) "
)


@pytest.fixture
def waiting(over, hook):
    """Settings, and a web hook that is in order again since a notice waits for it."""
    web = hook()
    web.works = False
    here = over(web.url)
    notify(here, said("true"))
    web.works = True
    return here, web


FORGED = {
    "put in": (
        f"{ROW} SELECT event, title, 'pay 100 to Eve', state, took, tries, again_at, created_at, '', '', NULL, NULL "
        "FROM notice"
    ),
    "with the seal of another": (
        f"{ROW} SELECT event, title, 'pay 100 to Eve', state, took, tries, again_at, created_at, subject, profile, "
        "sealed_by, seal FROM notice"
    ),
    "with a seal that is none": (
        f"{ROW} SELECT event, title, 'pay 100 to Eve', state, took, tries, again_at, created_at, subject, profile, "
        "sealed_by, 'x' FROM notice"
    ),
    "copied": (
        f"{ROW} SELECT event, title, body, state, took, tries, again_at, created_at, subject, profile, sealed_by, seal "
        "FROM notice"
    ),
}


@pytest.mark.parametrize("road", FORGED)
def test_a_forged_notice_is_told_to_nobody(waiting, road):
    """It is dropped with the reason on record; the true one goes out once."""
    here, web = waiting
    forge(here, FORGED[road])
    troubles = deliver(here, now=later(90))
    assert web.taken == ["true"]
    newest = Outbox(here.data).newest()[0]
    assert (newest.state, newest.trouble.startswith("told to nobody: it")) == ("dropped", True)
    assert [*troubles] == [newest.seq]


@pytest.mark.parametrize("column", ["title", "body", "event", "profile", "created_at"])
def test_a_changed_notice_is_told_to_nobody(waiting, column):
    """Its seal is over what it says, whose it is and when it was made."""
    here, web = waiting
    value = datetime.now(UTC).isoformat() if column == "created_at" else "drift"
    forge(here, f"UPDATE notice SET {column} = ?", value)
    deliver(here, now=later(90))
    assert web.taken == []
    (notice,) = Outbox(here.data).newest()
    assert (notice.state, notice.trouble) == (
        "dropped", "told to nobody: its seal does not hold: it was changed, or put in from outside",
    )  # fmt: skip


def test_a_seal_by_another_key_counts_for_nothing(waiting, tmp_path):
    """Whoever adds a public half to the folder of keys brings no key that counts."""
    here, web = waiting
    keypair.create(tmp_path / "eve.pem")
    eve = keypair.read_private(tmp_path / "eve.pem")
    (here.data / "keys" / f"{eve.id[:12]}.pub.pem").write_bytes(eve.public.pem)
    Outbox(here.data).add("failed", "t", "pay Eve", seal=seal_with(eve))
    deliver(here, now=later(90))
    assert web.taken == ["true"]
    assert "does not count here" in Outbox(here.data).newest()[0].trouble


def test_what_was_sealed_before_the_first_record_counts_after_it(waiting):
    """The key that is made for the first notice is the desk's."""
    here, web = waiting
    ledger.append(here, Journal(here.data), "decision", "x", {"user": "me", "at_utc": later(0).isoformat()})
    deliver(here, now=later(90))
    assert web.taken == ["true"]


def test_where_the_desks_key_is_lost_a_notice_goes_out_at_once_or_never(waiting):
    """Nothing can vouch for it later; about the same thing it is told once."""
    here, web = waiting
    ledger.append(here, Journal(here.data), "decision", "x", {"user": "me", "at_utc": later(0).isoformat()})
    (here.data / "keys" / "desk.pem").unlink()
    for _ in range(2):
        assert notify(here, Notice("failed", "a title", "no key", once="this")) is None
    assert web.taken == ["no key"]
    deliver(here, now=later(90))
    assert web.taken == ["no key", "true"]


@pytest.mark.parametrize("marks", ["[1]", '{"a": "b"}', "3", "[[]]"])
def test_marks_that_are_none_are_damage_in_words(waiting, marks):
    """Nobody computes with them."""
    here, _ = waiting
    forge(here, "UPDATE notice SET took = ?", marks)
    with pytest.raises(JournalError):
        Outbox(here.data).waiting()


ANEW = (
    f"{ROW} SELECT event, title, body, 'waiting', '[]', 0, again_at, created_at, 'x', profile, sealed_by, seal "
    "FROM notice"
)
PUT_BACK = {
    "made to wait again": (
        "UPDATE notice SET state = 'waiting', took = '[]', again_at = created_at, tries = 0",
    ),
    "taken away and put in anew": (
        ANEW, "DELETE FROM notice WHERE seq = (SELECT MIN(seq) FROM notice)", "UPDATE notice SET subject = NULL",
    ),
    "with its seal written otherwise": (
        "UPDATE notice SET state = 'waiting', took = '[]', again_at = created_at, seal = seal || char(10)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("road", PUT_BACK)
@pytest.mark.parametrize("others", [0, 1], ids=["one receiver", "a new receiver since"])
def test_a_notice_that_was_sent_is_sent_to_nobody_again(road, others, over, hook):
    """Neither by its own row nor by a copy in its place; also not to who is named as a receiver since."""
    web, new = hook(), hook()
    here = over(web.url)
    notify(here, said("true"))
    assert web.taken == ["true"]
    for sql in PUT_BACK[road]:
        forge(here, sql)
    here = over(web.url, *[new.url][:others])
    deliver(here, now=later(90))
    assert (web.taken, new.taken) == (["true"], [])
    assert Outbox(here.data).waiting() == []


def test_who_took_a_notice_gets_it_once_while_another_receiver_is_out_of_order(over, hook):
    """Whatever is taken out of the row meanwhile."""
    web, other = hook(), hook()
    other.works = False
    here = over(web.url, other.url)
    notify(here, said("true"))
    forge(here, "UPDATE notice SET took = '[]'")
    other.works = True
    deliver(here, now=later(90))
    assert (web.taken, other.taken) == (["true"], ["true"])


def test_what_is_kept_of_deliveries_goes_with_the_notices(over, hook):
    """A day after the last moment at which one could be sent again."""
    web = hook()
    here = over(web.url)
    notify(here, said("old"))
    kept = list((here.data / "notices").iterdir())
    assert len(kept) == 2
    web.works = False
    notify(here, said("new"))
    for path in kept:
        os.utime(path, (0, 0))
    deliver(here, now=later(90))
    assert list((here.data / "notices").iterdir()) == []
