"""Tables of shards: the same figures as in memory, whatever order a file stands in and whoever computed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import SourceError, ValidationFailed
from core.models import training
from core.parameters import settings_from
from core.request.stages import STAGES, parameters_of, stage_named
from core.runs.compute import Job, LoadedArtifact, compute
from core.sources import source_named
from core.sources.ingest_settings import IngestSettings
from core.tables import limits
from core.tables.artifacts import Artifact, Document, Table
from core.tables.codec import decode, encode
from core.tables.engine import LOCAL, Engine

TODAY = date(2026, 1, 1)


@pytest.fixture
def small_shards(monkeypatch):
    """Tables above 500 rows are large, and parts hold 700."""
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 500)
    monkeypatch.setattr(limits, "PART_ROWS", 700)


def universe(tickers: int = 7, sessions: int = 250) -> pd.DataFrame:
    """Return rows by date with what real tables have: a spike, copies, holes, a repeated row."""
    rng = np.random.default_rng(5)
    days = pd.bdate_range("2020-01-01", periods=sessions)
    close = np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.01, (tickers, sessions)), axis=1)), 2)
    close[2, 40] *= 4
    frame = pd.DataFrame(
        {
            "date": np.tile(days, tickers),
            "ticker": np.repeat([f"T{i}" for i in range(tickers)], sessions),
            "open": close.ravel(),
            "high": close.ravel() * 1.01,
            "low": close.ravel() * 0.99,
            "close": close.ravel(),
            "adj_close": close.ravel(),
            "volume": rng.integers(1000, 2000, tickers * sessions).astype(float),
        }
    )
    frame.loc[300, "close"] = np.nan
    frame = frame.drop(index=[610, 611, 612])
    frame = pd.concat([frame, frame.iloc[[10, 900]]])
    return frame.sort_values(["date", "ticker"], kind="stable", ignore_index=True)


def values() -> dict:
    found = {name: p.parse(p.default) for name, p in parameters_of(STAGES).items()}
    return {**found, "source": "files", "mode": "train", "vintage": 0}


def run(path: Path, upto: str, engine: Engine = LOCAL, **given) -> dict[str, Artifact]:
    """Return every artifact of the stages up to ``upto``, and the jobs that hold their files."""
    known = {**values(), "path": str(path), **given}
    wanted = tuple(str(known["tickers"] or "").split(",")) if known["tickers"] else ()
    found = source_named("files").resolve(settings_from(IngestSettings, known), wanted, datetime.now(UTC))
    known |= {"input_digest": found.input_digest, "input_name": found.input_name}
    made: dict[str, LoadedArtifact] = {}
    for stage in STAGES:
        own = {p.name: known[p.name] for p in stage.parameters}
        job = Job({k: made[k] for k in stage.reads if k in made}, own, wanted, TODAY, engine=engine)
        for artifact in compute(stage.name, job):
            object.__setattr__(artifact, "_kept", job.scratch)
            made[artifact.kind] = LoadedArtifact(artifact, encode(artifact).filename, encode(artifact).sha256)
        if stage.name == upto:
            break
    return {kind: loaded.artifact for kind, loaded in made.items()}


def canonical(artifact: Artifact) -> bytes:
    """Return an artifact as the bytes of one part in memory; how a file was read is not compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "PARQUET_ABOVE_ROWS", 10**9)
        if isinstance(artifact, Table):
            return encode(Table(artifact.kind, artifact.frame, without_files(artifact.header))).data
        return encode(Document(artifact.kind, without_files(artifact.body))).data


def without_files(body):
    """Return a header or body without what tells how a file was packed."""
    body = json.loads(json.dumps(body))
    for place in (body, body.get("data", {})):
        if isinstance(place.get("source"), dict):
            place["source"].pop("files", None)
    body.pop("digests", None)
    body.pop("model_id", None)
    if isinstance(body.get("model"), dict):
        body["model"].pop("model_id", None)
        (body["model"]["training"] or {}).pop("features_sha256", None)
    if isinstance(body.get("training"), dict):
        body["training"].pop("features_sha256", None)
    return body


