"""The Model page on real data roots: full, too little data, scoring, empty, damaged."""

from __future__ import annotations

import json
from functools import partial

import pytest

from core.journal import Journal


@pytest.fixture
def page(open_view):
    """Open the page on a data root, as a new visitor: ``page(data, run=...)``."""
    return partial(open_view, "model")


def body_of(data, lookers):
    return json.loads((lookers.folder_of(data, "evaluate") / "evaluation.json").read_bytes())


def test_the_verdict_comes_first_and_figures_are_the_evaluation_s(page, prepared, lookers, reader):
    """Rounded as in the report; the verdict is said once, by its badge, and the AUC once, by its bar."""
    at, body = page(prepared), body_of(prepared, lookers)
    assert not at.exception
    assert not at.error
    more = body["verdict_sentence"].partition(" sessions. It ")[2]
    assert at.text[0].value == f"The model {more}"
    assert reader.badges(at)[0] == body["verdict"]
    auc = body["performance"]["auc"]
    (glance,) = [e.proto.body for e in at.get("html") if 'class="glance"' in e.proto.body]
    own = glance.partition('<li class="this">')[2].partition("</li>")[0]
    assert f"<strong>{auc['value']:.3f}</strong> [{auc['low']:.3f}, {auc['high']:.3f}]" in own
    assert f"Judged {body['from']} to {body['to']}" in " ".join(reader.words(at).split())
    assert {"passed", "not passed"} <= set(reader.badges(at))
    gates = reader.table(at, "Gate", "Found").set_index("Gate")["Found"]
    assert gates["Better than chance"] == f"interval from {auc['low']:.3f}", "a number has its unit"


def test_tables_hold_every_ticker_fold_year_drifted_column_and_signal(page, prepared, lookers, reader):
    """Nothing is dropped or recomputed; each part has an address of its own."""
    body, slices = body_of(prepared, lookers), page(prepared, part="Slices")
    assert list(reader.table(slices, "ticker", "auc")["ticker"]) == sorted(body["by_ticker"])
    assert list(reader.table(slices, "fold")["auc"]) == [f["auc"] for f in body["by_fold"]]
    assert list(reader.table(slices, "period")["auc"]) == [
        held["auc"] for _, held in sorted(body["by_period"].items())
    ]
    drift = reader.table(page(prepared, part="Drift"), "psi")
    assert set(drift["column"]) == set(body["drift"])
    assert all(any(word in s for word in ("ok", "warning", "alarm", "history")) for s in drift["severity"])
    signals = reader.table(page(prepared, part="Signals"), "Rank", "Direction")
    by_probability = sorted(body["signals"], key=lambda s: -s["probability"])
    assert list(signals["Ticker"]) == [s["ticker"] for s in by_probability]
    assert list(signals["Probability of a rise"]) == [
        f"{100 * s['probability']:.1f}%" for s in by_probability
    ]
    measures = page(prepared)
    assert len(reader.table(measures, "Measure", "Always up")) == 7
    assert "Buy and hold" not in reader.table(measures, "Measure", "Always up"), "it makes no calls"
    assert len(reader.table(measures, "Measure", "Buy and hold")) == 2


def test_trading_shows_the_figures_of_the_evaluation(page, prepared, lookers, reader):
    """Risk as the report writes it, each cost, and the coefficients over 1 to 20 sessions."""
    body, at = body_of(prepared, lookers), page(prepared, part="Trading")
    assert not at.exception
    risk = reader.table(at, "measure", "value")
    assert risk["value"].iloc[0] == f"{100 * body['risk']['volatility']:.1f}%"
    assert list(reader.table(at, "bps")["annual_return"]) == [row["annual_return"] for row in body["costs"]]
    assert list(reader.table(at, "rank_mean")["sessions"]) == [1, 5, 10, 20]


