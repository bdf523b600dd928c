"""``afterclose stage NAME``: one stage as a function of files, outside any run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
import orjson

from core.cli import output
from core.cli.output import answer
from core.errors import CheckpointError, CommandError, MissingFileError, ValidationFailed
from core.fingerprint import sha256, sha256_file
from core.parameters import Parameter, Value
from core.paths import typed_path
from core.platform.storage import replace_file
from core.report.formatting import counted
from core.request import plugin_digests, settings
from core.request.stages import STAGES, Stage
from core.request.targets import judge_target
from core.runs.compute import Job, LoadedArtifact, compute
from core.runs.inputs import LARGE
from core.runs.resolve import resolve
from core.sources.context import Context
from core.store import waivers as waiver_files
from core.store.ticker_lists import expand
from core.tables.artifacts import Artifact, Encoded, Table
from core.tables.codec import decode, encode
from core.universe import EVERYBODY, membership_of, symbols_of

T = TypeVar("T")


@dataclass(frozen=True)
class WrittenFile:
    """One artifact that a stage wrote: its kind, where it is, and its rows if it is a table."""

    kind: str
    path: str
    rows: int | None

    def __str__(self) -> str:
        rows = "" if self.rows is None else f"  {counted(self.rows, 'row')}"
        return f"{self.kind:<14} {self.path}{rows}"


@click.group("stage")
def command() -> None:
    """Run one stage on files: inputs are recognised by the kind they begin with."""


def _command_of(stage: Stage) -> click.Command:
    options = [p for p in stage.parameters if not p.resolved and p.name != "path"]
    params: list[click.Parameter] = [
        click.Option(
            ["--input", "inputs"], multiple=True, type=output.FILE, metavar="FILE", help=_reads(stage)
        ),
        click.Argument(["further"], nargs=-1, type=output.FILE, metavar="[FILE]..."),
        click.Option(
            ["--output"], required=True, type=output.FILE, metavar="FILE_OR_FOLDER", help=_writes(stage)
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print what was written as JSON."),
        *(_option(p) for p in options),
    ]
    return click.Command(stage.name, params=params, callback=_callback(stage), help=stage.summary)


def _option(parameter: Parameter) -> click.Option:
    default = f" [default: luigi.cfg, else {parameter.default or 'none'}]"
    return click.Option([parameter.option, parameter.name], default="", help=parameter.help + default)


def _reads(stage: Stage) -> str:
    kinds = ", ".join(stage.reads)
    return f"A file of kind {kinds}; one for each, together or apart." if stage.reads else "A raw CSV file."


def _writes(stage: Stage) -> str:
    return f"Where to write {', '.join(a.filename for a in stage.writes)}."


def _callback(stage: Stage) -> Callable[..., None]:
    def run(
        inputs: tuple[str, ...], further: tuple[str, ...], output: str, *, as_json: bool, **values: str
    ) -> None:
        paths = [Path(path) for path in (*inputs, *further)]
        written = run_stage(stage, paths, Path(output), values, folder=output.endswith("/"))
        answer([asdict(each) for each in written], *map(str, written), json_wanted=as_json)

    return run


def _of_file(values: Mapping[str, Value], name: str, parse: Callable[[bytes, str], T]) -> T | None:
    """Return what a file of the universe says, None where none was named.

    Raises
    ------
    MissingFileError
        If it is not there.
    """
    path = Path(str(values.get(name) or ""))
    if not values.get(name):
        return None
    MissingFileError.unless_file(path, f"file of {name}", parameter=name)
    return parse(path.read_bytes(), path.name)


def run_stage(
    stage: Stage, inputs: list[Path], output: Path, texts: Mapping[str, str], *, folder: bool
) -> list[WrittenFile]:
    """Run ``stage`` on files and return what it wrote; a failed gate leaves its findings there, too."""
    now = datetime.now(UTC)
    configured = settings.load()
    if stage.name == "ingest":
        request = dict(texts)
        if len(inputs) > 1:
            raise CommandError(
                f"ingest came with {len(inputs)} inputs",
                expected="one file or folder of prices",
                remedy="Put the files into a folder, and name that.",
            )
        if inputs:
            request |= {"source": "files", "path": str(inputs[0])}
        values: Mapping[str, Value] = resolve(request, settings=configured, now=now, upto="ingest")
        loaded: dict[str, LoadedArtifact] = {}
    else:
        loaded = _loaded(stage, inputs)
        values = _values(stage, texts, configured, scoring="model" in loaded)
    waivers = waiver_files.read(typed_path(str(values["waivers"])))[1] if values.get("waivers") else ()
    tickers = expand(str(values.get("tickers") or ""), configured.data)
    patience = Context(
        tries=int(configured["retry_tries"] or 1), wait_s=float(configured["retry_wait_s"] or 0)
    )
    job = Job(
        loaded, values, tickers, now.date(), context=patience, waivers=waivers, engine=configured.engine,
        membership=_of_file(values, "membership", membership_of) or EVERYBODY,
        symbols=_of_file(values, "symbols", symbols_of) or (),
    )  # fmt: skip
    try:
        artifacts = compute(stage.name, job)
    except ValidationFailed as error:
        data = orjson.dumps(
            {"format": 1, "kind": "findings", **error.findings},
            option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
        )
        home = output if _is_folder(output, folder=folder) else output.parent
        _write([Encoded("findings.json", "findings", "json", data, None)], home, folder=True)
        raise
    with job.scratch:
        return _write([encode(artifact) for artifact in artifacts], output, folder=folder)


def _values(
    stage: Stage, texts: Mapping[str, str], configured: settings.Settings, *, scoring: bool
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for parameter in stage.parameters:
        text = texts.get(parameter.name, "")
        default = None if parameter.resolved else configured[parameter.name]
        values[parameter.name] = parameter.parse(text) if text else default
    if "plugins" in values:
        planned = plugin_digests.resolved(values, configured)
        values |= {name: value for name, value in planned.items() if name in values}
    if values.get("mode") == "auto":
        values["mode"] = "score" if scoring else "train"
    return values


def _loaded(stage: Stage, inputs: list[Path]) -> dict[str, LoadedArtifact]:
    kinds = {*stage.reads, *(("model",) if stage.name == "train_or_score" else ())}
    loaded: dict[str, LoadedArtifact] = {}
    for path in inputs:
        MissingFileError.unless_file(path, "input")
        artifact, digest = _read(path)
        if artifact.kind not in kinds:
            raise CommandError(
                f"{path.name} is of kind {artifact.kind!r}",
                expected=f"{stage.name} reads {', '.join(sorted(kinds))}",
            )
        if artifact.kind in loaded:
            raise CommandError(f"two inputs are of kind {artifact.kind!r}", expected="each kind once")
        loaded[artifact.kind] = LoadedArtifact(artifact, path.name, digest)
    return loaded


def _read(path: Path) -> tuple[Artifact, str]:
    """Return an artifact and its SHA-256; a large table stays in its file."""
    if path.suffix == LARGE:
        return Table.stored_at(path), sha256_file(path)
    data = path.read_bytes()
    return decode(data, path.name), sha256(data)


def _is_folder(output: Path, *, folder: bool) -> bool:
    """Return whether what is named as output is a folder: it ends so, is one, or has no ending."""
    return folder or output.is_dir() or not output.suffix


def _write(encoded: list[Encoded], output: Path, *, folder: bool) -> list[WrittenFile]:
    """Write to a folder, or the main artifact to the file named and the others beside it."""
    written = []
    into_folder = _is_folder(output, folder=folder)
    home = output if into_folder else output.parent
    with CheckpointError.of_disk(f"{output} cannot be written", expected="a writable file or folder"):
        for number, artifact in enumerate(encoded):
            path = home / artifact.filename if into_folder or number else output
            judge_target(path, settings.load())
            if artifact.path:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(artifact.path, path)
            else:
                replace_file(path, artifact.data)
            written.append(WrittenFile(artifact.kind, str(path), artifact.rows))
    return written


for _stage in STAGES:
    command.add_command(_command_of(_stage))
