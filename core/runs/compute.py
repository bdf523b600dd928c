"""The seven stages as functions: artifacts in, artifacts out, no clock.

The pure rooms compute; here each stage is given its artifacts and settings, and ingest its source.

Luigi tasks, ``afterclose stage`` and ``benchmarks/bare.py`` all call :func:`compute`. Each function
imports what it needs, so that a run with nothing to do never loads a numeric library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from core.parameters import Value, settings_from
from core.platform.allocation import give_back_free_memory, reuse_freed_memory
from core.platform.progress import Progress, silent
from core.request.stages import Stage, stage_named, writer_of
from core.sources.context import ALONE, Context
from core.tables.artifacts import Artifact, Document, Table, Text
from core.tables.engine import LOCAL, Engine
from core.tables.inputs import document_of, table_of
from core.tables.workplace import Memory, Workplace
from core.tables.writer import Scratch
from core.universe import EVERYBODY, Membership, SymbolChange

if TYPE_CHECKING:
    from core.plugins.loading import Plugins
    from core.prices.waivers import Waiver
    from core.runs.plugin_rules_and_sections import GateRule, ReportSection


@dataclass(frozen=True)
class LoadedArtifact:
    """An input in memory, with its file name and the SHA-256 of its bytes."""

    artifact: Artifact
    filename: str
    sha256: str


@dataclass(frozen=True)
class Job:
    """One call of a stage.

    Parameters
    ----------
    inputs : mapping of str to LoadedArtifact
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
    membership : Membership
        Which tickers belong on which days; only feature_engineer uses it.
    symbols : tuple of SymbolChange
        Tickers that go on under another name; only ingest uses them.
    scratch : Scratch
        Where the files of large tables are made; they are gone with it.
    engine : Engine
        Who works on the parts of large tables; it changes no artifact.
    memory : Memory or None
        Fits that need not be done again; it changes no artifact.
    """

    inputs: Mapping[str, LoadedArtifact]
    parameters: Mapping[str, Value]
    tickers: tuple[str, ...]
    today: date
    progress: Progress = silent
    context: Context = ALONE
    waivers: tuple[Waiver, ...] = ()
    membership: Membership = EVERYBODY
    symbols: tuple[SymbolChange, ...] = ()
    scratch: Scratch = field(default_factory=Scratch)
    engine: Engine = LOCAL
    memory: Memory | None = None

    @property
    def workplace(self) -> Workplace:
        """Where a table is worked on part by part."""
        return Workplace(self.scratch, self.engine, self.progress, self.memory)

    @property
    def plugins(self) -> Plugins | None:
        """The plug-in modules that touch the stage, as they were planned; None where none does."""
        planned = {n: v for n in self.parameters if (v := self.parameters[n]) and n.endswith("_modules")}
        if not planned:
            return None
        from core.plugins.loading import planned as loaded
        from core.plugins.modules import LIMIT_S

        ((name, digest),) = planned.items()
        limit = self.parameters.get("plugins_timeout_s")
        return loaded(
            str(self.parameters["plugins"]),
            name.removesuffix("_modules"),
            str(digest),
            label=str(self.parameters.get("label") or ""),
            limit_s=LIMIT_S if limit is None else float(limit),
        )

    @property
    def own_rules(self) -> tuple[GateRule, ...]:
        """The user-defined rules of the gate."""
        if (plugins := self.plugins) is None:
            return ()
        from core.runs.plugin_rules_and_sections import rules_of

        return rules_of(plugins)

    @property
    def own_sections(self) -> tuple[ReportSection, ...]:
        """The user-defined sections of the report."""
        if (plugins := self.plugins) is None:
            return ()
        from core.runs.plugin_rules_and_sections import sections_of

        return sections_of(plugins)

    @property
    def artifacts(self) -> dict[str, Artifact]:
        """The inputs' artifacts by kind."""
        return {kind: loaded.artifact for kind, loaded in self.inputs.items()}

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each input by its file name, in order of names."""
        digests = {loaded.filename: loaded.sha256 for loaded in self.inputs.values()}
        return {name: digests[name] for name in sorted(digests)}


def compute(stage: str, job: Job) -> list[Artifact]:
    """Return the artifacts of ``stage``, the main one first.

    The stage table names the function. What it is called with follows from the names of its arguments: a kind of
    artifact that it reads (``prices_clean``) or its digest (``prices_clean_sha256``), ``settings`` (of the class that
    the argument is annotated with), ``inputs`` (all artifacts by kind), anything else that a :class:`Job` has
    (``today``, ``workplace``, ``digests``, ...). Further arguments keep their defaults.

    Raises
    ------
    AftercloseError
        If the inputs or the source cannot give them.
    """
    reuse_freed_memory()
    give_back_free_memory()
    entry = stage_named(stage)
    module, _, name = entry.function.partition(":")
    function = getattr(import_module(module), name)
    arguments = [
        name
        for name, argument in signature(function).parameters.items()
        if argument.default is argument.empty or name in _PROVIDED or name in entry.reads
    ]
    if "model" in entry.reads and "model" in job.inputs:
        from core.models.loader import load_model

        load_model(document_of(job.artifacts, "model"))  # one that cannot be used is refused, not summarised
    artifacts = function(**{name: _argument(name, entry, function, job) for name in arguments})
    return [artifacts] if isinstance(artifacts, Table | Document | Text) else list(artifacts)


def _argument(name: str, stage: Stage, function: Callable[..., Any], job: Job) -> Any:
    """Return what a stage's function is given for one of its arguments."""
    if name == "settings":
        settings = vars(import_module(function.__module__))[function.__annotations__[name]]
        return settings_from(settings, job.parameters)
    if name == "inputs":
        return job.artifacts
    if name in _OF_A_JOB:
        return getattr(job, name)
    kind, is_digest = name.removesuffix(_SHA256), name.endswith(_SHA256)
    if kind not in stage.reads:
        raise LookupError(
            f"{stage.name} asks for {name!r}, which is neither read by it nor anything of a job"
        )
    shape = next(artifact.shape for artifact in writer_of(kind).writes if artifact.kind == kind)
    artifact = (table_of if shape == "table" else document_of)(job.artifacts, kind)
    return job.inputs[kind].sha256 if is_digest else artifact


_SHA256 = "_sha256"
_OF_A_JOB = frozenset(
    {"workplace", "plugins", "own_rules", "own_sections", "digests", *(field.name for field in fields(Job))}
)
_PROVIDED = frozenset({"settings", *_OF_A_JOB})
