"""Which addresses lie under a configured one."""

from __future__ import annotations

from core.sources.addresses.address import address_of


def test_an_address_is_judged_name_by_name():
    """What only begins alike is not under it; the user of an address counts where it is configured."""
    prefix = address_of("sftp://feed@desk.example/in")
    for text, inside in (
        ("sftp://feed@desk.example/in/a.csv", True), ("sftp://feed@desk.example/in2/a.csv", False),
        ("sftp://root@desk.example/in/a.csv", False), ("sftp://feed@desk.example.evil/in/a.csv", False),
        ("sftp://feed@desk.example:2222/in/a.csv", False), ("sftp://feed@desk.example/i*/a.csv", False),
    ):  # fmt: skip
        assert address_of(text).is_under(prefix) is inside, text
