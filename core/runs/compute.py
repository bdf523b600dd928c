"""The seven stages as functions: artifacts in, artifacts out, no clock.

The pure rooms compute; here each stage is given its artifacts and settings, and ingest its source.

Luigi tasks, ``afterclose stage`` and ``benchmarks/bare.py`` all call :func:`compute`. Each function
imports what it needs, so that a run with nothing to do never loads a numeric library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from core.errors import CommandError, DataError
from core.parameters import Value, settings_from
from core.platform.progress import Progress, silent
from core.request.stages import Stage, stage_named, writer_of
from core.sources.context import ALONE, Context
from core.tables.artifacts import Artifact, Document, Table, Text
from core.tables.engine import LOCAL, Engine
from core.tables.workplace import Workplace
from core.tables.writer import Scratch

if TYPE_CHECKING:
    from core.prices.waivers import Waiver


@dataclass(frozen=True)
class Loaded:
    """An input in memory, with its file name and the SHA-256 of its bytes."""

    artifact: Artifact
    filename: str
    sha256: str


@dataclass(frozen=True)
class Job:
    """One call of a stage.

    Parameters
    ----------
    inputs : mapping of str to Loaded
        By kind.
    parameters : mapping
        Resolved values of the stage's parameters.
    tickers : tuple of str
        The tickers wanted (empty: all); only ingest uses them.
    today : date
        Rows after this day are from the future; only validate uses it, and it is in no artifact.
    progress : Progress
        Told how far long work is.
    context : Context
        The surroundings of a source; only ingest uses them.
    waivers : tuple of Waiver
        Findings that a person accepts; only validate uses them.
    scratch : Scratch
        Where the files of large tables are made; they are gone with it.
    engine : Engine
        Who works on the parts of large tables; it changes no artifact.
    """

    inputs: Mapping[str, Loaded]
    parameters: Mapping[str, Value]
    tickers: tuple[str, ...]
    today: date
    progress: Progress = silent
    context: Context = ALONE
    waivers: tuple[Waiver, ...] = ()
    scratch: Scratch = field(default_factory=Scratch)
    engine: Engine = LOCAL

    @property
    def workplace(self) -> Workplace:
        """Where a table is worked on part by part."""
        return Workplace(self.scratch, self.engine, self.progress)

    def table(self, kind: str) -> Table:
        """Return an input table."""
        artifact = self._input(kind).artifact
        if not isinstance(artifact, Table):
            raise DataError(f"{kind} came as a document", expected="a table with columns and rows")
        return artifact

    def document(self, kind: str) -> Document:
        """Return an input document."""
        artifact = self._input(kind).artifact
        if not isinstance(artifact, Document):
            raise DataError(f"{kind} came as a table", expected="a document")
        return artifact

    def _input(self, kind: str) -> Loaded:
        if kind not in self.inputs:
            raise CommandError(
                f"no input of kind {kind!r} was given",
                expected=f"a file that begins with kind {kind!r}",
                remedy=f"There were: {', '.join(sorted(self.inputs)) or 'none'}.",
            )
        return self.inputs[kind]


def ingest_job(job: Job) -> list[Artifact]:
    from core.sources import source_named

    source = source_named(str(job.parameters["source"]))
    context = replace(job.context, progress=job.progress, scratch=job.scratch, engine=job.engine)
    return [source.read(job.parameters, job.tickers, context)]


def train_or_score_job(job: Job) -> list[Artifact]:
    features = job.table("features")
    if job.parameters["mode"] == "score":
        from core.models.scoring import score
        from core.models.settings import ScoreSettings

        scoring = settings_from(ScoreSettings, job.parameters)
        return [score(features, job.document("model"), scoring, workplace=job.workplace)]
    from core.models.settings import TrainSettings
    from core.models.training import train

    digest = job.inputs["features"].sha256
    training = settings_from(TrainSettings, job.parameters)
    predictions, model = train(features, training, features_sha256=digest, workplace=job.workplace)
    return [predictions, model] if model else [predictions]


def evaluate_job(job: Job) -> list[Artifact]:
    for kind in ("predictions", "features"):
        job.table(kind)
    for kind in ("findings", "repairs"):
        job.document(kind)
    if "model" in job.inputs:
        from core.models.loader import load_model

        load_model(job.document("model"))  # a model that cannot be used is refused, not summarised
    from core.evaluation.evaluate import evaluate
    from core.evaluation.settings import EvaluateSettings

    artifacts = {kind: loaded.artifact for kind, loaded in job.inputs.items()}
    digests = {loaded.filename: loaded.sha256 for loaded in job.inputs.values()}
    ordered = {name: digests[name] for name in sorted(digests)}
    settings = settings_from(EvaluateSettings, job.parameters)
    return [evaluate(artifacts, ordered, settings, workplace=job.workplace)]


def compute(stage: str, job: Job) -> list[Artifact]:
    """Return the artifacts of ``stage``, the main one first.

    The stage table names the function. What it is called with follows from the names of its arguments: a kind of
    artifact that it reads (``prices_clean``), ``settings`` (of the class that the argument is annotated with),
    anything else that a :class:`Job` has (``today``, ``workplace``, ...), or the ``job`` itself. Further
    arguments keep their defaults.

    Raises
    ------
    AftercloseError
        If the inputs or the source cannot give them.
    """
    entry = stage_named(stage)
    module, _, name = entry.function.partition(":")
    function = getattr(import_module(module), name)
    arguments = [
        name
        for name, argument in signature(function).parameters.items()
        if argument.default is argument.empty or name in _PROVIDED or name in entry.reads
    ]
    artifacts = function(**{name: _argument(name, entry, function, job) for name in arguments})
    return [artifacts] if isinstance(artifacts, Table | Document | Text) else list(artifacts)


def _argument(name: str, stage: Stage, function: Callable[..., Any], job: Job) -> Any:
    """Return what a stage's function is given for one of its arguments."""
    if name == "job":
        return job
    if name == "settings":
        return settings_from(function.__globals__[function.__annotations__[name]], job.parameters)
    if name in _OF_A_JOB:
        return getattr(job, name)
    if name not in stage.reads:
        raise LookupError(
            f"{stage.name} asks for {name!r}, which is neither read by it nor anything of a job"
        )
    shape = next(artifact.shape for artifact in writer_of(name).writes if artifact.kind == name)
    return job.table(name) if shape == "table" else job.document(name)


_OF_A_JOB = frozenset({"workplace", *(field.name for field in fields(Job))})
_PROVIDED = frozenset({"job", "settings", *_OF_A_JOB})
