"""A notice that a receiver did not take waits in the journal and comes later, in order, to nobody twice."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_string

import pytest

from core.journal import Journal
from core.journal.outbox import Outbox
from core.notices import outgoing
from core.notices.outgoing import KEPT_FOR, Notice, deliver, notify
from core.request import settings
from tests.late import needs
from tests.notices.conftest import Fake, later, said

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    needs("apprise", "the extra [notices] is not installed")


def test_what_was_not_taken_comes_later_in_order_and_once(over, hook):
    """Three notices while the receiver is down; when it is up again each comes once, the oldest first."""
    web = hook()
    here = over(web.url)
    web.works = False
    troubles = [notify(here, said(text)) for text in ("one", "two", "three")]
    assert all("receiver 1 (json)" in trouble for trouble in troubles)
    web.works = True
    assert deliver(here) == {}
    assert web.taken == [], "the time of the next try has not come"
    deliver(here, now=later(70))
    deliver(here, now=later(140))
    assert web.taken == ["one", "two", "three"]
    assert [notice.state for notice in Outbox(here.data).newest()] == ["sent"] * 3


def test_a_clock_that_was_ahead_puts_no_notice_off_for_years(over, hook):
    """Tried in vain within the week it is kept for, a day ahead of the clock: it comes at the next look."""
    web = hook()
    here = over(web.url)
    web.works = False
    notify(here, said("one"))
    deliver(here, now=later(24 * 60))
    web.works = True
    deliver(here, now=later(1))
    assert web.taken == ["one"]


def test_a_receiver_that_took_it_is_not_told_again(over, hook):
    """Of two receivers one is down: the other has the notice once, however often it is tried."""
    up, down = hook(), hook()
    down.works = False
    here = over(up.url, down.url)
    trouble = notify(here, said("one"))
    assert trouble == "the notice of 'failed' was not sent: receiver 2 (json) did not take it"
    deliver(here, at_once=True)
    notify(here, said("two"))
    assert up.taken == ["one", "two"]
    down.works = True
    deliver(here, at_once=True)
    assert (up.taken, down.taken) == (["one", "two"], ["one", "two"])


def test_a_new_notice_takes_the_waiting_ones_along_before_it(over, hook):
    """The receiver is up again when something else happens: the order is kept."""
    web = hook()
    here = over(web.url)
    web.works = False
    notify(here, said("one"))
    web.works = True
    assert notify(here, said("two")) is None
    assert web.taken == ["one", "two"]


def test_many_at_the_same_moment_tell_each_once(over, hook):
    """Eight processes' worth of threads deliver at once."""
    web = hook()
    here = over(web.url)
    web.works = False
    for number in range(5):
        notify(here, said(str(number)))
    web.works = True
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: deliver(here, at_once=True), range(8)))
    assert web.taken == list("01234")


def test_after_a_week_a_notice_is_dropped_on_record(over, hook):
    """It is of no use any more."""
    web = hook()
    here = over(web.url)
    web.works = False
    notify(here, said("one"))
    web.works = True
    deliver(here, now=datetime.now(UTC) + KEPT_FOR + timedelta(hours=1))
    assert web.taken == []
    assert [notice.state for notice in Outbox(here.data).newest()] == ["dropped"]


def test_what_is_to_be_said_once_is_said_once(over, hook):
    """The same subject again sends nothing."""
    web = hook()
    here = over(web.url)
    for _ in range(3):
        assert notify(here, Notice("reminder", "t", "sign", once="reminder a")) is None
    assert web.taken == ["sign"]


def test_a_notice_leads_to_its_page(over, hook):
    """With the desk's address the text ends with a link; without it there is none."""
    web = hook()
    about = Notice("waiting", "t", "sign", "report", {"run": "2026 a"})
    notify(over(web.url, desk_url="https://desk.example.org/"), about)
    notify(over(web.url), about)
    assert web.taken == ["sign\nhttps://desk.example.org/report?run=2026+a", "sign"]


