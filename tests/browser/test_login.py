"""Logging in by OpenID Connect in a real browser, against a provider on loopback."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import urllib.request

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from tests.commands import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)

PEOPLE = {
    "ann": {"name": "Ann Example", "roles": ["viewer", "approver"]},
    "bob": {"name": "Bob Example", "roles": "operator"},
    "vera": {"name": "Vera Example"},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """An identity provider in a process of its own, with three people, one of them without a role."""
    pytest.importorskip("authlib", reason="the extra team is not installed")
    port = free_port()
    people = [f"--user-claims={json.dumps({'sub': sub, **claims})}" for sub, claims in PEOPLE.items()]
    printed = tmp_path_factory.mktemp("provider") / "printed.txt"
    with printed.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *people],
            stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def team_desk(provider, start_desk, finished, tmp_path, wait_until):
    """A desk over a finished run that only people who logged in may see."""
    wait_until(lambda: _answers(provider), "the provider to answer")
    port = free_port()
    secret = tmp_path / "login.toml"
    secret.write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
        f'cookie_secret = "{secrets.token_urlsafe(48)}"\nclient_id = "desk"\nclient_secret = "unused"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    secret.chmod(0o600)
    return start_desk(finished, port=port, options=["--login", str(secret)])


def _answers(url) -> bool:
    try:
        urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=2).close()
    except OSError:
        return False
    return True


def log_in(page, desk, who, path="report"):
    """Come to a page as somebody, by the provider's own page."""
    page.goto(f"{desk.url}/{path}")
    page.locator(".st-key-log_in button").click()
    page.locator(f"button[name=sub][value={who}]").first.click()
    expect(page.locator(".st-key-header")).to_contain_text(PEOPLE[who]["name"])
    page.goto(f"{desk.url}/{path}")
    return page


def test_nothing_is_shown_without_a_login_whatever_is_sent(new_page, team_desk, finished):
    """No page, no data, whatever headers or cookies say."""
    page = new_page()
    page.context.set_extra_http_headers(
        {"X-Forwarded-User": "ann", "Remote-User": "ann", "X-Auth-Role": "admin"}
    )
    page.context.add_cookies(
        [{"name": "_streamlit_user", "value": '"{\\"sub\\":\\"ann\\"}"', "url": team_desk.url}]
    )
    for path in ("", "report", "audit", "model"):
        page.goto(f"{team_desk.url}/{path}")
        expect(page.locator(".st-key-log_in button")).to_be_visible()
        assert str(finished) not in page.content()
        assert "Ann Example" not in page.content()


def test_one_writes_another_signs_and_the_record_says_who(new_page, team_desk, finished):
    """Bob, an operator, writes and submits; Ann, an approver, signs: an independent review."""
    bob = log_in(new_page(), team_desk, "bob")
    names = ("context", "business_implications", "risks", "ethical_considerations")
    for number, name in enumerate(names, start=1):
        area = bob.locator(f".st-key-edit_{name} textarea")
        area.fill(f"About {name}.")
        area.blur()
        expect(bob.get_by_text(f"Saved as draft {number}")).to_be_visible()
    expect(bob.locator(".st-key-sign button").first).to_be_disabled()
    bob.locator(".st-key-submit button").first.click()
    expect(bob.locator(".st-key-standing")).to_contain_text("In review")

    ann = log_in(new_page(), team_desk, "ann")
    expect(ann.locator(".st-key-standing")).to_contain_text("Bob Example submitted it")
    ann.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    ann.locator(".st-key-sign button").first.click()
    expect(ann.locator(".st-key-standing")).to_contain_text("● Signed")

    submitted, signed = Journal(finished).records()
    assert submitted.content["user_id"].startswith("bob@127.0.0.1")
    assert signed.content["user_id"].startswith("ann@127.0.0.1")
    assert (signed.content["user"], signed.content["role"]) == ("Ann Example", "approver")
    assert signed.content["independent_review"] is True
    assert "OpenID Connect" in signed.content["authentication"]
    assert {d.author.partition(" <")[0] for d in Journal(finished).drafts(signed.subject)} == {"Bob Example"}


def test_an_author_cannot_approve_and_nobody_without_a_role_can_write(
    new_page, team_desk, finished, wait_until
):
    """Ann's own text waits for somebody else; Vera reads and finds every button off; logging out ends it."""
    ann = log_in(new_page(), team_desk, "ann")
    ann.locator(".st-key-edit_risks textarea").fill("Mine.")
    ann.locator(".st-key-edit_risks textarea").blur()
    expect(ann.get_by_text("Saved as draft")).to_be_visible()
    ann.locator(".st-key-comment textarea").fill("The rest is open.")
    ann.locator(".st-key-submit button").first.click()
    expect(ann.locator(".st-key-standing")).to_contain_text("In review")
    ann.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    ann.locator(".st-key-comment textarea").fill("My own.")
    ann.locator(".st-key-sign button").first.click()
    expect(ann.get_by_text("had a hand in this text").first).to_be_visible()
    assert [r.content["meaning"] for r in Journal(finished).records()] == ["authored"]

    vera = log_in(new_page(), team_desk, "vera")
    expect(vera.locator(".st-key-header")).to_contain_text("viewer")
    expect(vera.locator(".st-key-sign button").first).to_be_disabled()
    expect(vera.locator(".st-key-edit_risks textarea")).to_be_disabled()
    assert _login_kept(vera)
    vera.locator(".st-key-log_out button").first.click()
    wait_until(lambda: not _login_kept(vera), "the login to end")
    again = vera.context.new_page()  # the first one is on its way to the provider's farewell
    again.goto(f"{team_desk.url}/report")
    expect(again.locator(".st-key-log_in button")).to_be_visible()


def _login_kept(page) -> bool:
    """Whether the browser still holds the cookie of a login."""
    return any(cookie["name"].startswith("_streamlit_user") for cookie in page.context.cookies())
