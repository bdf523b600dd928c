"""A notice that a receiver did not take waits in the journal and comes later, in order, to nobody twice."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.journal import Journal
from core.journal.outbox import Outbox
from core.notices.outgoing import KEPT_FOR, Notice, deliver, notify
from core.request import settings

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    pytest.importorskip("apprise", reason="the extra [notices] is not installed")


@dataclass
class Hook:
    """A web hook that can be out of order."""

    url: str
    works: bool = True
    taken: list[str] = field(default_factory=list)


@pytest.fixture
def hook():
    """Start web hooks on loopback; those that work answer 200, the others 503."""
    servers = []

    def start() -> Hook:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if made.works:
                    made.taken.append(body["message"])
                self.send_response(200 if made.works else 503)
                self.end_headers()

            def log_message(self, *words):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        made = Hook(f"json://desk:s3cret@127.0.0.1:{server.server_port}/hook")
        return made

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def over(tmp_path):
    """Settings with a journal, these receivers and more keys of [notices]."""

    def make(*urls, **more):
        lines = [f"urls = {' '.join(urls)}", *(f"{key} = {value}" for key, value in more.items())]
        (tmp_path / "luigi.cfg").write_text("[notices]\n" + "\n".join(lines) + "\n", encoding="utf-8")
        Journal(tmp_path / "data")
        return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)

    return make


def said(text):
    """A notice that says this."""
    return Notice("failed", "a title", text)


def later(minutes):
    """So many minutes from now."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


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
    assert len(web.taken[0]) == 2000
    assert web.taken[0].endswith("x\nhttps://desk.example.org/run?run=r1")


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


def test_a_notice_whose_sending_was_killed_says_that_it_may_have_come_before(hook, over, monkeypatch):
    """Killed after the receiver's answer and before the record of it; others get it once, as it is."""
    from core.notices import outgoing

    first, second = hook(), hook()
    asked = over(first.url, second.url)
    real = outgoing.send

    def killed(address, title, text):
        real(address, title, text)
        raise KeyboardInterrupt

    monkeypatch.setattr(outgoing, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        notify(asked, said("one"))
    monkeypatch.setattr(outgoing, "send", real)
    assert deliver(asked, now=later(1), at_once=True) == {}
    assert first.taken == ["one", f"{outgoing.REPEATED}one"]
    assert second.taken == ["one"]
    assert deliver(asked, now=later(2), at_once=True) == {}
    assert len(first.taken) == 2
