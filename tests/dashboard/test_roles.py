"""What a role may not press is off on every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.report_page import sign

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "dashboard" / "views").glob("[a-z]*.py"))


@pytest.fixture
def as_role(tmp_path, monkeypatch):
    """Sit down as somebody of a role."""

    def change(name):
        config = tmp_path / f"{name}.cfg"
        text = (ROOT / "luigi.cfg").read_text(encoding="utf-8")
        config.write_text(text.replace("role = approver", f"role = {name}"), encoding="utf-8")
        monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))

    return change


def pressable(at):
    """Keys of the buttons of a page that are on, once what a signature says is chosen."""
    for radio in at.radio:
        if radio.key == "meaning":
            radio.set_value("approved").run()
    return {button.key or button.label for button in at.button if not button.disabled}


READING = ("verify", "clone", "open-", "search-open", "log-whole")
"""Buttons that change nothing: hash everything, fill the form as a run had it, go elsewhere, search, unfold the log."""

APPROVERS = {"sign", "reject", "revoke", "request_changes", "promote", "rollback"}


@pytest.mark.parametrize("page", PAGES)
def test_buttons_that_a_role_may_not_press_are_off(page, open_view, finished, as_role):
    """A viewer changes nothing; an operator signs, rejects and promotes nothing."""
    for role, barred in (
        ("viewer", lambda key: not key.startswith(READING)),
        ("operator", APPROVERS.__contains__),
    ):
        as_role(role)
        at = open_view(page, finished)
        assert not at.exception
        assert {key for key in pressable(at) if barred(key)} == set()


def test_an_approver_finds_on_what_others_find_off(open_view, finished, as_role):
    """The names above are those of buttons that there are; after a signature, too. An operator rejects a model."""
    as_role("approver")
    assert {"sign", "submit"} <= pressable(open_view("report", finished))
    assert {"promote", "reject_model"} <= pressable(open_view("model", finished))
    as_role("operator")
    assert "reject_model" in pressable(open_view("model", finished))
    as_role("approver")
    sign(open_view("report", finished))
    for role, keys in (("viewer", set()), ("operator", {"publish"}), ("approver", {"publish", "revoke"})):
        as_role(role)
        assert pressable(open_view("report", finished)) & {"publish", "revoke", "sign"} == keys
