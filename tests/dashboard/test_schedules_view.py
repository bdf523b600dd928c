"""The page Schedules: set, seen with its next times, paused, run, removed; what is wrong stands beside the form."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pytest

from core.journal import Journal
from core.journal.backfills import Backfills
from core.journal.occurrences import Occurrence
from core.journal.schedules import Schedules
from core.queries.operations.schedules import schedule_view
from core.request.known_profiles import KnownProfiles, question_of
from core.review.people import Person
from core.schedule.scheduler import Scheduler, utc_clock
from dashboard import schedule_card, shell

ZONED = ("EST", "EDT")
PROFILE_FIELDS = ("schedule-profile", "backfill-profile")


@pytest.fixture
def page(desk_page):
    return lambda **address: desk_page("views/schedules.py", **address)


def set_daily(at, name="daily", **fields):
    """Fill in the form and press its button."""
    at.text_input(key="schedule-name").set_value(name)
    for key, value in fields.items():
        at.selectbox(key=f"schedule-{key}").set_value(value)
    assert not at.button(key="schedule-set").click().run().exception
    return at


def words(at):
    """Everything the page says in captions, markdown and alerts."""
    found = [*at.caption, *at.markdown, *at.info, *at.warning, *at.error, *at.success, *at.toast]
    return " ".join(element.value for element in found)


def shown_html(at):
    """What the elements of HTML say, as a reader has it."""
    return unescape(" ".join(element.proto.body for element in at.get("html")))


def test_an_empty_page_says_what_to_do(page):
    """No schedule: one sentence and an open form; looking leaves no journal."""
    at = page()
    assert "Nothing runs by itself yet" in words(at)
    assert at.button(key="schedule-set").label == "Set this schedule"
    assert not at.exception


def test_a_schedule_is_set_and_shown_with_five_times_in_both_zones(page, desk_settings, reader, monkeypatch):
    """After the close, as the form stands; the next times come from the exchange's calendar."""
    at = set_daily(page())
    shown = schedule_view(desk_settings, "daily", utc_clock())
    assert (shown["when"], shown["state"]) == ("close+45m", "active")
    at = page()
    times = reader.table(at, "Exchange time")
    assert len(times) == 5
    assert all(str(text).endswith(ZONED) for text in times["Exchange time"])
    assert "No schedule starts now" not in words(at), "a scheduler may have been started a moment ago"
    monkeypatch.setattr("core.queries.operations.schedules.PATIENCE_S", 0.0)
    assert "No schedule starts now" in words(at.run()), "nobody watches the clock in this test"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("No/Where", None),
        ("../etc/passwd", None),
        ("", None),
        (None, None),
    ],
)
def test_the_zone_that_a_browser_names_is_taken_if_there_is_one(monkeypatch, name, zone):
    """A browser sends what it likes: an unknown one is no reason for a page not to come."""
    monkeypatch.setattr(shell, "st", SimpleNamespace(context=SimpleNamespace(timezone=name)))
    assert getattr(shell.local_zone(), "key", None) == zone


def test_the_form_says_when_it_would_run_next_in_both_zones(page):
    """As the rule stands in the form; a rule without times, or with a mistake, has none."""
    at = page()
    (sentence,) = [caption.value for caption in at.caption if "Next run" in caption.value]
    assert "UTC" in sentence
    assert any(f"{zone} at the exchange" in sentence for zone in ZONED)
    at.segmented_control(key="schedule-kind").set_value("When data arrives").run()
    assert "Next run" not in words(at)
    at.segmented_control(key="schedule-kind").set_value("Cron line").run()
    at.text_input(key="schedule-line").set_value("61 * * * *").run()
    assert "Next run" not in words(at)
    assert not at.exception


def test_the_forms_begin_with_the_profile_that_is_chosen_above_or_the_only_one(
    page, desk_page, desk_settings, prices_file
):
    """Of several without a choice none is taken."""
    book = KnownProfiles(desk_settings.data)
    book.keep("files:prices", question_of("files", str(prices_file), ""))
    at = page()
    assert [at.selectbox(key=key).value for key in PROFILE_FIELDS] == ["files:prices"] * 2
    book.keep("files:other", question_of("files", str(prices_file), "AAA"))
    assert [page().selectbox(key=key).value for key in PROFILE_FIELDS] == ["(none)"] * 2
    at = desk_page("views/schedules.py", only="files:other")
    assert [at.selectbox(key=key).value for key in PROFILE_FIELDS] == ["files:other"] * 2


