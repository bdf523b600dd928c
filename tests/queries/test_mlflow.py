"""A run handed over to MLflow: a real tracking server on loopback, in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from core.queries.reports.mlflow_run import metrics_of
from tests.commands import environment, free_port
from tests.tools import environment_with

pytestmark = pytest.mark.slow

LOAD = """
import json, sys
import mlflow.pyfunc, pandas as pd
model = mlflow.pyfunc.load_model(f"runs:/{sys.argv[1]}/model")
features, pairs = json.loads(sys.argv[2]), json.loads(sys.argv[3])
frame = pd.DataFrame([pair["inputs"] for pair in pairs], columns=features)
print(json.dumps(list(model.predict(frame))))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a server of the whole MLflow, which wants another pandas than ours and so its own environment."""
    skinny = pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    python = environment_with(f"mlflow=={skinny.__version__}", "MLflow's server")
    home = tmp_path_factory.mktemp("mlflow")
    port = free_port()
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes that run evaluations and the like
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    words = ["mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [python.with_name(words[0]), *words[1:]],
            cwd=home, env={**os.environ, **quiet}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    yield process, f"http://127.0.0.1:{port}"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(address: str) -> bool:
    """Whether the server is up."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def asked(address: str, path: str, **query: str):
    """What the server's REST interface answers: another way than the client that sent it."""
    from urllib.parse import urlencode

    with urllib.request.urlopen(f"{address}/api/2.0/mlflow/{path}?{urlencode(query)}", timeout=20) as answer:
        return json.load(answer)


def test_a_run_is_there_with_figures_files_and_a_model_that_loads(
    server, finished, run_afterclose, wait_until
):
    """As the server tells it; the model gives what its own file says that it gives; a second time sends nothing."""
    _, address = server
    wait_until(lambda: answers(address), "the server of MLflow", timeout_s=300)
    done = run_afterclose("export", "--mlflow", address, "--json", data=finished)
    assert done.code == 0, done.err
    exported = json.loads(done.out)
    assert (exported["experiment"], exported["new"]) == ("afterclose/files:prices", True)
    run = asked(address, "runs/get", run_id=exported["mlflow_run"])["run"]
    metrics = {row["key"]: row["value"] for row in run["data"]["metrics"]}
    evaluation = json.loads((finished / "latest" / "evaluation.json").read_text())
    auc = evaluation["performance"]["auc"]
    assert [metrics[name] for name in ("auc", "auc_low", "auc_high")] == [
        auc["value"],
        auc["low"],
        auc["high"],
    ]
    assert {row["key"] for row in run["data"]["params"]} >= {"source", "fold_sessions", "seed"}
    tags = {row["key"]: row["value"] for row in run["data"]["tags"]}
    assert (tags["afterclose.run"], tags["afterclose.verdict"]) == (exported["run"], evaluation["verdict"])
    files = {row["path"] for row in asked(address, "artifacts/list", run_id=exported["mlflow_run"])["files"]}
    assert files >= {"report.txt", "report.html", "evaluation.json", "predictions.json", "findings.json"}
    model = json.loads((finished / "models" / f"{exported['model']}.json").read_text())
    pairs = model["self_check"]
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD, exported["mlflow_run"], json.dumps(model["features"]),
         json.dumps(pairs)],
        env=environment(None, {"MLFLOW_TRACKING_URI": address}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout.splitlines()[-1]) == pytest.approx(
        [pair["probability"] for pair in pairs], abs=1e-12
    )
    again = json.loads(run_afterclose("export", "--mlflow", address, "--json", data=finished).out)
    assert again == exported | {"new": False}


def test_a_server_that_is_not_there_is_said_in_one_line(finished, run_afterclose):
    """Within seconds, with the address and no traceback."""
    done = run_afterclose("export", "--mlflow", f"http://127.0.0.1:{free_port()}", data=finished)
    assert done.code == 30
    assert len(done.messages) == 1
    assert "MLflow at 127.0.0.1 did not take the run" in done.messages[0]


def test_undefined_figures_have_no_metric():
    """MLflow has no null."""
    evaluation = {
        "performance": {"auc": {"value": 0.5, "low": None, "high": None}, "brier": {"value": None}},
        "baselines": {"reversal": {"auc": {"value": 0.51}, "precision": {"value": None}}},
        "drift": {"return": {"percentile": None}, "lag1": {"percentile": 20.0}},
    }
    assert dict(metrics_of(evaluation)) == {
        "auc": 0.5, "baselines/reversal/auc": 0.51, "drift/lag1/percentile": 20.0,
    }  # fmt: skip
