"""The bare script: the same seven functions in order, the same serialisation, plain writes.

No Luigi, keys, locks, fsync, journal or log: the floor that the pipeline's cost is measured against.
Run: ``python benchmarks/bare.py --out FOLDER [--source files --path FILE]``
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from core.platform.determinism import single_threaded

single_threaded()

from core.parameters import Value, settings_from  # noqa: E402 - see above
from core.request import settings  # noqa: E402 - threads are set before anything numeric can be imported
from core.request.stages import STAGES, parameters_of, stage_named  # noqa: E402 - see above
from core.runs.compute import Job, LoadedArtifact, compute  # noqa: E402 - see above
from core.sources import source_named  # noqa: E402 - see above
from core.sources.ingest_settings import IngestSettings  # noqa: E402 - see above
from core.tables.artifacts import Artifact, Encoded, Table  # noqa: E402 - see above
from core.tables.codec import encode  # noqa: E402 - see above
from core.tables.writer import Scratch  # noqa: E402 - see above


def values(source: str, path: str) -> dict[str, Value]:
    """Return the default parameters, with what the source knows of itself."""
    defaults = settings.load({}).defaults
    known = {name: defaults.get(name) for name in parameters_of(STAGES)}
    known |= {"source": source, "path": path or None, "mode": "train", "vintage": 0}
    found = source_named(source).resolve(settings_from(IngestSettings, known), (), datetime.now(UTC))
    return {
        **known,
        "tickers": found.tickers,
        "start": found.start,
        "end": found.end,
        "input_digest": found.input_digest,
        "input_name": found.input_name,
    }


def written(encoded: Encoded, artifact: Artifact, out: Path) -> Artifact:
    """Write an artifact plainly and return it; a large table is from then on read from there."""
    if encoded.path is None:
        (out / encoded.filename).write_bytes(encoded.data)
        return artifact
    return Table.stored_at(encoded.path.replace(out / encoded.filename))


def main() -> None:
    """Run the seven stages and leave their artifacts in one folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", default="sample")
    parser.add_argument("--path", default="")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    known = values(arguments.source, arguments.path)
    today = datetime.now(UTC).date()
    made: dict[str, LoadedArtifact] = {}
    digested = stage_named("evaluate").reads
    for stage in STAGES:
        inputs = {kind: made[kind] for kind in stage.reads if kind in made}
        own = {p.name: known[p.name] for p in stage.parameters}
        job = Job(inputs, own, tuple(known["tickers"] or ()), today, scratch=Scratch(arguments.out))
        for artifact in compute(stage.name, job):
            encoded = encode(artifact)
            # evaluation.json lists digests of what it judged; this is content, not bookkeeping
            digest = encoded.sha256 if encoded.kind in digested else ""
            made[encoded.kind] = LoadedArtifact(
                written(encoded, artifact, arguments.out), encoded.filename, digest
            )
        job.scratch.__exit__()
    print((arguments.out / "report.txt").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
