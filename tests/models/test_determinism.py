"""The same bytes in every process: other hash seeds, thread counts and row orders."""

import json
import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from core.models.training import single_thread

PROGRAM = """
import hashlib, json, sys
import numpy as np, pandas as pd
from core.tables.codec import Table, encode
from core.features import engineer
from core.models.scoring import score
from core.models.train_settings import ScoreSettings, TrainSettings
from core.parameters import settings_from
from core.models.training import train

draw = np.random.default_rng(9)
days = pd.bdate_range("2010-01-04", periods=450).astype("datetime64[s]")
parts = [
    pd.DataFrame({"date": days, "ticker": t, "adj_close": 30 * np.exp(np.cumsum(draw.normal(0, 0.02, 450)))})
    for t in ("AA", "BB", "CC", "DD")
]
frame = pd.concat(parts, ignore_index=True).astype({"ticker": "str"})
frame = frame.sample(frac=1, random_state=int(sys.argv[1]))
features = engineer(Table("prices_clean", frame))
made = [features]
for model in ("logistic_regression", "hist_gradient_boosting"):
    settings = {"model": model, "beside": "logistic_regression,hist_gradient_boosting", "seed": 7,
                "min_train_sessions": 250, "fold_sessions": 100, "calendar": "XNYS"}
    predictions, document = train(features, settings_from(TrainSettings, settings), features_sha256="0" * 64)
    made += [predictions, document, score(features, document, ScoreSettings("XNYS"))]
print(json.dumps([hashlib.sha256(encode(artifact).data).hexdigest() for artifact in made]))
"""

ENVIRONMENTS = [
    {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"},
    {
        "PYTHONHASHSEED": "random",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "3",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    },
]


def test_features_predictions_and_models_have_the_same_bytes_in_every_process():
    """Three processes with other hash seeds, threads, time zones and row orders."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(order)],
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            text=True,
        )
        for order, env in enumerate(ENVIRONMENTS)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    digests = [json.loads(output) for output in outputs]
    assert digests[0] == digests[1] == digests[2]
    assert len(set(digests[0])) == 7


@pytest.mark.parametrize("api", ["blas", "openmp"])
def test_training_holds_every_loaded_library_to_one_thread(api):
    """Inside, not outside: the setting is given back."""
    with single_thread():
        inside = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == api]
    assert inside
    assert set(inside) == {1}
