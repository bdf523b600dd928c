"""Logging in by OpenID Connect in a real browser, against a provider on loopback."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from core.request.settings import load
from core.review import signoff
from core.review.people import Person
from core.store.checkpoints import Store
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
def make_team_desk(provider, start_desk, finished, tmp_path, wait_until):
    """Start a desk over a finished run that only people who logged in may see."""
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
    return lambda env=None: start_desk(finished, port=port, options=["--login", str(secret)], env=env)


@pytest.fixture
def team_desk(make_team_desk):
    """One with all defaults."""
    return make_team_desk()


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
    bob.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    expect(bob.get_by_text("Choose a meaning to sign")).to_have_count(0)  # off by the role
    expect(bob.locator(".st-key-sign button").first).to_be_disabled()
    bob.locator(".st-key-submit button").first.click()
    expect(bob.locator(".st-key-standing")).to_contain_text("In review")

    ann = log_in(new_page(), team_desk, "ann")
    expect(ann.locator(".st-key-standing")).to_contain_text("Bob Example submitted it")
    ann.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    ann.locator(".st-key-sign button").first.click()
    expect(ann.locator(".header-state")).to_contain_text("signed")

    submitted, signed = Journal(finished).records()
    assert submitted.content["user_id"].startswith("bob@127.0.0.1")
    assert signed.content["user_id"].startswith("ann@127.0.0.1")
    assert (signed.content["user"], signed.content["role"]) == ("Ann Example", "approver")
    assert signed.content["independent_review"] is True
    assert "OpenID Connect" in signed.content["authentication"]
    assert {d.author.partition(" <")[0] for d in Journal(finished).drafts(signed.subject)} == {"Bob Example"}


def _seen_at(provider, who, auth_time):
    """Let the provider say when it saw somebody last."""
    body = json.dumps({**PEOPLE[who], "auth_time": auth_time}).encode()
    request = urllib.request.Request(
        f"{provider}/users/{who}", body, {"Content-Type": "application/json"}, method="PUT"
    )
    urllib.request.urlopen(request, timeout=5).close()


def _sign(page):
    """Say why the sections are open, approve, and sign."""
    comment = page.locator(".st-key-comment textarea")
    comment.fill("Sections are open on purpose.")
    comment.blur()
    page.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    page.locator(".st-key-sign button").first.click()


def test_a_login_that_is_too_old_signs_after_logging_in_again(
    new_page, make_team_desk, provider, finished, tmp_path, wait_until
):
    """The page says so and has the button; the record keeps when the provider saw the person."""
    config = tmp_path / "luigi.cfg"
    config.write_text("[people]\nsign_within_minutes = 5\n")
    configured, journal = load({"AFTERCLOSE_DATA": str(finished)}), Journal(finished)
    key = journal.runs()[0].keys["report"]
    shown = signoff.signable(Store(finished), journal, key).sha256
    signoff.submit(
        configured,
        journal,
        key,
        text_sha256=shown,
        person=Person("local:bob", "Bob", "operator"),
        comment="Open.",
    )
    desk = make_team_desk({"LUIGI_CONFIG_PATH": str(config)})
    now = int(time.time())
    try:
        _seen_at(provider, "ann", now - 3600)
        ann = log_in(new_page(), desk, "ann")
        _sign(ann)
        expect(ann.get_by_text("Log in again, then sign").first).to_be_visible()
        assert len(Journal(finished).records()) == 1
        _seen_at(provider, "ann", now)
        ann.locator(".st-key-log_in_again button").click()
        ann.locator("button[name=sub][value=ann]").first.click()
        expect(ann.locator(".st-key-header")).to_contain_text("Ann Example")
        ann.goto(f"{desk.url}/report")
        expect(ann.locator(".st-key-meaning input").first).to_be_enabled()
        expect(ann.locator(".st-key-log_in_again")).to_have_count(0)
        _sign(ann)
        expect(ann.locator(".header-state")).to_contain_text("signed")
    finally:
        _seen_at(provider, "ann", now)
    _, signed = Journal(finished).records()
    assert signed.content["authenticated_at"] == datetime.fromtimestamp(now, UTC).isoformat()


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
    vera.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    expect(vera.get_by_text("Choose a meaning to sign")).to_have_count(0)  # off by the role
    expect(vera.locator(".st-key-sign button").first).to_be_disabled()
    expect(vera.locator(".st-key-edit_risks textarea")).to_be_disabled()
    assert _login_kept(vera)
    vera.locator(".st-key-log_out button").first.click()
    wait_until(lambda: not _login_kept(vera), "the login to end")
    again = vera.context.new_page()  # the first one is on its way to the provider's farewell
    again.goto(f"{team_desk.url}/report")
    expect(again.locator(".st-key-log_in button")).to_be_visible()


def test_whoever_is_logged_in_downloads(new_page, team_desk):
    """A file is made where Streamlit knows no visitor: at a team's desk nobody got any."""
    vera = log_in(new_page(), team_desk, "vera", "run")
    with vera.expect_download() as download:
        vera.locator(".st-key-zip button").first.click()
    assert zipfile.is_zipfile(download.value.path())


def _login_kept(page) -> bool:
    """Whether the browser still holds the cookie of a login."""
    return any(cookie["name"].startswith("_streamlit_user") for cookie in page.context.cookies())


def test_who_may_start_runs_uploads_and_nobody_else(new_page, make_team_desk, tmp_path, prices_file):
    """Bob's file lies under the root, by its name; Vera's field is off; without a login the door lets none in."""
    place = tmp_path / "prices"
    place.mkdir()
    config = tmp_path / "luigi.cfg"
    config.write_text(f"[files]\nroots = {place}\n[market]\ncalendar = 24/7\n")
    desk = make_team_desk({"LUIGI_CONFIG_PATH": str(config)})
    bob = log_in(new_page(), desk, "bob", "start")
    bob.locator(".st-key-source button", has_text="Files").click()
    bob.locator(".st-key-upload input[type=file]").first.set_input_files(prices_file)
    expect(bob.locator(".st-key-upload-outcome")).to_contain_text(f"Kept as {prices_file.name}")
    assert (place / "uploads" / prices_file.name).read_bytes() == prices_file.read_bytes()
    expect(bob.locator(".st-key-look")).to_contain_text("Ready to run")

    vera = log_in(new_page(), desk, "vera", "start")
    vera.locator(".st-key-source button", has_text="Files").click()
    expect(vera.locator(".st-key-upload-outcome")).to_contain_text("Your role, viewer, may not")
    expect(vera.locator(".st-key-upload input[type=file]").first).to_be_disabled()

    bare = urllib.request.Request(f"{desk.url}/_stcore/upload_file/a/b", b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(bare, timeout=5)


def test_logging_out_ends_the_login_wherever_its_cookie_was_copied_to(new_page, team_desk):
    """The copy opens the desk, also over a page that is open, until its owner logs out."""
    bob, thief = log_in(new_page(), team_desk, "bob"), new_page()
    thief.context.add_cookies(bob.context.cookies(team_desk.url))
    thief.goto(team_desk.url)
    expect(thief.locator(".st-key-header")).to_contain_text("Bob Example")
    bob.locator(".st-key-log_out button").click()
    expect(bob.get_by_role("heading", name="End Session")).to_be_visible()
    thief.goto(f"{team_desk.url}/audit")
    expect(thief.locator(".st-key-log_in button")).to_be_visible()
    assert "Bob Example" not in thief.content()
    log_in(bob, team_desk, "bob")
