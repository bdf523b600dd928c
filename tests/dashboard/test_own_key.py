"""A person's own key on the Report page: a command to run, and the place where its answer is pasted."""

from __future__ import annotations

import shlex
import subprocess

from core.journal import Journal
from core.request.settings import load
from core.review.ledger_check import ledger_faults
from core.review.openssh import read_key
from tests.dashboard.report_page import sign, standing


def answer(at, key):
    """What the command that the page shows prints, with a key of ours."""
    command = next(code.value for code in at.code if "ssh-keygen" in code.value)
    words = ["sh", "-c", command.replace("~/.ssh/id_ed25519", shlex.quote(str(key)))]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def hand_in(at, text):
    """Paste a signature."""
    at.text_area(key="own_signature").set_value(text)
    return at.button(key="hand_in").click().run()


def test_registered_signed_and_revoked_with_a_command_to_paste(open_view, finished, make_key, reader):
    """The page waits; nothing is recorded until the signature is there, and another one is refused."""
    key, other = make_key("own"), make_key("other")
    public = key.with_name("own.pub").read_text()
    at = open_view("report", finished)
    at.text_input(key="own_public_key").set_value(public)
    at.button(key="register_key").click().run()
    assert Journal(finished).records() == []
    hand_in(at, answer(at, key))
    assert not at.exception
    (registered,) = Journal(finished).records()
    assert registered.content["fingerprint"] == read_key(public).fingerprint

    sign(at)
    assert "Waiting for your own key" in reader.said(at.markdown)
    assert standing(finished) == "draft"
    hand_in(at, answer(at, other))
    assert "the signature is by" in reader.said(at.error)
    hand_in(at, answer(at, key))
    assert "Recorded: approved" in reader.said(at.success)
    assert standing(finished) == "signed"
    assert not [code for code in at.code if "ssh-keygen" in code.value]

    at.text_area(key="comment").set_value("A mistake.")
    at.button(key="revoke").click().run()
    at.button(key="give_up").click().run()
    assert standing(finished) == "signed"
    at.text_area(key="comment").set_value("A mistake.")
    at.button(key="revoke").click().run()
    hand_in(at, answer(at, key))
    assert standing(finished) == "revoked"
    assert ledger_faults(load({"AFTERCLOSE_DATA": str(finished)}))[1] == []