CUTS = {"three tickers a part": 1300, "one ticker a part": 1}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"drop_row": "renamed_ticker,outlier_spike"},
        {"drop_ticker": "outlier_spike", "fill": "forward"},
        {"close_only": True, "columns": ["date", "ticker", "close"]},
        {"horizon_sessions": 5, "label": "excess"},
    ],
    ids=["defaults", "renamed rows dropped", "filled", "closes alone", "an excess over five sessions"],
)
def test_every_stage_gives_the_same_bytes_however_a_table_is_cut(tmp_path, monkeypatch, cut, options):
    """From ingest to evaluation: one part, three tickers a part, one ticker a part."""
    frame, options = universe(tickers=7, sessions=420), dict(options)
    renamed = frame["ticker"].eq("T0") & frame["date"].ge(frame["date"].unique()[120])
    frame.loc[renamed, "ticker"] = "Z9"
    frame[options.pop("columns", list(frame.columns))].to_parquet(tmp_path / "prices.parquet")
    options |= {
        "max_missing_share": 0.9,
        "min_train_sessions": 150,
        "fold_sessions": 60,
        "bootstrap_samples": 50,
    }
    whole = run(tmp_path / "prices.parquet", "evaluate", **options)
    assert {f["rule"] for f in whole["findings"].body["findings"]} >= {"renamed_ticker", "missing_price"}
    assert {artifact.parts for artifact in whole.values() if isinstance(artifact, Table)} == {1}
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 500)
    monkeypatch.setattr(limits, "PART_ROWS", CUTS[cut])
    parts = run(tmp_path / "prices.parquet", "evaluate", **options)
    assert all(parts[kind].parts > 1 for kind in ("prices_raw", "prices_valid", "prices_clean", "features"))
    for kind, artifact in whole.items():
        assert canonical(parts[kind]) == canonical(artifact), kind


def trained_before(folder, session, **options):
    """A file of 420 sessions, how it is run, and the model that was trained on its first sessions."""
    path, frame = folder / "prices.parquet", universe(tickers=5, sessions=420)
    given = {"max_missing_share": 0.5, "min_train_sessions": 150, "fold_sessions": 60, **options}
    frame[frame["date"] < frame["date"].unique()[session]].to_parquet(path)
    model = run(path, "train_or_score", **given)["model"]
    frame.to_parquet(path)
    return path, given, model


def scored_with(path, model, given) -> dict[str, Artifact]:
    """Return the predictions of a model on a file, and their evaluation."""
    made, artifacts = run(path, "feature_engineer", **given), {}
    inputs = {
        kind: LoadedArtifact(artifact, kind, "ab") for kind, artifact in {**made, "model": model}.items()
    }
    for stage in ("train_or_score", "evaluate"):
        job = Job(inputs, {**values(), **given, "mode": "score"}, (), TODAY)
        (artifact,) = compute(stage, job)
        object.__setattr__(artifact, "_kept", job.scratch)
        inputs[artifact.kind], artifacts[artifact.kind] = (
            LoadedArtifact(artifact, artifact.kind, "cd"),
            artifact,
        )
    return artifacts


