"""Who fails too often waits: counted for each person or address, across processes, for a while."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import SignOffError
from core.review import attempts, registering
from core.review.people import Person
from tests.commands import ROOT
from tests.forging import whole


def test_whoever_fails_too_often_to_sign_waits_and_others_do_not(office, monkeypatch):
    """Also with the right text then; a while later it goes on."""
    for _ in range(attempts.MOST):
        with pytest.raises(SignOffError, match="changed since you opened it"):
            office.sign(text_sha256="0" * 64)
    with pytest.raises(SignOffError, match="20 attempts of local user failed within 10 minutes"):
        office.sign()
    assert [r for r in whole(office) if r.kind == "signature"] == []
    assert office.sign(Person("local:x", "Somebody Else", "approver"))
    now = attempts.time.time()
    monkeypatch.setattr(attempts.time, "time", lambda: now + attempts.WINDOW_S)
    office.revoke()


def test_asking_what_is_to_be_signed_is_no_failure(office, make_key):
    """The desk asks each time before the person's key has signed."""
    from tests.review.test_person_keys import register

    register(office, make_key("own"))
    for _ in range(attempts.MOST + 1):
        with pytest.raises(registering.OwnKeyNeeded):
            office.sign()


def test_several_processes_count_together(office):
    """A second desk over the same root is no second chance."""
    program = (
        "from core.request import settings; from core.review import attempts\n"
        f"here = settings.load({{'AFTERCLOSE_DATA': {str(office.root)!r}}})\n"
        "[attempts.failed(here, 'api', '192.0.2.1') for _ in range(10)]\n"
    )
    for _ in range(2):
        assert attempts.wait_s(office.settings, "api", "192.0.2.1") == 0
        subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
    assert 0 < attempts.wait_s(office.settings, "api", "192.0.2.1") <= attempts.WINDOW_S + 1
    assert attempts.wait_s(office.settings, "api", "192.0.2.2") == 0
    assert attempts.wait_s(office.settings, "login", "192.0.2.1") == 0


def test_the_file_stays_small_and_what_is_no_line_of_ours_is_nothing(office):
    """Nobody fills a disk with failures."""
    path = office.root / attempts.FOLDER / "api"
    path.parent.mkdir()
    path.write_text("words\n1 2 3\n" + "1 abcdefabcdef\n" * 6_000)
    attempts.failed(office.settings, "api", "192.0.2.1")
    assert path.stat().st_size < 100
    assert attempts.wait_s(office.settings, "api", "192.0.2.1") == 0


def test_without_a_place_this_process_counts(office):
    """A file lies where the folder should be, as on a root that cannot be written."""
    (office.root / attempts.FOLDER).write_text("in the way")
    for _ in range(attempts.MOST):
        attempts.failed(office.settings, "api", "192.0.2.7")
    assert attempts.wait_s(office.settings, "api", "192.0.2.7") > 0


def test_addresses_of_one_ipv6_network_count_together(office):
    """One line has 2^64 of them; its neighbour's network, and an address in IPv4, count for themselves."""
    for number in range(attempts.MOST):
        attempts.failed(office.settings, "api", f"2001:db8:1:2:{number:x}::{number:x}")
    for other in ("2001:db8:1:2:ffff::1", "[2001:db8:1:2::9]", "2001:DB8:1:2::9%eth0"):
        assert attempts.wait_s(office.settings, "api", other) > 0, other
    for other in ("2001:db8:1:3::1", "192.0.2.1", "unknown"):
        assert attempts.wait_s(office.settings, "api", other) == 0, other


def test_an_ipv4_address_written_in_ipv6_is_itself(office):
    """A desk that listens on both sees it in either form; its network is nobody else's."""
    for number in range(attempts.MOST):
        attempts.failed(office.settings, "login", ("192.0.2.1", "::ffff:192.0.2.1")[number % 2])
    assert attempts.wait_s(office.settings, "login", "192.0.2.1") > 0
    assert attempts.wait_s(office.settings, "login", "::ffff:192.0.2.2") == 0