def test_a_mistake_is_shown_and_nothing_is_kept(page, desk_settings):
    """An impossible cron line, and a name with a space."""
    at = page()
    at.text_input(key="schedule-name").set_value("daily")
    at.segmented_control(key="schedule-kind").set_value("Cron line").run()
    at.text_input(key="schedule-line").set_value("61 * * * *")
    at.button(key="schedule-set").click().run()
    assert "five fields" in at.error[0].value
    at.segmented_control(key="schedule-kind").set_value("After the close").run()
    set_daily(at, "my schedule")
    assert "small letters" in at.error[0].value
    assert not Journal.exists(desk_settings.data)


def test_pause_resume_and_remove(page, desk_settings):
    """Each is one button; removing asks first."""
    set_daily(page())
    at = page()
    at.button(key="pause-daily").click().run()
    assert Schedules(desk_settings.data).schedule("daily").state == "paused"
    at = page()
    at.button(key="resume-daily").click().run()
    assert Schedules(desk_settings.data).schedule("daily").state == "active"
    at = page()
    at.button(key="remove-yes-daily").click().run()
    assert Schedules(desk_settings.data).schedule("daily") is None


def test_a_schedule_whose_profile_is_gone_says_so(page, desk_settings):
    """The page is drawn, with the reason beside the schedule."""
    set_daily(page())
    journal = Schedules(desk_settings.data)
    body = dict(journal.schedule("daily").body)
    journal.remove_schedule("daily")
    journal.add_schedule(
        "daily", {**body, "request": {"profile": "gone"}}, who="x", since="2026-01-01T00:00:00+00:00"
    )
    at = page()
    assert not at.exception
    assert "there is no profile 'gone'" in shown_html(at)


def test_a_schedule_is_changed_in_place_and_the_change_is_on_record(page, desk_settings):
    """The form has what it is; the rule changes, its past and its state stay, and the record says from what to what."""
    set_daily(page(), mode="train")
    journal = Schedules(desk_settings.data)
    journal.add_occurrence(Occurrence("daily", "2026-01-02T21:45:00.000+00:00", "2026-01-02", "skipped"))
    at = page()
    at.button(key="change-daily").click().run()
    assert at.selectbox(key="change-daily-mode").value == "train"
    assert at.button(key="change-daily-yes").disabled, "nothing is changed yet"
    at.number_input(key="change-daily-minutes").set_value(60).run()
    at.button(key="change-daily-yes").click().run()
    assert not at.exception
    shown = schedule_view(desk_settings, "daily", utc_clock())
    assert (shown["when"], shown["request"]) == ("close+60m", {"mode": "train"})
    assert [due["session"] for due in shown["occurrences"]] == ["2026-01-02"]
    record = Journal(desk_settings.data).records()[-1]
    assert (record.subject, record.content["decision"]) == ("daily", "changed a schedule")
    assert record.content["comment"] == "when: close+45m, XNYS -> close+60m, XNYS"


def test_the_sample_is_warned_of_before_it_is_scheduled_and_after(page, desk_settings):
    """Nothing new ever comes, and its card leads to the form that mends it. It says once the day of the next run."""
    at = page()
    assert "ends in 2013" in at.warning[0].value
    set_daily(at)
    texts = ("ends in 2013", "Nothing new will come", "profile sample", "schedules?change=daily")
    assert all(text in shown_html(page()) for text in texts)
    entry = schedule_view(desk_settings, "daily", utc_clock())
    card = schedule_card.facts(entry, [], utc_clock(), None)
    assert all(card.count(at[:10]) == 1 for at in entry["next"]), "days in words"
    assert any(f"{zone} at the exchange" in card for zone in ZONED)
    assert "change-daily-yes" in {button.key for button in page(change="daily").button}