def test_the_link_survives_a_long_text(over, hook):
    """The text is cut, not the link."""
    web = hook()
    here = over(web.url, desk_url="https://desk.example.org")
    notify(here, Notice("failed", "t", "x" * 5000, "run", {"run": "r1"}))
    assert len(web.taken[0]) <= 1_900
    assert web.taken[0].endswith("x\nhttps://desk.example.org/run?run=r1")


def test_a_notice_that_is_refused_for_good_holds_back_the_others_for_half_an_hour_at_most(over, monkeypatch):
    """Its text is too long for the service, or a firewall's rule is against it: the later ones go before it."""
    receiver, here = Fake(monkeypatch), over("json://127.0.0.1:9/")
    for text in ("poison 1", "one", "poison 2", "two", "poison 3", "poison 4", "three"):
        notify(here, Notice("publish", "t", text))
    assert receiver.taken == []
    for minutes in range(0, 12 * 60, 5):
        deliver(here, now=later(minutes))
    assert receiver.taken == ["one", "two", "three"]
    asked = [receiver.asked.count(f"poison {number}") for number in range(1, 5)]
    assert 2 <= min(asked) <= max(asked) < 40
    states = {notice.body: notice.state for notice in Outbox(here.data).newest()}
    assert {body for body, state in states.items() if state == "waiting"} == {
        f"poison {n}" for n in range(1, 5)
    }
    receiver.asked.clear()
    notify(here, Notice("publish", "t", "four"))
    assert receiver.asked[0] == receiver.taken[-1] == "four"
    assert len(receiver.asked) <= 1 + outgoing.MOST_REFUSED


def test_a_receiver_that_was_away_for_a_day_gets_all_of_it(over, monkeypatch):
    """Although each was refused often, and a few are tried at a time."""
    receiver, here = Fake(monkeypatch), over("json://127.0.0.1:9/")
    receiver.away = True
    for number in range(6):
        notify(here, Notice("publish", "t", str(number)))
    for minutes in range(0, 24 * 60, 30):
        receiver.asked.clear()
        deliver(here, now=later(minutes))
        assert len(receiver.asked) <= outgoing.MOST_REFUSED
    receiver.away = False
    deliver(here, now=later(26 * 60))
    assert sorted(receiver.taken) == list("012345")


def test_title_and_text_together_are_within_what_every_service_takes(over, monkeypatch):
    """Some get them as one text, with what apprise puts in between; with the words of a second try, too."""
    receiver, title = Fake(monkeypatch), "Afterclose: another champion"
    notify(over("json://127.0.0.1:9/"), Notice("promote", title, "x" * 3000))
    assert 1_700 < len(title) + 2 + len(outgoing.REPEATED) + len(receiver.taken[0]) <= 1_900


def test_the_deputy_has_receivers_of_its_own(over, hook):
    """An escalation goes to the deputy, and nothing else does."""
    web, deputy = hook(), hook()
    here = over(web.url, deputy_urls=deputy.url)
    notify(here, said("one"))
    notify(here, Notice("escalation", "t", "sign"))
    assert (web.taken, deputy.taken) == (["one"], ["sign"])


def test_no_address_and_no_password_stands_in_the_journal(over, hook):
    """What waits names its receivers by marks."""
    web = hook()
    here = over(web.url)
    web.works = False
    notify(here, said("one"))
    for path in here.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert b"s3cret" not in content
        assert b"127.0.0.1" not in content


def test_the_command_lists_and_delivers(over, hook, run_afterclose, tmp_path):
    """What waits exits 20 with --deliver; delivered, 0."""
    web = hook()
    here = over(web.url)
    web.works = False
    notify(here, said("one"))
    tried = run_afterclose("notices", "--deliver", data=here.data, cwd=tmp_path)
    assert tried.code == 20
    assert "did not take it" in tried.out
    web.works = True
    done = run_afterclose("notices", "--deliver", "--json", data=here.data, cwd=tmp_path)
    assert done.code == 0, done.err
    (row,) = json.loads(done.out)
    assert (row["state"], row["event"], row["body"]) == ("sent", "failed", "one")
    assert web.taken == ["one"]


