"""One command runs what is due, a few at a time; a profile that fails leaves the others alone."""

from __future__ import annotations

import json

import pytest

from core.journal import Journal
from core.queries.operations.profile_list import profile_list
from core.registry.origins import profile_of_run, runs_of
from core.review.people import local_person
from core.runs import launcher
from core.runs.profile import profile_of
from core.schedule.due import due_profiles, run_due


@pytest.mark.slow
def test_one_failing_profile_leaves_the_others_alone(configure, make_prices, at, tmp_path, monkeypatch):
    """Two files and one that is gone: two reports, one that waits and names the file, in order."""
    monkeypatch.chdir(tmp_path)
    sections = []
    for name in ("alpha", "gone", "omega"):
        path = tmp_path / f"{name}.csv"
        if name != "gone":
            path.write_text(make_prices(), encoding="utf-8")
        options = "calendar = 24/7\nmin_train_sessions = 100\nfold_sessions = 50\nbootstrap_samples = 100\n"
        sections.append(f"[profile:{name}]\nsource = files\npath = {path}\n{options}")
    configured = configure("\n".join(sections))
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(configured.file))
    monkeypatch.setenv("AFTERCLOSE_DATA", str(configured.data))
    now = at("2020-10-27 19:00")
    assert due_profiles(configured, now) == ["alpha", "gone", "omega"]
    told = []
    outcomes = run_due(
        configured, now, person=local_person(configured), jobs=2, each=lambda o: told.append(o.profile)
    )
    assert [(o.profile, o.state) for o in outcomes] == [
        ("alpha", "succeeded"), ("gone", "waiting"), ("omega", "succeeded"),
    ]  # fmt: skip
    assert "gone.csv" in outcomes[1].note
    assert sorted(told) == ["alpha", "gone", "omega"]
    assert {profile_of_run(configured, run) for run in runs_of(configured, "")} == {"alpha", "omega"}
    assert due_profiles(configured, now) == ["gone"]
    rows = {row.profile: row for row in profile_list(configured, now)}
    assert next(iter(rows)) == "gone"
    assert (rows["gone"].state, rows["gone"].last_session, rows["gone"].signature) == ("none", None, "")
    stands = (rows["omega"].state, rows["omega"].last_session, rows["omega"].signature)
    assert stands == ("fresh", "2020-10-26", "draft")
    assert rows["omega"].run_id != rows["alpha"].run_id


@pytest.mark.slow
def test_the_command_tells_what_waits_from_what_failed(run_afterclose, tmp_path):
    """20 while a file has not come, 30 once it came and holds no prices."""
    path = tmp_path / "late.csv"
    (tmp_path / "luigi.cfg").write_text(f"[profile:late]\nsource = files\npath = {path}\n")
    waits = run_afterclose("run", "--due", "--json", data=tmp_path / "data", cwd=tmp_path)
    assert [(row["profile"], row["state"]) for row in json.loads(waits.out)] == [("late", "waiting")]
    path.write_text("neither,prices\n1,2\n")
    failed = run_afterclose("run", "--due", "--json", data=tmp_path / "data", cwd=tmp_path)
    assert [row["profile"] for row in json.loads(failed.out)] == ["late"]
    assert (waits.code, failed.code) == (20, 30)


def test_a_section_at_fault_is_refused_by_name_although_nothing_ever_ran_of_it(configure, at):
    """Whoever runs what is due is told once more what the list of profiles says."""
    configured, now = configure("[profile:x]\nsede = 7\n"), at("2024-07-08 23:00")
    assert due_profiles(configured, now) == ["x"]
    (outcome,) = run_due(configured, now, person=local_person(configured))
    assert (outcome.profile, outcome.state) == ("x", "refused")
    assert "sede" in outcome.note


def test_a_source_of_ones_own_is_no_more_refused_than_a_file(configure, at, tmp_path, monkeypatch):
    """Its profile has no section; it is due with what its runs asked for, and its module is that of luigi.cfg."""
    declared = "@source(text='ours', price_basis='raw')\ndef warehouse(tickers, start, end):\n    return []\n"
    (tmp_path / "mine.py").write_text(f"from core.plugins import source\n\n\n{declared}", encoding="utf-8")
    now, request = at("2024-07-08 23:00"), {"source": "own", "plugins": str(tmp_path / "mine.py")}
    configured = configure()
    name, journal = profile_of(request, configured, keep=True), Journal(configured.data)
    journal.add_run(
        "r1", who="a", how="terminal", request=request, target="report", state="running", profile=name
    )
    journal.end("r1", "failed", 30, "ingest: no answer")
    ids = []
    monkeypatch.setattr(launcher, "_spawn", lambda *arguments: ids.append(arguments[2]))
    assert due_profiles(configured, now) == [name]
    (refused,) = run_due(configured, now, person=local_person(configured), sleep=lambda _: None)
    assert refused.state == "refused"
    assert "came without a module: a profile without a section remembers none" in refused.note
    configured = configure("[plugins]\nmodules = mine.py\n")
    (outcome,) = run_due(
        configured, now, person=local_person(configured),
        sleep=lambda _: journal.end(ids[0], "failed", 30, "no answer"),
    )  # fmt: skip
    assert (outcome.profile, outcome.state, outcome.run_id) == (name, "failed", ids[0])
    assert journal.run(ids[0]).profile == name