@pytest.mark.parametrize("horizon", [1, 5])
@pytest.mark.parametrize("cut", CUTS)
def test_scoring_gives_the_same_bytes_however_a_table_is_cut(tmp_path, monkeypatch, cut, horizon):
    """A model trained before judges the sessions after, whole and in parts; what it says is evaluated."""
    path, given, model = trained_before(tmp_path, session=300, horizon_sessions=horizon, bootstrap_samples=50)
    scored = []
    for limit, size in ((10**9, 250_000), (500, CUTS[cut])):
        monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", limit)
        monkeypatch.setattr(limits, "PART_ROWS", size)
        scored.append(scored_with(path, model, given))
    whole, body = scored[0], scored[0]["evaluation"].body
    assert whole["predictions"].rows > 400
    # labels overlap: every session of its own, or every fifth, is staked upon
    assert body["sequential"]["sessions"] == -(-body["sessions"] // horizon) > 20
    for kind, artifact in whole.items():
        assert canonical(scored[1][kind]) == canonical(artifact), kind


def test_the_order_of_a_files_rows_changes_nothing(small_shards, tmp_path):
    """A file by date and a file by ticker give the same rows and shards."""
    frame = universe()
    by_date, by_ticker = tmp_path / "a" / "prices.parquet", tmp_path / "b" / "prices.parquet"
    for path in (by_date, by_ticker):
        path.parent.mkdir()
    frame.to_parquet(by_date, row_group_size=100)
    frame.sort_values(["ticker", "date"], kind="stable").to_parquet(by_ticker, row_group_size=250)
    made = [run(path, "ingest")["prices_raw"] for path in (by_date, by_ticker)]
    pd.testing.assert_frame_equal(made[0].frame, made[1].frame)
    assert made[0].parts == made[1].parts == 4


def test_tickers_and_dates_of_a_large_file_are_chosen(small_shards, tmp_path):
    """Only what was asked for is read; an unknown ticker is named."""
    path = tmp_path / "prices.parquet"
    universe().to_parquet(path)
    frame = run(path, "ingest", tickers="T1,T5", start="2020-03-02", end="2020-12-01")["prices_raw"].frame
    assert set(frame["ticker"]) == {"T1", "T5"}
    assert (frame["date"].min(), frame["date"].max()) == ("2020-03-02", "2020-12-01")
    with pytest.raises(SourceError, match="no rows of ZZZ"):
        run(path, "ingest", tickers="T1,ZZZ")


def test_a_part_with_an_error_stops_the_run_with_all_findings(small_shards, tmp_path):
    """The gate's document names what is wrong in the last shard and the warnings of the first."""
    frame = universe()
    frame.loc[frame["ticker"] == "T6", "high"] = 0.001
    path = tmp_path / "prices.parquet"
    frame.to_parquet(path)
    with pytest.raises(ValidationFailed) as caught:
        run(path, "validate", max_missing_share=0.5)
    rules = {finding["rule"] for finding in caught.value.findings["findings"]}
    assert {"inconsistent_ohlc", "exact_duplicate"} <= rules


def test_a_ticker_that_goes_on_under_another_name_is_seen_across_parts(small_shards, tmp_path):
    """T0 ends where Z9 begins, and they stand in different shards."""
    frame = universe()
    cut = frame["date"].unique()[120]
    renamed = frame["ticker"].eq("T0") & frame["date"].ge(cut)
    frame.loc[renamed, "ticker"] = "Z9"
    path = tmp_path / "prices.parquet"
    frame.to_parquet(path)
    findings = run(path, "validate", max_missing_share=0.5)["findings"].body["findings"]
    found = [(f["ticker"], f["value"]) for f in findings if f["rule"] == "renamed_ticker"]
    assert found == [("Z9", "T0")]


def test_a_rename_into_an_earlier_part_is_flagged_there(tmp_path, monkeypatch):
    """T0 goes on as T1B, which is in no last part: its first row is flagged, in parts as in one, and cleaned away."""
    path, frame = tmp_path / "prices.parquet", universe()
    day = frame["date"].unique()[120]
    frame.loc[frame["ticker"].eq("T0") & frame["date"].ge(day), "ticker"] = "T1B"
    frame.to_parquet(path)
    options = {"max_missing_share": 0.5, "drop_row": "renamed_ticker"}
    whole = run(path, "clean", **options)
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 500)
    monkeypatch.setattr(limits, "PART_ROWS", 1)
    parts = run(path, "clean", **options)
    for kind, artifact in whole.items():
        assert canonical(parts[kind]) == canonical(artifact), kind
    valid = parts["prices_valid"].frame
    flagged = valid[valid["flags"].astype(object).map(lambda text: "renamed_ticker" in str(text).split(","))]
    rows = [(ticker, str(date)[:10]) for ticker, date in zip(flagged["ticker"], flagged["date"], strict=True)]
    assert rows == [("T1B", str(day)[:10])]
    clean = parts["prices_clean"].frame
    assert not ((clean["ticker"] == "T1B") & (clean["date"] == day)).any()


