"""Two vendors' ``prices.csv`` in one data root: nothing of one is shown, scored or promoted in the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.champions import settings_of
from tests.cli.conftest import FIRST, SECOND, TICKERS
from tests.conftest import prices_csv
from tests.shared import copy_root

pytestmark = pytest.mark.slow


@pytest.fixture
def copied(universes, tmp_path) -> Path:
    """A copy of the data root that a test may change."""
    copy_root(universes.data, tmp_path / "data")
    return tmp_path / "data"


def test_the_second_vendors_file_of_the_same_name_is_another_profile_and_trains(universes, read):
    """A longer file of the first's tickers is the first's, and is scored; other tickers are not."""
    assert universes.second.startswith(SECOND)
    listed = read("runs", data=universes.data)
    assert [run["profile"] for run in reversed(listed)] == [FIRST] * 2 + [universes.second] * 2
    modes = [
        json.loads(
            (
                universes.data / "checkpoints" / "evaluate" / run["keys"]["evaluate"] / "evaluation.json"
            ).read_text()
        )["mode"]
        for run in reversed(listed)
    ]
    assert modes == ["train", "score", "train", "score"]


ABOUT_ONE = (
    ("predict",), ("scorecard",), ("compare",), ("show",), ("review",), ("models", "advice"),
    ("rollback", "--why", "x"), ("models", "decide", "keep", "--why", "x"),
)  # fmt: skip


@pytest.mark.parametrize("words", ABOUT_ONE, ids=" ".join)
def test_a_command_about_one_profile_lists_them_and_ends_with_4(words, universes, run_afterclose):
    """It guesses none."""
    outcome = run_afterclose(*words, data=universes.data)
    assert outcome.code == 4, outcome.out
    assert f"{FIRST}, {universes.second}" in outcome.err


@pytest.mark.parametrize("which", [0, 1], ids=["first", "second"])
def test_what_a_command_says_of_a_profile_is_of_that_profile(which, universes, read):
    """Champion, signals, scorecard, comparison, review and report; each says whose it is."""
    name = (FIRST, universes.second)[which]
    tickers = TICKERS[FIRST if which == 0 else SECOND]

    def of(*words):
        return read(*words, "--profile", name, data=universes.data)

    rows = [*of("runs"), *of("reports"), *of("models")["models"]]
    single = [of("predict"), of("scorecard"), of("compare"), of("show"), of("review"), of("models", "advice")]
    assert {row["profile"] for row in [*rows, *single]} == {name}
    prediction, scorecard, comparison, shown, review, advice = single
    assert prediction["model_id"] == universes.models[name]
    assert {signal["ticker"] for signal in prediction["signals"]} == tickers
    assert (scorecard["score_runs"], scorecard["signals"]) == (1, len(tickers))
    assert list(comparison["runs"]) == universes.runs[name]
    assert (shown["run_id"], review["report"]) == (universes.runs[name][-1], universes.reports[name])
    assert advice["advice"]["decision"]
    assert {entry["in_use"] for entry in advice["track_record"]} <= {universes.models[name]}
    assert [model["model_id"] for model in of("models")["models"]] == [universes.models[name]]


def test_the_list_of_profiles_has_each_with_what_is_its_own(
    universes, copied, read, run_afterclose, tmp_path
):
    """State, session, verdict, signature and next run by profile; a section at fault has a row; signing moves one."""
    second = universes.second
    config = tmp_path / "luigi.cfg"
    fifty = "".join(f"[profile:p{number:02d}]\nsource = sample\n" for number in range(50))
    config.write_text(f"{fifty}[profile:typo]\nsorce = files\n", encoding="utf-8")
    added = run_afterclose(
        "schedules", "add", "evening", "--when", "close+45m", "--profile", "p07", data=copied, cwd=tmp_path
    )
    assert added.code == 0, added.err
    digest = run_afterclose("review", "--profile", FIRST, "--json", data=copied, cwd=tmp_path)
    sign = ("--digest", json.loads(digest.out)["sha256"], "--meaning", "approved", "--comment", "a test")
    assert run_afterclose("sign", "--profile", FIRST, *sign, data=copied, cwd=tmp_path).code == 0
    outcome = run_afterclose("profiles", "--json", data=copied, cwd=tmp_path)
    rows = {row["profile"]: row for row in json.loads(outcome.out)}
    assert len(rows) == 53
    assert {name: rows[name]["signature"] for name in (FIRST, second)} == {FIRST: "signed", second: "draft"}
    assert {name: rows[name]["report"] for name in (FIRST, second)} == universes.reports
    assert rows[FIRST]["last_session"] > rows[second]["last_session"]
    assert {rows[name]["state"] for name in (FIRST, second)} == {"stale"}
    assert [name for name, row in rows.items() if row["next_run"]] == ["p07"]
    assert (rows["typo"]["state"], "sorce" in rows["typo"]["fault"]) == ("failed", True)
    assert next(iter(rows)) == "typo"
    shown = run_afterclose("profiles", data=copied, cwd=tmp_path)
    assert len(shown.out.splitlines()) == 54
    assert "sorce" in shown.err


def test_what_is_of_one_profile_is_refused_in_the_other(universes, run_afterclose, tmp_path):
    """A model that scores, two models or runs side by side, a report, a run under the other's name: 4 each."""
    second, models, runs = universes.second, universes.models, universes.runs
    other_file = str(universes.folder / "second" / "prices.csv")
    for words in (
        ("predict", "--profile", FIRST, "--model", models[second]),
        ("models", "compare", models[FIRST], models[second]),
        ("models", "compare", models[FIRST], models[second], "--profile", FIRST),
        ("compare", runs[FIRST][0], runs[second][0]),
        ("show", runs[second][0], "--profile", FIRST),
        ("review", universes.reports[second], "--profile", FIRST),
        (
            "sign",
            universes.reports[second],
            "--profile",
            FIRST,
            "--meaning",
            "approved",
            "--digest",
            "0" * 12,
        ),
        ("run", "--profile", FIRST, "--source", "files", "--path", other_file),
        ("run", "--profile", "sample", "--source", "files", "--path", other_file),
        ("run", "--source", "sample", "--mode", "score"),
    ):
        outcome = run_afterclose(*words, data=universes.data, cwd=tmp_path)
        assert outcome.code == 4, (words, outcome.out, outcome.err)
        assert "Traceback" not in outcome.err


