"""A run as a run of MLflow: parameters, metrics with their intervals, artifacts, and the model, which can be loaded.

Needs the extra ``[mlflow]`` (``mlflow-skinny``: the whole of MLflow wants another pandas). A run that was handed over
before is recognised by its id and not sent twice.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core import __version__
from core.errors import AftercloseError, SettingsError, SourceError
from core.journal import Journal, Run
from core.platform.forked import EndedWithoutAnswer
from core.platform.isolated import Bounds, TookTooMuch, bounded
from core.platform.web_addresses import host_in
from core.queries.runs.facts import RunFacts, facts
from core.registry.registry import Registry
from core.request.settings import Settings
from core.store.artifacts import file_of
from core.store.checkpoints import Slot, Store
from core.store.lineage import keys_behind

RUN_TAG = "afterclose.run"
"""By which a run is recognised that is there already."""

ARTIFACTS = ("report", "evaluation", "findings", "repairs", "predictions")
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
}
"""MLflow sends no telemetry, goes nowhere else, and a server that does not answer is reported within seconds."""

LIMIT_S = 600.0
"""A server that sends a byte now and then would hold its client for ever: all of it may take so long."""

_EXPECTED = "a tracking server, as in http://127.0.0.1:5000"
_REMEDY = "Look whether it runs, and whether it takes artifacts itself (mlflow server --serve-artifacts)."


@dataclass(frozen=True)
class Exported:
    """Where a run is in MLflow, and whether it was there before."""

    mlflow_run: str
    experiment: str
    model: str
    new: bool


def export(settings: Settings, run: Run, uri: str) -> Exported:
    """Hand a run over to the tracking server at ``uri`` (``http://HOST:PORT``).

    A folder (``file:///...``) is refused by MLflow from 3.13 on, unless ``MLFLOW_ALLOW_FILE_STORE=true`` is set. The
    experiment is called ``afterclose/PROFILE``. Every artifact is verified as it is read.

    Raises
    ------
    SettingsError
        If the extra is not installed.
    ParameterError
        If the run made no report.
    CheckpointError, ModelError
        If an artifact or the model is damaged.
    SourceError
        If MLflow cannot be reached or refuses.
    """
    if find_spec("mlflow") is None:
        raise SettingsError(
            "--mlflow came, and MLflow is not installed",
            expected="the extra [mlflow]",
            remedy="Run: make extras EXTRAS=mlflow",
        )
    try:
        return bounded(Bounds(settings.bounds.memory_mb, LIMIT_S), hand_over, settings, run, uri)
    except (TookTooMuch, EndedWithoutAnswer) as error:
        raise SourceError(
            f"MLflow at {_place(uri)} did not come to an end with the run ({error})",
            expected=f"{_EXPECTED}, that takes it within {LIMIT_S:g} seconds",
            remedy=_REMEDY,
        ) from None


def _place(uri: str) -> str:
    """Return what names a server without what may be secret in its address."""
    return host_in(uri) or ("the address that was named" if "@" in uri else uri)


def hand_over(settings: Settings, run: Run, uri: str) -> Exported:
    """Do the same in this process, however long the server takes."""
    about = facts(Store(settings.data), Journal(settings.data, settings.journal, read_only=True), run)
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow warns of what it would infer, and is told everything
            logging.getLogger("mlflow").setLevel(logging.ERROR)
            mlflow.set_tracking_uri(uri)
            with _no_folder_of_ours(uri):
                return _sent(settings, about)
    except AftercloseError:
        raise
    except Exception as error:
        # a server that is none answers what its client never expected, which then fails anywhere
        # MLflow's own words quote the address, and there is no telling how it was taken apart
        quotable = not re.search("[@?#]", uri)
        lines = [line for line in str(error).splitlines() if line.strip()] if quotable else []
        unreached = isinstance(error, MlflowException | OSError)
        why = "it cannot be reached, or refused" if unreached else "its answer is none of MLflow"
        why = f"{why} ({type(error).__name__})"
        if lines and unreached:
            why = lines[0][:200]
        raise SourceError(
            f"MLflow at {_place(uri)} did not take the run: {why}", expected=_EXPECTED, remedy=_REMEDY
        ) from error


@contextmanager
def _no_folder_of_ours(uri: str) -> Iterator[None]:
    """Let a server's answer lead no file into a folder of this machine: where artifacts go is what it says."""
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact import artifact_repository_registry as registry
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    class OnlyRead(LocalArtifactRepository):
        def log_artifact(self, *_: Any, **__: Any) -> None:
            raise MlflowException(f"it wants the files in a folder of this machine, {self.artifact_uri}")

        log_artifacts = log_artifact

    entries: Any = registry._artifact_repository_registry  # noqa: SLF001 - MLflow's own place for what stores artifacts
    before = {scheme: entries.get_registered_artifact_repositories()[scheme] for scheme in ("", "file")}
    try:
        for scheme in before if uri.lower().startswith(("http://", "https://")) else ():
            entries.register(scheme, OnlyRead)
        yield
    finally:
        for scheme, repository in before.items():
            entries.register(scheme, repository)


def _sent(settings: Settings, about: RunFacts) -> Exported:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    run, identity = about.run, str(about.evaluation["model"]["model_id"])
    experiment = mlflow.set_experiment(f"afterclose/{run.profile}")
    there = mlflow.search_runs(
        [experiment.experiment_id], f"tags.`{RUN_TAG}` = '{run.run_id}'", output_format="list", max_results=1
    )
    if there:
        return Exported(there[0].info.run_id, experiment.name, identity, new=False)
    with mlflow.start_run(run_name=run.run_id) as active, tempfile.TemporaryDirectory() as place:
        mlflow.set_tags(_tags(about))
        mlflow.log_params({name: str(value)[:5000] for name, value in about.parameters.items()})
        mlflow.log_metrics(dict(metrics_of(about.evaluation)))
        mlflow.log_artifacts(str(_files(settings, run, Path(place) / "artifacts")))
        model = Path(place) / f"{identity}.json"
        model.write_bytes(_model_bytes(settings, about, identity))
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("mlflow_model.py")),
            artifacts={"model": str(model)},
            pip_requirements=[f"afterclose=={__version__}"],
            signature=ModelSignature(
                Schema([ColSpec("double", name) for name in about.evaluation["model"]["features"]]),
                Schema([ColSpec("double")]),
            ),
            metadata={"model_id": identity, "features": list(about.evaluation["model"]["features"])},
        )
        return Exported(active.info.run_id, experiment.name, identity, new=True)


