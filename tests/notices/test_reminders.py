"""A signature that is due: people are reminded before its hour, a deputy after it; what is put aside asks nobody."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from core.errors import SettingsError
from core.journal import Journal
from core.queries.operations.attention import situation
from core.request import settings
from core.review import signoff
from core.review.people import Person, local_person
from core.runs.log import RunLog
from core.schedule.reminders import reminders, tell_people
from core.schedule.scheduler import Scheduler
from core.store.checkpoints import Store
from tests.forging import following, put, sql
from tests.late import needs

if not os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
    needs("apprise", "the extra [notices] is not installed")

pytestmark = pytest.mark.slow

NEVER = datetime(2100, 1, 1, tzinfo=UTC)
"""By then every hour is over."""


@pytest.fixture
def here(finished, web, mailbox, tmp_path):
    """A data root with a report that nobody has signed, an hour for it, receivers and a deputy (by mail)."""
    (tmp_path / "luigi.cfg").write_text(
        "[review]\nsign_by = 18:00\nremind_minutes = 60\n[schedule]\ndeadline_zone = UTC\n"
        f"[notices]\nurls = {web.url}\ndeputy_urls = {mailbox.url}\ndesk_url = http://desk.example\n",
        encoding="utf-8",
    )
    return settings.load({"AFTERCLOSE_DATA": str(finished)}, tmp_path)


def waiting(here):
    """The reports that wait for a signature: of which profile, the run that shows each, by when, and in words."""
    for notice in reminders(here, NEVER):
        _, profile, report, by = notice.once.split()
        yield SimpleNamespace(
            profile=profile, report=report, by=datetime.fromisoformat(by), text=notice.text, **notice.about
        )


def look(here, at):
    """What a look at the clock does."""
    tell_people(here, at, RunLog(here.data, "scheduler"))


def sign(here, report):
    """Approve a report as the local user."""
    journal = Journal(here.data)
    digest = signoff.signable(Store(here.data), journal, report).sha256
    return signoff.sign(
        here, journal, report, text_sha256=digest, person=local_person(here), meaning="approved", comment="x"
    )


def test_a_reminder_comes_before_the_hour_and_the_deputy_is_told_after_it(here, web, mailbox):
    """Each once, with a link to the report; the hour is the first 18:00 of a session day after it was made."""
    (due,) = waiting(here)
    made = datetime.fromisoformat(Journal(here.data).runs()[0].created_at)
    assert (due.by.hour, due.by.minute) == (18, 0)
    assert made < due.by <= made + timedelta(days=5)
    look(here, due.by - timedelta(minutes=61))
    assert web.taken == []
    for _ in range(2):
        look(here, due.by - timedelta(minutes=59))
    ((_, body),) = web.taken
    assert body["title"] == "Afterclose: a signature is due"
    assert due.report in body["message"]
    assert body["message"].endswith(f"http://desk.example/report?run={due.run}")
    assert mailbox.taken == []
    for _ in range(2):
        look(here, due.by + timedelta(minutes=1))
    assert len(web.taken) == 1
    (mail,) = mailbox.taken
    assert "was not signed in time" in mail


def test_a_signed_report_and_one_put_aside_remind_nobody(here, web, mailbox, run_afterclose, tmp_path):
    """Put aside with a reason it asks nobody, taken up again it does; signed it is done."""
    (due,) = waiting(here)

    def inbox(*words):
        done = run_afterclose("inbox", *words, data=here.data, cwd=tmp_path)
        assert done.code == 0, done.err
        return done.out

    needs = json.loads(inbox("--json"))["needs"]
    mark = next(need["mark"] for need in needs if need["what"] == "to sign")
    assert run_afterclose("inbox", "--aside", mark, data=here.data, cwd=tmp_path).code == 4
    inbox("--aside", mark, "--why", "a rehearsal")
    assert list(waiting(here)) == []
    after = json.loads(inbox("--json"))
    assert [need["what"] for need in after["needs"]] == [n["what"] for n in needs if n["mark"] != mark]
    assert [(entry["mark"], entry["why"]) for entry in after["aside"]] == [(mark, "a rehearsal")]
    assert "a rehearsal" in inbox()
    assert situation(here, Journal(here.data)).aside[0].need.mark == mark
    inbox("--take-up", mark, "--why", "it counts after all")
    assert [entry.report for entry in waiting(here)] == [due.report]
    sign(here, due.report)
    assert list(waiting(here)) == []
    look(here, due.by + timedelta(days=9))
    assert (web.taken, mailbox.taken) == ([], [])


def test_a_viewer_puts_nothing_aside(here, run_afterclose, tmp_path):
    """It takes the role that decides."""
    with (tmp_path / "luigi.cfg").open("a", encoding="utf-8") as file:
        file.write("[user]\nrole = viewer\n")
    needs = json.loads(run_afterclose("inbox", "--json", data=here.data, cwd=tmp_path).out)["needs"]
    words = ("inbox", "--aside", needs[0]["mark"], "--why", "x")
    assert run_afterclose(*words, data=here.data, cwd=tmp_path).code == 20


def test_the_scheduler_looks_also_where_nothing_is_scheduled(here, web):
    """Its tick sends the reminder."""
    (due,) = waiting(here)
    Scheduler(lambda: here).tick(due.by - timedelta(minutes=30))
    assert len(web.taken) == 1


def test_promoting_publishing_and_revoking_are_told_with_who_and_why(here, web, run_afterclose, tmp_path):
    """Three notices; publishing again what is published tells nobody."""
    (due,) = waiting(here)

    def do(*words):
        done = run_afterclose(*words, data=here.data, cwd=tmp_path)
        assert done.code == 0, done.err

    model = next((here.data / "models").glob("[0-9a-f]*")).name.partition(".")[0]
    do("promote", model, "--why", "the first one")
    sign(here, due.report)
    do("publish")
    do("publish")
    do("revoke", "--comment", "a wrong split")
    titles = [body["title"] for _, body in web.taken]
    assert titles == [
        "Afterclose: another champion",
        "Afterclose: a report was published",
        "Afterclose: a signature was revoked",
    ]
    texts = [body["message"] for _, body in web.taken]
    assert "the first one" in texts[0]
    assert f"report?run={due.run}" in texts[1]
    assert "a wrong split" in texts[2]


def test_one_of_two_signatures_is_still_due(here, tmp_path):
    """A profile that asks for two: after the first the report waits, and the reason says for how many."""
    with (tmp_path / "luigi.cfg").open("a", encoding="utf-8") as file:
        file.write("[user]\nname = Ann\n")
    text = (
        (tmp_path / "luigi.cfg").read_text(encoding="utf-8").replace("[review]", "[review]\nsignatures = 2")
    )
    (tmp_path / "luigi.cfg").write_text(text, encoding="utf-8")
    two = settings.load({"AFTERCLOSE_DATA": str(here.data)}, tmp_path)
    (due,) = waiting(two)
    sign(two, due.report)
    (due,) = waiting(two)
    assert "(1 of 2 signatures: by Ann)" in due.text
    bob = Person("local:bob", "Bob", "approver")
    journal = Journal(two.data)
    digest = signoff.signable(Store(two.data), journal, due.report).sha256
    signoff.sign(two, journal, due.report, text_sha256=digest, person=bob, meaning="approved", comment="x")
    assert list(waiting(two)) == []


def test_a_profile_whose_hour_nobody_can_say_is_told_once(here, web, mailbox):
    """A mistake in its section, such as an hour that is none: else reminder and deputy's notice just never come."""
    (due,) = waiting(here)
    wrong = SettingsError("luigi.cfg, line 2: unknown key 'sead'")
    over = replace(
        here, defaults={**here.defaults, "review_sign_by": ""}, profile_faults={due.profile: wrong}
    )
    for _ in range(2):
        look(over, due.by - timedelta(days=9))
    ((_, body),) = web.taken
    assert f"profile {due.profile} is due cannot be said" in body["message"]
    assert "sead" in body["message"]
    assert len(mailbox.taken) == 1


def test_a_signature_that_nobody_gave_keeps_no_reminder_back(here):
    """Nor a row that says that it was put aside; of a ledger that is broken people are told that nobody can say."""
    (due,) = waiting(here)
    office = SimpleNamespace(root=here.data, settings=here, journal=Journal(here.data))
    last = following(
        office, "signature", due.report, {"meaning": "approved", "user": "Dr. Chief", "text_sha256": "0"}
    )
    put(office, last)
    put(
        office,
        following(office, "inbox", f"report:{due.profile}:{due.report}:draft", {"decision": "put aside"}),
    )
    assert [entry.report for entry in waiting(here)] == [due.report]
    sql(office, "DELETE FROM record WHERE seq = ?", last.seq)
    unjudged = list(reminders(here, NEVER))
    assert [notice.event for notice in unjudged] == ["reminder", "escalation"]
    assert "does not say what people did" in unjudged[0].text