def test_scoring_says_whose_champion_is_missing(universes, run_afterclose, tmp_path):
    """And that those of other profiles do not count."""
    outcome = run_afterclose(
        "run", "--source", "sample", "--mode", "score", data=universes.data, cwd=tmp_path
    )
    assert "without a champion of profile sample" in outcome.err
    assert f"Champions of other profiles ({FIRST}, {universes.second}) do not score it" in outcome.err


def test_a_promotion_elsewhere_is_an_act_on_record(universes, copied, read, run_afterclose):
    """Named with ``--profile``; the model's own profile keeps its champion, and a rollback is of one profile."""
    moved = universes.models[universes.second]
    assert run_afterclose("promote", moved, "--why", "all alike", "--profile", FIRST, data=copied).code == 0
    states = read("models", "show", moved, data=copied)
    assert states["profiles"] == {FIRST: "champion", universes.second: "champion"}
    assert [d["profile"] for d in states["decisions"] if d["why"] == "all alike"] == [FIRST]
    assert run_afterclose("rollback", "--why", "no", "--profile", FIRST, data=copied).code == 0
    by_profile = {
        m["profile"]: m["model_id"] for m in read("models", data=copied)["models"] if m["state"] == "champion"
    }
    assert by_profile == universes.models


def test_a_damaged_champion_stops_its_own_profile_only(universes, copied, run_afterclose):
    """The list shows the others and ends with 30; gc removes nothing that the damaged one may need."""
    (copied / "models" / "champions" / f"{FIRST}.json").write_text("{", encoding="utf-8")
    listed = run_afterclose("models", data=copied)
    assert (listed.code, universes.models[universes.second] in listed.out) == (30, True)
    assert "not a readable champion pointer" in listed.err
    assert run_afterclose("predict", "--profile", FIRST, data=copied).code == 30
    assert run_afterclose("predict", "--profile", universes.second, data=copied).code == 0
    assert run_afterclose("gc", data=copied).code == 0
    assert "damaged champion" in run_afterclose("verify", data=copied).out
    mended = run_afterclose("promote", universes.models[FIRST], "--why", "again", data=copied)
    assert mended.code == 0
    assert run_afterclose("verify", data=copied).code == 0


def test_a_profile_whose_file_is_gone_keeps_what_it_has(universes, run_afterclose, run_luigi, tmp_path):
    """Asked for by its name it waits for the file with its path; reports and signals stay readable."""
    data, folder = tmp_path / "data", tmp_path / "gone"
    folder.mkdir()
    (folder / "prices.csv").write_text(prices_csv(30), encoding="utf-8")
    made = run_luigi(
        "--source",
        "files",
        "--path",
        str(folder / "prices.csv"),
        "--calendar",
        "24/7",
        task="Ingest",
        data=data,
    )
    assert made.code == 0, made.err
    (folder / "prices.csv").unlink()
    outcome = run_afterclose("run", "--profile", FIRST, data=data)
    assert (outcome.code, str(folder / "prices.csv") in outcome.err) == (20, True)
    assert run_afterclose("runs", "--profile", FIRST, data=data).code == 0


def test_gc_and_a_restore_keep_every_profiles_champion_and_name(
    universes, copied, read, run_afterclose, tmp_path
):
    """Also where the checkpoint that made a model is gone: it stays in the profile that trained it."""
    assert run_afterclose("gc", "--yes", data=copied).code == 0
    assert run_afterclose("backup", str(tmp_path / "b.zip"), data=copied).code == 0
    restored = tmp_path / "restored"
    assert run_afterclose("restore", str(tmp_path / "b.zip"), data=restored).code == 0
    listed = read("models", data=restored)["models"]
    assert {(m["profile"], m["model_id"], m["state"]) for m in listed} == {
        (name, identity, "champion") for name, identity in universes.models.items()
    }
    assert sorted(path.stem for path in (restored / "profiles").glob("*.json")) == [FIRST, universes.second]


def test_trends_are_a_line_for_each_profile(universes):
    """Two files of one name are two lines."""
    from core.journal import Journal
    from core.queries.runs.trends import trends

    frame = trends(settings_of(universes.data), Journal(universes.data, read_only=True))
    assert frame.groupby("profile")["run"].apply(list).to_dict() == universes.runs