def test_what_a_reviewer_asks_for_has_its_place(page, prepared, lookers, reader):
    """Fills, years and months under Trading, states under Slices, inputs on their own, everything as CSV."""
    body, at = body_of(prepared, lookers), page(prepared, part="Trading")
    close, at_open = reader.table(at, "fill")["sharpe"]
    assert close == pytest.approx(body["performance"]["long_flat_sharpe"]["value"], rel=1e-9)
    assert close != at_open
    assert len(reader.table(at, "year", "01")) == len({entry["month"][:4] for entry in body["months"]})
    assert any("which nobody can trade at any more" in c.value for c in at.caption)
    assert len(at.get("plotly_chart")) == 1
    states = [*body["slices"]["volatility"], *body["slices"]["market"]]
    slices = page(prepared, part="Slices")
    assert list(reader.table(slices, "slice")["auc"]) == [entry["auc"] for entry in states]
    inputs = page(prepared, part="Inputs")
    assert not inputs.exception
    losses = {name: entry["loss"] for name, entry in body["importance"]["inputs"].items()}
    shown = reader.table(inputs, "input", "helped")
    assert dict(zip(shown["input"], shown["loss"], strict=True)) == losses
    assert len(inputs.get("download_button")) == 1


def test_curves_are_drawn_from_the_predictions(page, prepared, lookers):
    """Three figures; the area that is told is the AUC of the evaluation."""
    at, body = page(prepared, part="Curves"), body_of(prepared, lookers)
    assert not at.exception
    assert len(at.get("plotly_chart")) == 3
    told = next(c.value for c in at.caption if "judged rows" in c.value)
    assert f"{body['rows']:,} judged rows" in told
    assert f"This model {body['performance']['auc']['value']:.3f}" in told


def test_damaged_predictions_are_said_in_place_of_curves(page, finished, lookers, reader):
    """The verdict stays, the picture does not."""
    path = lookers.folder_of(finished, "train_or_score") / "predictions.json"
    path.write_bytes(path.read_bytes() + b" ")
    at = page(finished, part="Curves")
    assert "predictions.json" in reader.said(at.error)
    assert not at.get("plotly_chart")


def test_each_measure_can_be_looked_at_beside_its_baselines(page, prepared):
    """Also by a link; what has no number in a baseline is left out of the picture."""
    from core.queries.reports.tables import MEASURES

    for measure in MEASURES:
        at = page(prepared, measure=measure)
        assert not at.exception, measure
        assert len(at.get("plotly_chart")) == 1


def test_too_little_data_is_said_with_its_reason(page, data, run_luigi, prices_file, reader):
    """A real run without room for one fold: null measures have their reason; neither chart nor table stays empty."""
    options = [
        "--source",
        "files",
        "--path",
        str(prices_file),
        "--calendar",
        "24/7",
        "--bootstrap-samples",
        "100",
        "--min-train-sessions",
        "712",
    ]
    outcome = run_luigi(*options, "--mode", "train", data=data)
    assert outcome.code == 0, outcome.err
    at = page(data)
    assert not at.exception
    assert reader.badges(at)[0] == "insufficient data"
    assert any("n/a" in c.value for c in at.caption)
    assert not at.get("plotly_chart"), "an empty chart"
    assert "Majority class" not in reader.words(at), "a table without a figure"


def test_a_scoring_run_shows_the_figures_of_its_training(
    page, finished, run_luigi, run_afterclose, small, reader
):
    """With too few new sessions the walk-forward figures stand below."""
    (model,) = (finished / "models").glob("*.json")
    assert run_afterclose("promote", model.stem, "--why", "the only one", data=finished).code == 0
    assert run_luigi(*small, "--mode", "score", data=finished).code == 0
    at = page(finished)
    assert not at.exception
    assert reader.badges(at)[0] == "insufficient new data"
    assert len(reader.table(at, "Then")) >= 5


def test_an_empty_data_root_says_what_to_press(page, data):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "press **Run**" in at.info[0].value
    assert not data.exists()


def test_a_running_run_has_nothing_to_show_yet(page, finished):
    """It says so and where to look."""
    Journal(finished).add_run("going-1", who="ann", how="desk", request={}, target="report", state="running")
    at = page(finished, run="going-1")
    assert not at.exception
    assert "The page **Run**" in at.info[0].value


def test_a_damaged_evaluation_is_said(page, finished, lookers, reader):
    """A changed figure is never shown."""
    path = lookers.folder_of(finished, "evaluate") / "evaluation.json"
    path.write_bytes(path.read_bytes().replace(b'"rows": ', b'"rows":  ', 1))
    at = page(finished)
    assert not at.exception
    assert "evaluation.json" in reader.said(at.error)
    assert not at.metric
