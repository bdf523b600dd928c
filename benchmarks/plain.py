"""The seven stages as Luigi tasks that anybody would write: ``luigi --module plain Report --folder FOLDER``.

The same functions and the same files, each a plain ``LocalTarget``: no digests, journal, locks, fsync or plan.
What the pipeline costs beside this is what its guarantees cost; what this costs beside ``benchmarks/bare.py``
is Luigi. Only the embedded sample: its tables are JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import ClassVar

from core.platform.determinism import single_threaded

single_threaded()

import luigi  # noqa: E402 - threads are set before anything numeric can be imported
from bare import values  # noqa: E402 - see above

from core.parameters import Value  # noqa: E402 - see above
from core.request.stages import stage_named  # noqa: E402 - see above
from core.runs.compute import Job, LoadedArtifact, compute  # noqa: E402 - see above
from core.tables.codec import decode, encode  # noqa: E402 - see above


@cache
def known() -> dict[str, Value]:
    """Return the parameters of all stages: the defaults."""
    return values("sample", "")


class Plain(luigi.Task):
    """One stage: reads the files of those before, writes its own."""

    folder = luigi.Parameter()
    stage_name: ClassVar[str] = ""
    before: ClassVar[type[Plain] | None] = None

    def requires(self) -> list[Plain]:
        """Return the stage before."""
        return [self.before(folder=self.folder)] if self.before else []

    def output(self) -> dict[str, luigi.LocalTarget]:
        """Return a file for each artifact, by its name."""
        names = (artifact.filename for artifact in stage_named(self.stage_name).writes)
        return {name: luigi.LocalTarget(str(Path(self.folder) / name)) for name in names}

    def files(self) -> dict[str, luigi.LocalTarget]:
        """Return the files of this stage and of all before it."""
        earlier = self.before(folder=self.folder).files() if self.before else {}
        return {**earlier, **self.output()}

    def run(self) -> None:
        """Read, compute, write."""
        stage, files = stage_named(self.stage_name), self.files()
        inputs = {}
        for kind in stage.reads:
            name = f"{kind}.json"
            if name in files:
                inputs[kind] = LoadedArtifact(decode(Path(files[name].path).read_bytes(), name), name, "")
        own = {p.name: known()[p.name] for p in stage.parameters}
        job = Job(inputs, own, tuple(known()["tickers"] or ()), datetime.now(UTC).date())
        for artifact in compute(stage.name, job):
            encoded = encode(artifact)
            with files[encoded.filename].temporary_path() as path:
                Path(path).write_bytes(encoded.data)


class Ingest(Plain):
    """Reads the sample."""

    stage_name = "ingest"


class Validate(Plain):
    """Judges the prices."""

    stage_name, before = "validate", Ingest


class Clean(Plain):
    """Repairs them."""

    stage_name, before = "clean", Validate


class FeatureEngineer(Plain):
    """Makes features."""

    stage_name, before = "feature_engineer", Clean


class TrainOrScore(Plain):
    """Trains a candidate."""

    stage_name, before = "train_or_score", FeatureEngineer


class Evaluate(Plain):
    """Judges it."""

    stage_name, before = "evaluate", TrainOrScore


class Report(Plain):
    """Writes the report."""

    stage_name, before = "report", Evaluate
