"""The sample's report, line by line against answers that were worked out without the program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.queries.models.fills import fills
from core.tables.codec import decode
from tests.evaluation import sample_answers as answers
from tests.shared import shared

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The artifacts of the seven stages on the sample, trained."""

    def make(out):
        subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "bare.py"), "--out", str(out)], check=True, cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, capture_output=True, timeout=300,
        )  # fmt: skip
        return out

    return shared(tmp_path_factory, "sample", make)


@pytest.fixture(scope="module")
def body(made):
    """The evaluation."""
    return json.loads((made / "evaluation.json").read_bytes())


@pytest.fixture(scope="module")
def report(made):
    """The text of the report, blanks as single ones."""
    return re.sub(r"\s+", " ", (made / "report.txt").read_text(encoding="utf-8"))


def table_of(made, kind):
    """A table as it was written, without the program's reader."""
    document = json.loads((made / f"{kind}.json").read_bytes())
    frame = pd.DataFrame(document["rows"], columns=document["columns"])
    return frame.assign(date=pd.to_datetime(frame["date"])), document


@pytest.fixture(scope="module")
def rows(made):
    """The judged rows with what each call earned."""
    predictions, _ = table_of(made, "predictions")
    earned = answers.with_earnings(answers.prices())
    kept = earned[["date", "ticker", "return", "next", "open_next", "volatility"]]
    return predictions.merge(kept, on=["date", "ticker"]).sort_values(["date", "ticker"])


def share(value):
    """A share as the report writes it."""
    return f"{100 * value:.1f}%"


def test_both_fills_are_as_the_desk_shows_them(rows, body, made):
    """Return and Sharpe ratio at the close of the call and at the next open, and in how many sessions."""
    tables = (
        decode((made / f"{kind}.json").read_bytes(), f"{kind}.json")
        for kind in ("predictions", "features", "prices_clean")
    )
    for fill, earned in zip(fills(*tables, body["settings"]), ("next", "open_next"), strict=True):
        gains = answers.daily(rows, earned)
        growth, ratio = answers.yearly(gains)
        assert fill["annual_return"]["value"] == pytest.approx(growth, rel=1e-9)
        assert fill["sharpe"]["value"] == pytest.approx(ratio, rel=1e-9)
        assert fill["sessions"] == len(gains)


def test_every_month_and_year_is_as_the_report_says(rows, body, report):
    """Returns by month of the session in which they were earned; the ratio of the last 252 at the year's end."""
    gains = answers.daily(rows, "next")
    sessions = np.sort(answers.prices()["date"].unique())
    gains.index = pd.DatetimeIndex(sessions[np.searchsorted(sessions, gains.index) + 1])
    rolling = gains.rolling(252).mean() / gains.rolling(252).std() * 252**0.5
    by_month = (1 + gains).groupby(gains.index.to_period("M")).prod() - 1
    assert [entry["month"] for entry in body["months"]] == by_month.index.astype(str).tolist()
    np.testing.assert_allclose([entry["return"] for entry in body["months"]], by_month, rtol=1e-9)
    for year, part in by_month.groupby(by_month.index.year):
        whole = (1 + part).prod() - 1
        cells = " ".join(f"{100 * value:.1f}" for value in part)
        assert f"{year} {cells} {100 * whole:.1f}".replace("-0.0", "0.0") in report
        ratio = rolling[rolling.index.year == year].iloc[-1]
        assert re.search(
            rf"{year} {share(whole)} \S+% {'n/a' if np.isnan(ratio) else f'{ratio:.2f}'} ", report
        )


def test_states_and_folds_are_as_the_report_says(rows, body, report):
    """Rows, sessions, AUC and hit rate of each state; each fold's interval from placements in the open."""
    entries = {e["slice"]: e for part in ("volatility", "market") for e in body["slices"][part]}
    for name, own in answers.states(rows).items():
        auc = answers.auc_of(own)
        assert entries[name]["auc"] == pytest.approx(auc, rel=1e-9)
        right = ((own["probability"] >= 0.5) == (own["up_next"] == 1)).mean()
        assert entries[name]["hit_rate"] == pytest.approx(right, rel=1e-12)
        assert f"{name} {len(own):,} {own['date'].nunique():,} {auc:.3f} [" in report
    for entry in body["by_fold"]:
        fold = rows[rows["fold"] == entry["fold"]]
        low, high = answers.auc_interval(fold, fold)
        assert (entry["auc_low"], entry["auc_high"]) == pytest.approx((low, high), rel=1e-9)
        called, rose = fold["probability"] >= 0.5, fold["up_next"] == 1
        shares = {
            "hit_rate": (called | True, called == rose),
            "precision": (called, rose),
        }
        intervals = {name: answers.share_interval(fold, *which, fold) for name, which in shares.items()}
        for name, own in (intervals | {"recall": answers.recall_interval(fold, fold)}).items():
            assert (entry[f"{name}_low"], entry[f"{name}_high"]) == pytest.approx(own, rel=1e-9), name
        assert f"[{low:.3f}, {high:.3f}]" in report


def test_the_calibration_error_is_as_the_report_says(rows, body, report):
    """Ten bins of equally many rows."""
    error = answers.calibration_error(rows)
    assert body["calibration_error"]["value"] == pytest.approx(error, rel=1e-9)
    assert f"is {error:.3f} over 10 bins of equally many rows" in report


def test_what_inputs_were_worth_is_as_the_report_says(made, body, report):
    """Each fold's regression fitted anew by scikit-learn, and shuffled by it."""
    features, _ = table_of(made, "features")
    features["known"] = features.sort_values("date").groupby("ticker")["date"].shift(-1)
    _, header = table_of(made, "predictions")
    names = list(body["importance"]["inputs"])
    found = answers.inputs(features, header["folds"], names)
    for name, own in found.groupby("input"):
        entry = body["importance"]["inputs"][name]
        loss = np.average(own["loss"], weights=own["rows"])
        assert entry["loss"] == pytest.approx(loss, abs=2e-6)
        assert entry["coefficient"] == pytest.approx(own["coefficient"].mean(), rel=1e-5)
        assert entry["positive"] == (own["coefficient"] > 0).sum()
        assert (
            f"{name} {entry['loss']:.4f} {entry['helped']} of {len(own)} {own['coefficient'].mean():.4f}"
            in report
        )


def test_fifths_and_ranks_are_as_the_report_says(rows, body, report):
    """Pandas' own quintiles of each session with five tickers, and its ranks from one session to the next."""
    spread, new, correlation = answers.fifths(rows)
    assert body["ic"]["spread"]["mean"] == pytest.approx(spread, rel=1e-9)
    assert body["ic"]["turnover"]["top"] == pytest.approx(new, rel=1e-9)
    assert body["ic"]["turnover"]["autocorrelation"] == pytest.approx(correlation, rel=1e-9)
    assert f"The highest fifth earned {100 * spread:.2f}% a session beyond the lowest" in report
    assert f"Ranks correlate by {correlation:.3f} with those of the session before." in report
