"""Which features count as the newest: those of the last successful run, not merely what was made last."""

from __future__ import annotations

import json
import shutil

import pytest

from core.errors import MissingFileError
from core.registry import evidence
from core.registry.evidence import features_of
from core.store.checkpoints import Meta
from tests.champions import settings_of


@pytest.fixture
def two(finished, lookers):
    """A data root with a second features checkpoint, made later by a run that failed: one row fewer."""
    from core.store.checkpoints import Slot, Store
    from core.tables.artifacts import Encoded

    store = Store(finished)
    folder = lookers.folder_of(finished, "feature_engineer")
    slot = Slot("feature_engineer", folder.name)
    meta = dict(store.meta(slot).body)
    lines = (folder / "features.json").read_bytes().splitlines(keepends=True)
    data = b"".join([lines[0], *lines[2:]])
    other = {name: meta[name] for name in ("inputs", "parameters", "started_at")} | {"ended_at": "2999-01-01"}
    store.commit(
        Slot("feature_engineer", "later-0123456789ab"),
        [Encoded("features.json", "features", "json", data, len(lines) - 3)],
        other,
    )
    return finished, folder.name


def test_features_are_those_of_the_last_successful_run(two):
    """A failed run's features, made later, are passed over while a success has some."""
    data, key = two
    assert features_of(settings_of(data), "", "files:prices").origin == f"feature_engineer/{key}"


def test_taken_by_time_alone_a_failed_runs_features_would_be_used(two, monkeypatch):
    """The preference taken out."""
    data, _ = two
    monkeypatch.setattr(
        evidence,
        "_features_slots",
        lambda *about: (s for s, _ in evidence.newest(about[0], "feature_engineer", about[1])),
    )
    assert features_of(settings_of(data), "", "files:prices").origin == "feature_engineer/later-0123456789ab"


def test_without_a_success_the_features_made_last_are_used(two):
    """They are still verified when they are read."""
    data, _ = two
    (data / "journal.sqlite").unlink()
    assert features_of(settings_of(data), "", "files:prices").origin == "feature_engineer/later-0123456789ab"


def test_a_success_whose_features_are_gone_is_passed_over(two):
    """A link that leads nowhere is no success to go by."""
    data, key = two
    shutil.rmtree(data / "checkpoints" / "feature_engineer" / key)
    assert features_of(settings_of(data), "", "files:prices").origin == "feature_engineer/later-0123456789ab"


def test_with_no_features_at_all_it_says_what_to_do(tmp_path):
    """A missing file is a person's to bring: 20."""
    with pytest.raises(MissingFileError, match="make run"):
        features_of(settings_of(tmp_path), "", "sample")


@pytest.mark.slow
def test_predict_rests_on_the_last_success(two, run_afterclose):
    """What the terminal says it used."""
    data, key = two
    (model,) = json.loads(run_afterclose("models", "--json", data=data).out)["models"]
    told = run_afterclose("predict", "--model", model["model_id"], "--json", data=data)
    assert told.code == 0, told.err
    assert json.loads(told.out)["features"]["origin"] == f"feature_engineer/{key}"


@pytest.mark.parametrize(
    ("session", "written", "calendar", "ahead"),
    [
        # the day before a holiday closes at 13:00 in New York
        ("2024-07-03", "2024-07-03T16:59:59+00:00", "XNYS", True),
        ("2024-07-03", "2024-07-03T17:00:01+00:00", "XNYS", False),
        ("2024-07-31", "2024-07-03T02:00:00+00:00", "XNYS", True),
        ("2024-07-31", "2024-07-30T12:00:00+00:00", "XNYS", False),  # twenty sessions, nineteen of them over
        ("2024-07-03", "2024-07-02T23:00:00+00:00", "a calendar of another machine", True),
        ("2024-07-03", "2024-07-03T01:00:00+00:00", "a calendar of another machine", False),
    ],
)
def test_a_signal_is_ahead_until_the_first_session_that_it_is_about_has_closed(
    session, written, calendar, ahead
):
    """Given after 2 July: whoever read it later could not have acted on it in time."""
    signal = {"ticker": "A", "after": "2024-07-02", "session": session, "probability": 0.5, "direction": "up"}
    meta, header = Meta({"ended_at": written, "parameters": {}}), {"model_id": "m", "calendar": calendar}
    assert evidence._signal(signal, header, meta, "files")["ahead"] is ahead
