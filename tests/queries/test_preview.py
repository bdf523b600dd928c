"""What a run would do is told before it starts: parameters as it gets them, stages made and reused."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pandas as pd
import pytest

from core.errors import AftercloseError, CommandError
from core.journal import Journal
from core.queries.runs import history
from core.queries.runs.preview import preview
from core.request import settings
from tests.shared import copy_root

NOW = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
LINE = ["ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report"]


@pytest.fixture
def told(desk_settings):
    """What would be done: stage -> what becomes of it."""

    def look(request, **options):
        shown = preview(desk_settings, request, now=NOW, **options)
        return {step.stage: step.does for step in shown.steps}

    return look


def test_on_an_empty_root_everything_is_made_and_nothing_is_started(told, desk_settings):
    """Seven stages, and no journal, checkpoint or run comes of looking."""
    assert told({}) == dict.fromkeys(LINE, "made")
    assert not Journal.exists(desk_settings.data)
    assert not (desk_settings.data / "checkpoints").exists()


def test_an_earlier_target_ends_the_line(told):
    """Cleaning needs three stages."""
    assert list(told({}, target="clean")) == LINE[:3]


@pytest.mark.slow
def test_what_is_there_is_reused_and_what_differs_is_made(told, prepared, desk_settings, small_request):
    """The same run reuses all; another report option's stage is made; a damaged stage and those after it too."""
    copy_root(prepared, desk_settings.data)
    request = {**small_request, "mode": "train"}
    assert set(told(request).values()) == {"reused"}
    dearer = told({**request, "cost_bps": "9"})
    assert [stage for stage, does in dearer.items() if does == "made"] == ["evaluate", "report"]
    assert told({**request, "force": "evaluate"})["evaluate"] == "compared"
    (features,) = desk_settings.data.glob("checkpoints/feature_engineer/*/features.json")
    features.write_bytes(features.read_bytes() + b" ")
    damaged = told(request)
    assert [stage for stage, does in damaged.items() if does == "reused"] == LINE[:3]


def test_the_origin_of_each_parameter_is_told(desk_settings):
    """Asked for, from the settings, or fixed by the plan."""
    shown = preview(desk_settings, {"tickers": "ibm"}, now=NOW)
    origin = {each.name: (each.value, each.origin) for each in shown.parameters}
    assert origin["tickers"] == ("IBM", "asked")
    assert origin["source"] == ("sample", "settings")
    assert origin["input_digest"][1] == "plan"
    assert "path" not in origin


def test_a_profile_counts_as_asked_for(desk_settings):
    """Its name comes first; its values are what the settings say under it."""
    under = dataclasses.replace(desk_settings, profiles={"one": {"tickers": "IBM"}})
    shown = preview(under, {"profile": "one"}, now=NOW)
    assert (shown.parameters[0].name, shown.parameters[0].value) == ("profile", "one")
    assert {each.name: each.value for each in shown.parameters}["tickers"] == "IBM"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"start": "2013-01-01", "end": "2012-01-01"}, "start"),
        ({"tickers": "XYZ"}, "tickers"),
        ({"tickers": "a/../b"}, "tickers"),
        ({"tickers": "@gone.txt"}, "tickers"),
        ({"mode": "score"}, "mode"),
        ({"source": "files", "path": "gone.csv"}, "path"),
        ({"waivers": "gone.toml"}, "waivers"),
        ({"source": "files"}, "path"),
        ({"path": "prices.csv"}, "path"),
        ({"source": "yahoo"}, "tickers"),
        ({"calendar": "XNYC"}, "calendar"),
        ({"embargo_sessions": "many"}, "embargo_sessions"),
        ({"embargo_sessions": "900", "min_train_sessions": "712"}, "embargo_sessions"),
    ],
)
def test_a_refusal_names_the_field_it_is_about(desk_settings, request_, field):
    """So that a form can put the message where the mistake is."""
    with pytest.raises(AftercloseError) as refused:
        preview(desk_settings, request_, now=NOW)
    assert refused.value.parameter == field


def test_an_unknown_option_is_about_no_field(tmp_path):
    """There is no field for it; the message stands by itself."""
    with pytest.raises(CommandError, match="no option") as refused:
        preview(settings.load({}, tmp_path), {"colour": "red"}, now=NOW)
    assert refused.value.parameter == ""


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"end": "2002-12-31"}, ""),
        ({"end": "2000-06-30"}, "at most 85 sessions with a known outcome, and 90 are needed"),
        ({"end": "2000-06-30"}, "Bring 5 more sessions at least."),
        ({"end": "2002-12-31", "min_train_sessions": "712"}, "Set it to auto, or to 651 or fewer."),
        (
            {"end": "2000-06-30", "embargo_sessions": "40"},
            "with a known outcome, and 102 are needed, 42 to learn from",
        ),
        (
            {"end": "2000-10-20", "embargo_sessions": "80", "min_train_sessions": "150"},
            "Set it to auto, or to 103 or fewer.",
        ),
        # 163 with an outcome leave 103 to learn from, and 110 with the label's session are left out of them
        (
            {"end": "2000-10-20", "embargo_sessions": "110"},
            "Lower embargo_sessions, which is 110, or bring 9 more sessions.",
        ),
    ],
)
def test_a_history_that_is_too_short_is_named_before_the_run(desk_settings, request_, words):
    """The sample from 2000-03-01: 88 weekdays to the end of June, 740 to the end of 2002, less 2 and 28 closed ones."""
    shortage = preview(desk_settings, request_, now=NOW).shortage
    assert words in shortage
    assert bool(words) == bool(shortage)


def test_the_sessions_of_a_small_file_are_counted(desk_settings, prices_file):
    """300 days of three tickers; the same file from a later start has too few."""
    request = {"source": "files", "path": str(prices_file), "calendar": "24/7", "mode": "train"}
    assert preview(desk_settings, request, now=NOW).shortage == ""
    days = sorted({line.split(",")[0] for line in prices_file.read_text().splitlines()[1:]})
    late = preview(desk_settings, {**request, "start": days[-60]}, now=NOW).shortage
    assert "at most 59 sessions" in late


def test_of_a_parquet_file_more_bytes_are_read_before_the_run(desk_settings, tmp_path, monkeypatch):
    """More than of text: tickers, dates and closes alone are read; beyond the bound nothing is said."""
    rows = pd.DataFrame({"date": pd.bdate_range("2020-01-01", periods=80), "ticker": "A", "volume": 1_000.0})
    file = tmp_path / "prices.parquet"
    rows.assign(open=1.0, high=1.0, low=1.0, close=1.0).to_parquet(file, index=False)
    request = {"source": "files", "path": str(file), "mode": "train"}
    monkeypatch.setattr(history, "READ_BYTES", 1_000)
    assert "at most 79 sessions" in preview(desk_settings, request, now=NOW).shortage
    monkeypatch.setattr(history, "COLUMN_BYTES", 1_000)
    history._sessions_held.cache_clear()
    assert preview(desk_settings, request, now=NOW).shortage == ""
