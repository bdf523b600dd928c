"""Notices reach real receivers, say nothing of addresses, and never stop anything."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from email import message_from_string, policy

import pytest

from core.errors import SettingsError
from core.notices import outgoing
from core.request import settings
from tests.late import needs

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    needs("apprise", "the extra [notices] is not installed")

SECRET = "h1dd3n"
"""The password in the receivers' addresses; no message may hold it."""


def notify(over, event, title, text):
    """Send one notice and return what was not sent."""
    return outgoing.notify(over, outgoing.Notice(event, title, text))


@pytest.fixture
def over(configured):
    """Settings with these receivers."""

    def make(urls, **more):
        path = configured(urls, **more)
        return settings.load(environ={"LUIGI_CONFIG_PATH": str(path)}, folder=path.parent)

    return make


def test_a_web_hook_gets_title_and_text_with_its_credentials(over, web):
    """What was posted is what was said; the credentials are the address's."""
    assert notify(over(web.url), "failed", "a title", "a <b>text</b> & more") is None
    ((authorization, body),) = web.taken
    assert (body["title"], body["message"]) == ("a title", "a <b>text</b> & more")
    assert authorization.startswith("Basic ")


def test_a_mail_arrives_with_title_and_text(over, mailbox):
    """Read back by the standard library's mail parser."""
    assert notify(over(mailbox.url), "waiting", "Sign, please", "The report waits.") is None
    mail = message_from_string(mailbox.taken[0], policy=policy.default)
    assert mail["Subject"] == "Sign, please"
    assert "ann@example.org" in mail["To"]
    assert mail.get_body(("plain",)).get_content().strip() == "The report waits."


def test_nothing_is_sent_by_default_and_apprise_is_not_imported(tmp_path):
    """Off: no receiver named, no library loaded."""
    program = (
        "import sys; from pathlib import Path; from core.notices import outgoing; from core.request import settings\n"
        f"here = settings.load(environ={{}}, folder=Path({str(tmp_path)!r}))\n"
        "told = outgoing.notify(here, outgoing.Notice('failed', 't', 'x'))\n"
        "print(told, 'apprise' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]


def test_an_event_that_is_not_asked_for_is_not_sent(over, web):
    """[notices] events chooses."""
    chosen = over(web.url, events="drift")
    assert notify(chosen, "failed", "t", "x") is None
    assert web.taken == []
    assert notify(chosen, "drift", "t", "x") is None
    assert len(web.taken) == 1


def test_an_event_that_does_not_exist_is_refused_with_its_line(over):
    """Judged like any setting."""
    with pytest.raises(SettingsError, match=r"line \d+.*drfit"):
        over("", events="drfit")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"json://desk:{SECRET}@127.0.0.1:9/hook", "(json) did not take it"),
        (f"nosuch://{SECRET}@host", "(nosuch) has no address that apprise can use"),
        (SECRET * 9, "has no address that apprise can use"),
        (
            f"mailto://x:{SECRET}@127.0.0.1:9?from=a@b.org&to=a@b.org&mode=insecure",
            "(mailto) did not take it",
        ),
    ],
    ids=["nobody listens", "unknown scheme", "no address", "no mail server"],
)
def test_what_cannot_be_sent_is_one_sentence_without_the_address(url, said, over, capfd, caplog):
    """The receiver's number and scheme; neither the sentence, nor the terminal, nor a log has the secret."""
    told = notify(over(url), "failed", "t", "x")
    assert said in told
    assert told.startswith("the notice of 'failed' was not sent: receiver 1 ")
    printed = capfd.readouterr()
    assert printed == ("", "")
    assert SECRET not in told + caplog.text
    assert "127.0.0.1" not in told + caplog.text


@pytest.mark.parametrize("web", [500, 403], indirect=True)
def test_one_receiver_that_refuses_does_not_keep_it_from_the_next(over, web, mailbox):
    """Each is tried; only the one that refused is named."""
    told = notify(over(f"{web.url} {mailbox.url}"), "failed", "t", "x")
    assert told == "the notice of 'failed' was not sent: receiver 1 (json) did not take it"
    assert len(mailbox.taken) == 1


def test_addresses_may_stand_in_a_file_that_only_its_owner_can_read(over, web, tmp_path):
    """@FILE beside luigi.cfg, one address a line; readable by others it is refused and not used."""
    path = tmp_path / "receivers"
    path.write_text(f"# the desk's\n{web.url}\n\n", encoding="utf-8")
    path.chmod(0o600)
    assert notify(over("@receivers"), "failed", "t", "x") is None
    assert len(web.taken) == 1
    path.chmod(0o644)
    assert "may be read by others" in notify(over("@receivers"), "failed", "t", "x")
    path.unlink()
    assert "No such file" in notify(over("@receivers"), "failed", "t", "x")
    assert len(web.taken) == 1


def test_a_receiver_that_never_answers_holds_nobody_up_for_long(over):
    """Accepts and is silent: given up after the limit in the address."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        import apprise  # noqa: F401 - its seconds are no waiting

        began = time.monotonic()
        told = notify(over(f"json://127.0.0.1:{silent.getsockname()[1]}/?rto=0.5"), "failed", "t", "x")
    assert "did not take it" in told
    assert time.monotonic() - began < 15


def test_a_long_text_is_cut(over, web):
    """2,000 characters at most."""
    notify(over(web.url), "failed", "t", "x" * 5000)
    assert len(web.taken[0][1]["message"]) == 2000


def test_settings_never_show_addresses(over, configured):
    """Neither their text form nor a message about the file."""
    assert SECRET not in repr(over(f"json://u:{SECRET}@host"))
    path = configured("")
    path.write_text(f"[notices]\nurls\n[x\njson://u:{SECRET}@host\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        settings.load(environ={"LUIGI_CONFIG_PATH": str(path)}, folder=path.parent)
    assert SECRET not in str(refused.value)
