"""What the log and a checkpoint's meta say of each stage."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from core.errors import ValidationFailed
from core.parameters import Value, settings_from
from core.platform.program import program, stage_code
from core.runs.plan import StagePlan
from core.sources.ingest_settings import IngestSettings
from core.store.checkpoints import Input
from core.tables.artifacts import Artifact, Document, Table

MOST_REPAIRS = 1000
"""Repairs logged one by one; all of them stand in ``repairs.json``."""


def facts(stage: str, artifacts: Sequence[Artifact], parameters: Mapping[str, Value]) -> dict[str, Any]:
    """Return the facts that the finished line of ``stage`` carries."""
    documents = {a.kind: a.body for a in artifacts if isinstance(a, Document)}
    tables = {a.kind: a for a in artifacts if isinstance(a, Table)}
    match stage:
        case "ingest":
            return {"source_uri": tables["prices_raw"].header["source"]["uri"]}
        case "validate":
            findings = documents["findings"]["findings"]
            return {"findings": dict(sorted(Counter(f["rule"] for f in findings).items()))}
        case "clean":
            body = documents["repairs"]
            by_rule = dict(sorted(Counter(r["rule"] for r in body["repairs"]).items()))
            return {"rows_in": body["rows_in"], "rows_out": body["rows_out"], "repairs": by_rule}
        case "train_or_score":
            return _training(tables["predictions"], documents.get("model"), parameters)
        case "evaluate":
            body = documents["evaluation"]
            outcome = {"verdict": body["verdict"], "auc": body["performance"]["auc"]}
            return outcome | ({"advice": body["advice"]["decision"]} if "advice" in body else {})
        case _:
            return {}


def _training(
    predictions: Table, model: Mapping[str, Any] | None, parameters: Mapping[str, Value]
) -> dict[str, Any]:
    walk_forward = (model or {}).get("walk_forward") or {}
    return {
        "parameters": dict(parameters),
        "model_id": predictions.header.get("model_id"),
        "metrics": walk_forward.get("performance"),
    }


def repairs(artifacts: Sequence[Artifact]) -> Sequence[Mapping[str, Any]]:
    """Return the first 1,000 repairs, for a log line each."""
    lists = [a.body["repairs"] for a in artifacts if isinstance(a, Document) and a.kind == "repairs"]
    return lists[0][:MOST_REPAIRS] if lists else []


def outcomes(artifacts: Sequence[Artifact]) -> dict[str, Any]:
    """Return what the meta says beside: ingest's of the source, by ticker; evaluate's the last session it holds."""
    raw = [a for a in artifacts if isinstance(a, Table) and a.kind == "prices_raw"]
    evaluations = [a.body for a in artifacts if isinstance(a, Document) and a.kind == "evaluation"]
    source = {"tickers": raw[0].header["source"]["tickers"]} if raw else {}
    return source | ({"session": evaluations[0]["data"]["to"]} if evaluations else {})


def meta_body(plan: StagePlan, inputs: Sequence[Input], started_at: datetime, run_id: str) -> dict[str, Any]:
    """Return what the meta of a checkpoint made now says beside its artifacts."""
    digests: dict[tuple[str, str], dict[str, str]] = {}
    for source in inputs:
        digests.setdefault((source.stage, source.key), {})[source.filename] = source.sha256
    return {
        "fingerprint": plan.fingerprint,
        "version": plan.stage.version,
        "parameters": dict(plan.parameters),
        "libraries": dict(plan.libraries),
        "program": {**program(), "stage_code": stage_code(plan.stage.name)},
        "inputs": [
            {"stage": stage, "key": key, "artifacts": by_name} for (stage, key), by_name in digests.items()
        ],
        "started_at": started_at.isoformat(),
        "ended_at": datetime.now(UTC).isoformat(),
        "host": socket.gethostname(),
        "run_id": run_id,
    }


def findings_of(error: ValidationFailed, plan: StagePlan) -> dict[str, Any]:
    """Return the document of a gate that stopped, with the lines of the source's files that findings speak of."""
    from core.sources.lines import with_lines  # reads tables: not for a run with nothing to do

    reading = settings_from(IngestSettings, plan.before("ingest").parameters)
    findings = with_lines(error.findings["findings"], reading)
    return {"format": 1, "kind": "findings", **error.findings, "findings": findings}


def readable(body: Mapping[str, Any]) -> bytes:
    """Return a document as JSON for a person to read."""
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
