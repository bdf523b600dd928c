"""The scheduler under a clock of the test's own: what is due is started, once, oldest first."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from core.errors import AftercloseError, ParameterError, SignOffError, StageError
from core.journal import Journal
from core.journal.occurrences import Occurrence
from core.journal.schedules import Schedules
from core.review.people import Person
from core.runs import launcher
from core.runs.launcher import Launched
from core.schedule import arrival, definition
from core.schedule.definition import Schedule
from core.schedule.scheduler import Scheduler, run_now
from core.schedule.starting import start_run
from core.schedule.timing import Timing

TESTER = Person("local:tester", "a tester", "operator")
MINUTE = timedelta(minutes=1)


def daily(name="daily", text="close+45m", **request):
    """A schedule after each close."""
    return Schedule(name, Timing(text), request)


def states(configured, name="daily"):
    """(session, state) of a schedule's occurrences, oldest first."""
    found = Schedules(configured.data).occurrences(name, limit=1000)
    return [(due.session, due.state) for due in reversed(found)]


def test_three_weeks_of_clock_give_each_session_once(configured, starter, at):
    """A look every 97 minutes from 24 June to 13 July 2024: 14 sessions, one half day, one holiday."""
    definition.add(configured, daily(), now=at("2024-06-24 12:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    now = at("2024-06-24 12:00")
    while now < at("2024-07-13 12:00"):
        scheduler.tick(now)
        now += 97 * MINUTE
    june = [f"2024-06-{day}" for day in (24, 25, 26, 27, 28)]
    july = [f"2024-07-{day:02d}" for day in (1, 2, 3, 5, 8, 9, 10, 11, 12)]
    assert starter.sessions() == june + july


def test_nothing_is_started_before_its_minute(configured, starter, at):
    """The half day of 3 July 2024 closes at 17:00 UTC."""
    definition.add(configured, daily(), now=at("2024-07-03 12:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    scheduler.tick(at("2024-07-03 17:44"))
    assert starter.requests == []
    scheduler.tick(at("2024-07-03 17:45"))
    assert starter.requests == [{"end": "2024-07-03"}]


def test_one_run_of_a_schedule_at_a_time(configured, starter, at):
    """The next one waits until the first is over."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    starter.state = "running"
    scheduler = Scheduler(lambda: configured, starter)
    journal = Journal(configured.data)
    for _ in range(3):
        scheduler.tick(at("2024-07-09 23:00"))
    assert starter.sessions() == ["2024-07-08"]
    journal.lead(journal.runs()[0].run_id, _this())
    journal.end(journal.runs()[0].run_id, "failed", 30, "no")
    scheduler.tick(at("2024-07-09 23:01"))
    scheduler.tick(at("2024-07-09 23:02"))
    assert starter.sessions() == ["2024-07-08", "2024-07-09"]
    assert states(configured)[0] == ("2024-07-08", "failed")


def _this():
    from core.platform.processes import this_process

    return this_process()


def test_two_schedulers_at_once_start_everything_once(configured, starter, at):
    """The lock saves work; without it, and interleaved, nothing runs twice either."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    both = [Scheduler(lambda: configured, starter) for _ in range(2)]
    for minute in range(6):
        for scheduler in both:
            scheduler.tick(at("2024-07-12 23:00") + minute * MINUTE)
    assert starter.sessions() == [f"2024-07-{day:02d}" for day in (8, 9, 10, 11, 12)]


def test_schedulers_at_the_same_moment_start_everything_once(configured, starter, at):
    """Four threads, each with a scheduler of its own, look at one clock together, again and again."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    together = Barrier(4)

    def look(_) -> None:
        scheduler = Scheduler(lambda: configured, starter)
        for minute in range(6):
            together.wait(timeout=60)
            scheduler.tick(at("2024-07-12 23:00") + minute * MINUTE)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, range(4)))
    assert starter.sessions() == [f"2024-07-{day:02d}" for day in (8, 9, 10, 11, 12)]
    assert Journal(configured.data, configured.journal).count_runs() == 5


def test_a_scheduler_killed_while_starting_leaves_nothing_undone(configured, starter, at):
    """Killed before the run was on record: the next look starts it, once."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)

    def killed(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Scheduler(lambda: configured, killed).tick(at("2024-07-08 23:00"))
    assert states(configured) == [("2024-07-08", "starting")]
    for _ in range(3):
        Scheduler(lambda: configured, starter).tick(at("2024-07-08 23:01"))
    assert starter.sessions() == ["2024-07-08"]
    assert states(configured) == [("2024-07-08", "succeeded")]


def test_a_scheduler_killed_after_starting_does_not_start_again(configured, starter, at):
    """Killed after the run was on record, before that was written down."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)

    def killed(*given):
        starter(*given)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Scheduler(lambda: configured, killed).tick(at("2024-07-08 23:00"))
    for _ in range(3):
        Scheduler(lambda: configured, starter).tick(at("2024-07-08 23:01"))
    assert starter.sessions() == ["2024-07-08"]
    assert states(configured) == [("2024-07-08", "succeeded")]


def test_a_paused_schedule_is_not_due_and_does_not_catch_up(configured, starter, at):
    """Resumed, it counts from then on; run now works meanwhile."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    definition.pause(configured, "daily", person=TESTER)
    scheduler.tick(at("2024-07-09 23:00"))
    assert starter.requests == []
    assert (
        run_now(configured, "daily", now=at("2024-07-09 23:30"), person=TESTER, start=starter).state
        == "running"
    )
    definition.resume(configured, "daily", now=at("2024-07-10 12:00"), person=TESTER)
    scheduler.tick(at("2024-07-10 23:00"))
    assert starter.sessions() == ["2024-07-09", "2024-07-10"]


def test_a_schedule_of_a_removed_profile_says_so_and_goes_on(configure, starter, at):
    """The time is on record as refused with the reason; with the profile back the next one runs."""
    text = "[profile:caps]\ntickers = AAPL\n"
    configured = configure(text)
    definition.add(configured, daily(profile="caps"), now=at("2024-07-05 23:00"), person=TESTER)
    gone = configure("")

    def refusing(settings, request, run_id, person) -> Launched:
        settings.under(request["profile"])
        return starter(settings, request, run_id, person)

    Scheduler(lambda: gone, refusing).tick(at("2024-07-08 23:00"))
    (refused,) = Schedules(configured.data).occurrences("daily")
    assert refused.state == "refused"
    assert "there is no profile 'caps'" in refused.note
    Scheduler(lambda: configure(text), refusing).tick(at("2024-07-09 23:00"))
    assert starter.requests == [{"profile": "caps", "end": "2024-07-09"}]


def test_a_removed_schedule_starts_nothing_more(configured, starter, at):
    """What was waiting is on record as skipped."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    journal = Schedules(configured.data)
    journal.add_occurrence(
        Occurrence("daily", "2024-07-08T21:00:00.000+00:00", "2024-07-08", "waiting", None, None)
    )
    definition.remove(configured, "daily", person=TESTER)
    Scheduler(lambda: configured, starter).tick(at("2024-07-09 23:00"))
    assert starter.requests == []
    assert states(configured) == [("2024-07-08", "skipped")]


def test_new_data_starts_a_run_once_it_stands_still(configured, starter, at, tmp_path):
    """A watched folder: nothing at first, nothing while it grows, one run when it has settled."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / "a.csv").write_text("date,ticker,close\n", encoding="utf-8")
    watched = daily("daily", "arrival", source="files", path=str(folder), mode="train")
    definition.add(configured, watched, now=at("2024-07-05 23:00"), person=TESTER)
    scheduler = Scheduler(lambda: configured, starter)
    now = at("2024-07-05 23:00")

    def looks(count):
        nonlocal now
        for _ in range(count):
            now += timedelta(seconds=20)
            scheduler.tick(now)

    looks(3)
    assert starter.requests == []
    (folder / "b.csv").write_text("date", encoding="utf-8")
    looks(1)
    (folder / "b.csv").write_text("date,ticker,close\n2024-07-05,A,1\n", encoding="utf-8")
    looks(1)
    assert starter.requests == [], "somebody was still writing"
    looks(4)
    assert starter.requests == [{"source": "files", "path": str(folder), "mode": "train"}]


MISTAKES = [
    (daily("Daily"), "the schedule's name is 'Daily'"),
    (daily(text="cron 0 0 31 2 *"), "never due"),
    (daily(profile="nobody"), "there is no profile 'nobody'"),
    (daily(seed="x"), "--seed is 'x'"),
    (daily(mode="score"), "champion"),
    (daily(source="files", path="/nowhere.csv"), "/nowhere.csv"),
    (daily(text="arrival"), "sample, which never changes"),
    (Schedule("x", Timing("close", "XNYZ")), "XNYZ"),
]


@pytest.mark.parametrize(("wrong", "came"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_what_can_never_run_is_refused_when_it_is_set(wrong, came, configured, at):
    """And nothing is kept."""
    with pytest.raises(AftercloseError, match=came):
        definition.add(configured, wrong, now=at("2024-07-05 23:00"), person=TESTER)
    assert not Journal.exists(configured.data)


def test_names_are_unique_and_unknown_ones_are_named(configured, at):
    """A second one of a name, and a misspelt one."""
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    with pytest.raises(ParameterError, match="there is a schedule 'daily' already"):
        definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    with pytest.raises(ParameterError, match=r"no schedule 'dayly'.*Did you mean daily"):
        definition.pause(configured, "dayly", person=TESTER)


def test_without_a_journal_the_scheduler_leaves_no_trace(configured, starter, at):
    """A desk that only looks must not make an empty journal: that would hide that one was lost."""
    Scheduler(lambda: configured, starter).tick(at("2024-07-08 23:00"))
    assert not configured.data.exists()


def test_a_viewer_sets_no_schedule_and_starts_none(configured, starter, at):
    """The service asks for the role, not only the page."""
    viewer = Person("local:x", "a viewer", "viewer")
    with pytest.raises(SignOffError, match="viewer"):
        definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=viewer)
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=TESTER)
    for act in (definition.pause, definition.remove):
        with pytest.raises(SignOffError):
            act(configured, "daily", person=viewer)
    with pytest.raises(SignOffError):
        run_now(configured, "daily", now=at("2024-07-08 23:00"), person=viewer, start=starter)
    assert starter.requests == []


def test_runs_are_asked_for_by_whoever_made_the_schedule(configured, starter, at):
    """So that nobody can have a schedule train what they may not promote themselves."""
    member = Person("77@id.example.org", "Ann", "operator", "id.example.org")
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=member)
    Scheduler(lambda: configured, starter).tick(at("2024-07-08 23:00"))
    assert Journal(configured.data).runs()[0].who == member.label


def test_a_maker_who_lost_the_role_starts_nothing_more(configure, starter, at, tmp_path):
    """The file of roles is asked at each run, by the maker's id: the time is refused, and back in the file it runs."""
    roles = tmp_path / "roles.toml"
    configured = configure(f"[people]\nroles_file = {roles}\n")
    member = Person("77@id.example.org", "Ann", "operator", "id.example.org")
    roles.write_text('[roles]\n"ann@example.org" = "operator"\n', encoding="utf-8")
    with pytest.raises(ParameterError, match=r'"77@id.example.org" = "operator"'):
        definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=member)
    roles.write_text('[roles]\n"77@id.example.org" = "operator"\n', encoding="utf-8")
    definition.add(configured, daily(), now=at("2024-07-05 23:00"), person=member)
    scheduler = Scheduler(lambda: configured, starter)
    for day, role in (("08", "operator"), ("09", "viewer"), ("10", "approver")):
        roles.write_text(f'[roles]\n"77@id.example.org" = "{role}"\n', encoding="utf-8")
        scheduler.tick(at(f"2024-07-{day} 23:00"))
    assert starter.sessions() == ["2024-07-08", "2024-07-10"]
    refused = next(d for d in Schedules(configured.data).occurrences("daily") if d.state == "refused")
    assert "Ann has the role 'viewer'" in refused.note


# ---- what never comes to an end


def endless(*_, **__):
    """A share that does not answer, or a pattern over more folders than anybody has time for."""
    time.sleep(60)
    pytest.fail("nobody ended it")


def test_a_request_that_cannot_be_planned_in_time_stops_no_other_schedule(
    configured, starter, at, monkeypatch
):
    """It is refused, in words that name the limit; what comes behind it is looked at all the same."""
    quick = replace(configured, defaults={**configured.defaults, "read_timeout_s": 0.2})
    for name in ("before", "daily"):
        definition.add(configured, daily(name), now=at("2024-07-05 23:00"), person=TESTER)
    began, starter.state = [], "running"

    def start(settings, request, run_id, person):
        if began:
            return starter(settings, request, run_id, person)
        began.append(run_id)
        return start_run(settings, request, run_id, person)

    monkeypatch.setattr(launcher, "resolve", endless)
    Scheduler(lambda: quick, start).tick(at("2024-07-08 23:00"))
    assert states(configured, "before") == [("2024-07-08", "refused")]
    assert states(configured, "daily") == [("2024-07-08", "running")]
    (refused,) = Schedules(configured.data).occurrences("before", limit=9)
    assert "[files] read_timeout_s" in str(refused.note)


def test_a_look_for_new_data_that_never_ends_is_ended_and_rests(configured, at, monkeypatch):
    """Each look would hold all other schedules for as long again."""
    quick = replace(configured, defaults={**configured.defaults, "read_timeout_s": 0.2})
    looks = []

    def look(*_, **__):
        looks.append(1)
        endless()

    monkeypatch.setattr(arrival, "resolve", look)
    arrivals, watched = arrival.Arrivals(), daily("watched", "arrival", source="files", path="prices")
    now = at("2024-07-08 23:00")
    with pytest.raises(StageError, match="read_timeout_s"):
        arrivals.new(quick, watched, {}, now)
    assert arrivals.new(quick, watched, {}, now + timedelta(seconds=1)) is None
    assert len(looks) == 1
    with pytest.raises(StageError, match="read_timeout_s"):
        arrivals.new(quick, watched, {}, now + timedelta(seconds=16))
    assert len(looks) == 2