def test_a_journal_of_before_has_no_queue_and_notices_go_out(over, hook, monkeypatch):
    """Where the journal cannot be written the receivers are told at once."""
    web = hook()
    here = over(web.url)
    path = here.data / "journal.sqlite"
    path.write_bytes(b"this is no database" * 100)
    assert notify(here, said("one")) is None
    assert web.taken == ["one"]


@pytest.fixture
def killed_once(monkeypatch):
    """The next attempt is killed after the receiver's answer and before the record of it."""
    real = outgoing.send

    def killed(*words):
        monkeypatch.setattr(outgoing, "send", real)
        real(*words)
        raise KeyboardInterrupt

    monkeypatch.setattr(outgoing, "send", killed)


def test_a_web_hook_gets_the_same_bytes_under_the_same_key_again(hook, over, killed_once, run_afterclose):
    """By the key it knows the second for the first; the attempt without an outcome stays on record."""
    first, second = hook(), hook()
    asked = over(first.url, second.url)
    with pytest.raises(KeyboardInterrupt):
        notify(asked, said("one"))
    (notice,) = Outbox(asked.data).newest()
    assert (notice.state, notice.broken_off) == ("waiting", 1)
    assert deliver(asked, now=later(1), at_once=True) == {}
    notify(asked, said("two"))
    assert (first.taken, second.taken) == (["one", "one", "two"], ["one", "two"])
    again, same, other = first.keys
    assert again == same == notice.identity != other
    assert second.keys == [same, other]
    two, one = Outbox(asked.data).newest()
    assert [(n.state, n.broken_off) for n in (one, two)] == [("sent", 1), ("sent", 0)]
    listed = run_afterclose("notices", data=asked.data)
    assert "1 receiver may have it twice" in listed.out
    assert listed.out.count("may have") == 1


def test_a_mail_keeps_its_message_id(mailbox, over, killed_once):
    """Mail servers drop a second mail of one id; a reader who gets both is told. Another notice has another id."""
    asked = over(mailbox.url)
    with pytest.raises(KeyboardInterrupt):
        notify(asked, said("one"))
    deliver(asked, at_once=True)
    notify(asked, said("two"))
    mails = [message_from_string(text) for text in mailbox.taken]
    ids = [mail.get_all("Message-ID") for mail in mails]
    assert [len(each) for each in ids] == [1, 1, 1]
    assert ids[0] == ids[1] != ids[2]
    texts = [mail.get_payload(decode=True).decode() for mail in mails]
    assert [outgoing.REPEATED.strip() in text for text in texts] == [False, True, False]


def test_without_a_journal_a_mail_has_an_id_of_its_own(mailbox, over, monkeypatch):
    """Nothing is on record there, so nothing is said of an identity."""
    asked = over(mailbox.url)
    monkeypatch.setattr(Journal, "exists", lambda *_: False)
    assert notify(asked, said("one")) is None
    assert notify(asked, said("one")) is None
    first, second = (message_from_string(text)["Message-ID"] for text in mailbox.taken)
    assert first != second
    assert "@" in first


def test_the_deputy_of_a_profile_is_told_and_the_one_of_the_root_where_it_has_none(over, hook, tmp_path):
    """By profile; of one whose section went meanwhile, the root's deputy is told."""
    web, root, own = hook(), hook(), hook()
    here = over(web.url, deputy_urls=root.url)
    file = tmp_path / "luigi.cfg"
    before = file.read_text()
    file.write_text(f"{before}[profile:eu]\nnotices_deputy_urls = {own.url}\n[profile:us]\nsource = sample\n")
    here = settings.load({"AFTERCLOSE_DATA": str(here.data)}, tmp_path)
    own.works = False
    for profile in ("eu", "us", "files:prices"):
        notify(here, Notice("escalation", "a title", profile, profile=profile))
    assert (web.taken, root.taken, own.taken) == ([], ["us", "files:prices"], [])
    own.works = True
    deliver(here, at_once=True)
    assert own.taken == ["eu"]
    own.works = False
    notify(here, Notice("escalation", "a title", "gone", profile="eu"))
    file.write_text(before)
    deliver(settings.load({"AFTERCLOSE_DATA": str(here.data)}, tmp_path), at_once=True)
    assert root.taken == ["us", "files:prices", "gone"]