def test_a_large_table_in_memory_is_stored_in_the_same_shards(small_shards):
    """Whole tickers in each row group, and the rows come back by date and ticker."""
    import io

    import pyarrow.parquet as pq

    frame = universe()[["date", "ticker", "close"]]
    frame["date"] = frame["date"].astype("datetime64[s]")
    data = encode(Table("prices_clean", frame)).data
    file = pq.ParquetFile(io.BytesIO(data))
    groups = [set(file.read_row_group(i).column("ticker").to_pylist()) for i in range(file.num_row_groups)]
    assert groups == [{"T0", "T1"}, {"T2", "T3"}, {"T4", "T5"}, {"T6"}]
    assert stage_named("clean").writes[0].filename == "prices_clean.json"
    pd.testing.assert_frame_equal(decode(data, "prices_clean.parquet").frame, frame, check_dtype=False)


def test_above_the_limit_models_learn_from_some_tickers_and_judge_all(small_shards, tmp_path, monkeypatch):
    """Every third ticker is learnt from; predictions and signals are of all."""
    monkeypatch.setattr(training, "TRAINING_ROWS", 700)
    path = tmp_path / "prices.parquet"
    universe(tickers=5, sessions=420).to_parquet(path)
    given = {"max_missing_share": 0.5, "min_train_sessions": 150, "fold_sessions": 60}
    made = run(path, "train_or_score", **given)
    told = made["predictions"].header
    assert made["model"].body["training"]["tickers"] == ["T0", "T3"]
    assert told["trained_on"]["tickers"] == 2
    assert {signal["ticker"] for signal in told["signals"]} == {"T0", "T1", "T2", "T3", "T4"}
    assert set(made["predictions"].frame["ticker"]) == {"T0", "T1", "T2", "T3", "T4"}
    assert made["model"].body["training"]["tickers_of_table"] == ["T0", "T1", "T2", "T3", "T4"]
    # what it was judged on is not new to it
    assert scored_with(path, made["model"], given)["evaluation"].body["model"]["new_tickers"] == []


def test_few_new_sessions_of_a_large_universe_are_scored_in_memory(small_shards, tmp_path, monkeypatch):
    """A table of features in shards and a handful of predictions: as the model gives them row by row."""
    path, given, model = trained_before(tmp_path, session=400)
    features = run(path, "feature_engineer", **given)["features"]
    job = Job(
        {"features": LoadedArtifact(features, "f", "ab"), "model": LoadedArtifact(model, "m", "cd")},
        {**values(), "mode": "score"}, (), TODAY,
    )  # fmt: skip
    (scored,) = compute("train_or_score", job)
    (expected,) = compute(
        "train_or_score",
        Job({**job.inputs, "features": LoadedArtifact(Table("features", features.frame, features.header), "f", "ab")},
            job.parameters, (), TODAY),
    )  # fmt: skip
    assert scored.stored is None
    pd.testing.assert_frame_equal(scored.frame, expected.frame)
    assert {**scored.header} == {**expected.header}


@pytest.mark.slow
def test_every_artifact_has_the_same_bytes_whoever_computed(small_shards, tmp_path, monkeypatch, cluster):
    """From prices to report, tables in shards: one process, two, and a Dask cluster."""
    path = tmp_path / "prices.parquet"
    universe(tickers=5, sessions=420).to_parquet(path)
    given = {
        "max_missing_share": 0.5,
        "min_train_sessions": 150,
        "fold_sessions": 60,
        "bootstrap_samples": 50,
        "hyperparameters": '{"C": 0.5}',
    }
    address, _ = cluster
    engines = (LOCAL, Engine("processes", 2), Engine("auto", 2), Engine("dask", 0, address))
    alone, *others = (
        {kind: encode(made) for kind, made in run(path, "report", e, **given).items()} for e in engines
    )
    assert {kind for kind, made in alone.items() if made.path} == {
        "prices_raw", "prices_valid", "prices_clean", "features", "predictions",
    }  # fmt: skip
    for made in others:
        assert {kind: one.sha256 for kind, one in made.items()} == {
            kind: one.sha256 for kind, one in alone.items()
        }