def test_a_file_that_ended_is_warned_of_while_it_is_chosen(page, tmp_path):
    """None of the sessions of the last three weeks is in it; one that is not there, or out of reach, is named."""
    path = tmp_path / "old.csv"
    path.write_text("date,ticker,open,high,low,close,volume\n2024-07-01,A,1,1,1,1,5\n", encoding="utf-8")
    at = page()
    at.selectbox(key="schedule-source").set_value("files").run()
    at.text_input(key="schedule-path").set_value(str(tmp_path / "none.csv")).run()
    assert "is not there" in at.warning[0].value
    at.text_input(key="schedule-path").set_value("/etc/none.csv").run()
    assert "in a folder of the system" in at.warning[0].value
    at.text_input(key="schedule-path").set_value(str(path)).run()
    assert "it has ended" in at.warning[0].value


def test_each_past_time_has_its_run_and_how_late_it_was(page, desk_settings, fake_run, reader):
    """A run that started hours after it was due, and a time that was skipped without one."""
    set_daily(page())
    fake_run("r1", "failed", error="no prices")
    started = datetime.fromisoformat(Journal(desk_settings.data).run("r1").started_at)
    due = (started - timedelta(hours=3, minutes=2)).isoformat(timespec="milliseconds")
    journal = Schedules(desk_settings.data)
    journal.add_occurrence(
        Occurrence("daily", "2026-01-02T21:45:00.000+00:00", "2026-01-02", "skipped", None, "missed")
    )
    journal.add_occurrence(Occurrence("daily", due, "2026-01-05", "failed", "r1"))
    at = page()
    table = reader.table(at, "Ready after")
    assert list(table["Started"]) == ["3 h 2 min late", ""]
    assert list(table["Note"]) == ["", "missed"]
    assert "1 failed, 1 skipped, 1 started late" in shown_html(at)
    assert "run?run=r1" in shown_html(at)


def test_a_paused_schedule_says_that_nothing_comes(page):
    """The warning goes with the pause."""
    set_daily(page())
    at = page()
    at.button(key="pause-daily").click().run()
    assert "nothing starts until it is resumed" in shown_html(page())


def test_a_root_that_cannot_be_written_can_be_looked_at(page, monkeypatch):
    """Buttons are off."""
    set_daily(page())
    from dashboard import shell

    monkeypatch.setattr(shell, "can_write", lambda: False)
    at = page()
    assert at.button(key="schedule-set").disabled
    assert at.button(key="pause-daily").disabled


@pytest.mark.slow
def test_a_schedule_of_the_page_runs_the_sample_by_itself(page, desk_settings, wait_until):
    """The clock is the test's: at the next due minute one run of the sample starts, and its report is whole."""
    set_daily(page(), mode="train")
    due = datetime.fromisoformat(schedule_view(desk_settings, "daily", utc_clock())["next"][0])
    scheduler = Scheduler(lambda: desk_settings)
    journal = Journal(desk_settings.data)
    scheduler.tick(due - timedelta(minutes=1))
    assert journal.count_runs() == 0
    scheduler.tick(due)
    (run,) = journal.runs()
    assert (run.how, run.who, run.request["mode"]) == ("schedule", "local user", "train")
    wait_until(lambda: not journal.run(run.run_id).active, "the run to end", timeout_s=300)
    assert journal.run(run.run_id).state == "succeeded"
    scheduler.tick(due + timedelta(minutes=1))
    assert journal.count_runs() == 1
    assert "succeeded" in [due.state for due in Schedules(desk_settings.data).occurrences("daily")]
    assert "succeeded" in str([link.label for link in page().expander])


def fill_in(at, first, last, *, press=True):
    """Fill in the form of a range, and press its button where it can be pressed."""
    at.date_input(key="backfill-first").set_value(date.fromisoformat(first))
    at.date_input(key="backfill-last").set_value(date.fromisoformat(last))
    at.selectbox(key="backfill-mode").set_value("train")
    at.run()
    assert not at.exception
    if press and not at.button(key="backfill-start").disabled:
        at.button(key="backfill-start").click().run()
        assert not at.exception
    return at