def _tags(about: RunFacts) -> dict[str, str]:
    run = about.run
    tags = {
        RUN_TAG: run.run_id, "afterclose.profile": run.profile, "afterclose.session": run.session or "",
        "afterclose.report": run.keys["report"], "afterclose.report_state": about.standing,
        "afterclose.verdict": str(about.evaluation["verdict"]), "afterclose.version": __version__,
        "afterclose.model": str(about.evaluation["model"]["model_id"]),
    }  # fmt: skip
    return tags | {f"sha256.{name}": digest for name, digest in about.evaluation["digests"].items()}


def metrics_of(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the figures as MLflow names them: ``auc``, ``auc_low``, ``auc_high``, ``baselines/reversal/auc``, ...

    What is undefined (null) is left out: MLflow has no word for it.
    """
    for name, estimate in evaluation["performance"].items():
        for part, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            if estimate.get(part) is not None:
                yield f"{name}{suffix}", float(estimate[part])
    for baseline, estimates in evaluation["baselines"].items():
        for name, value in estimates.items():
            number = value.get("value") if isinstance(value, Mapping) else value
            if isinstance(number, int | float):
                yield f"baselines/{baseline}/{name}", float(number)
    for column, figures in evaluation["drift"].items():
        if figures.get("percentile") is not None:
            yield f"drift/{column}/percentile", float(figures["percentile"])


def _files(settings: Settings, run: Run, folder: Path) -> Path:
    """Write the run's verified artifacts into ``folder`` and return it."""
    store = Store(settings.data)
    folder.mkdir()
    slots = keys_behind(store, Slot("report", run.keys["report"])) | {"report": run.keys["report"]}
    for stage, key in slots.items():
        slot = Slot(stage, key)
        meta = store.meta(slot)
        for name in meta.digests if meta else ():
            if name.split(".")[0] in ARTIFACTS:
                (folder / name).write_bytes(store.read(slot, name))
    return folder


def _model_bytes(settings: Settings, about: RunFacts, identity: str) -> bytes:
    """Return the model's file: the run's own candidate, else that of the registry."""
    store = Store(settings.data)
    keys = keys_behind(store, Slot("report", about.run.keys["report"]))
    slot = Slot("train_or_score", keys["train_or_score"])
    name = file_of("model", store, slot)
    return store.read(slot, name) if name else Registry(settings.data).bytes_of(identity)