def test_a_range_is_counted_before_it_is_started(page, desk_settings):
    """The sample ends on 1 March 2013; the button can be pressed once something was counted, which records nothing."""
    at = page()
    assert at.button(key="backfill-start").disabled
    assert "Choose the first and the last session" in at.button(key="backfill-start").help
    fill_in(at, "2013-02-25", "2013-03-05", press=False)
    assert "sample: 7 sessions, of which 2 the source does not hold." in words(at).replace("\\", "")
    assert not at.button(key="backfill-start").disabled
    assert not Journal.exists(desk_settings.data)


def test_of_what_the_source_does_not_hold_the_page_shows_no_data(page, desk_settings, wait_until):
    """Its process ends at once, without a run; the notice and the list say so."""
    at = fill_in(page(), "2024-07-11", "2024-07-12")
    assert "2 sessions, of which 2 the source does not hold" in words(at)
    journal = Backfills(desk_settings.data)
    wait_until(lambda: journal.backfills()[0].state == "done", "the range to be filled in", timeout_s=200)
    shown = words(page())
    assert "2 no data" in shown
    assert "sample" in shown
    assert journal.count_runs() == 0


def test_a_profile_without_a_section_can_be_filled_in(page, desk_settings, prices_file):
    """It is offered by its name once something ran under it; what it asks for comes from what is known of it."""
    question = question_of("files", str(prices_file), "")
    KnownProfiles(desk_settings.data).keep("files:prices", question)
    at = page()
    at.selectbox(key="backfill-profile").set_value("files:prices")
    fill_in(at, "2020-10-20", "2020-10-28", press=False)
    assert "files:prices: 7 sessions, of which 2 the source does not hold." in words(at).replace("\\", "")


def test_a_profile_without_a_section_can_be_scheduled(page, desk_settings, prices_file):
    """What it reads is said, and no word of the sample; the schedule asks for the profile alone."""
    KnownProfiles(desk_settings.data).keep("files:prices", question_of("files", str(prices_file), ""))
    at = page()
    at.selectbox(key="schedule-profile").set_value("files:prices").run()
    assert str(prices_file) in words(at).replace("\\", "")
    assert "embedded sample" not in words(at)
    assert at.text_input(key="schedule-tickers").disabled, "the profile is called after its prices"
    assert at.selectbox(key="schedule-source").options == ["(as configured)"]
    at.selectbox(key="schedule-profile").set_value("(none)").run()
    assert not at.text_input(key="schedule-tickers").disabled
    assert "sample" in at.selectbox(key="schedule-source").options
    at.text_input(key="schedule-tickers").set_value(
        "AAPL"
    ).run()  # and goes nowhere once the profile is chosen
    set_daily(at, profile="files:prices")
    assert schedule_view(desk_settings, "daily", utc_clock())["request"] == {"profile": "files:prices"}


@pytest.mark.slow
def test_a_range_is_filled_in_by_a_process_of_its_own(page, desk_settings, wait_until):
    """A mistake stands beside the form; one session of the sample is run and shown as it ends."""
    assert "Swap them" in fill_in(page(), "2001-01-04", "2001-01-02").error[0].value
    fill_in(page(), "2001-01-02", "2001-01-02")
    journal = Backfills(desk_settings.data)
    wait_until(lambda: journal.backfills()[0].state == "done", "the range to be filled in", timeout_s=200)
    (one_session,) = journal.sessions_of(journal.backfills()[0].backfill_id)
    assert (one_session.session, one_session.state) == ("2001-01-02", "succeeded")
    assert "1 succeeded" in words(page())


def test_what_a_viewer_may_not_press_is_off(page, desk_settings, monkeypatch):
    """Each button of the page, with the reason; the service would refuse as well."""
    at = page()
    set_daily(at)
    monkeypatch.setattr(shell, "person", lambda: Person("local:v", "V", "viewer"))
    at = page()
    buttons = {button.key: button for button in at.button}
    for key in ("now-daily", "pause-daily", "change-daily", "schedule-set", "backfill-start"):
        assert buttons[key].disabled, key
        assert "viewer" in buttons[key].help, key
