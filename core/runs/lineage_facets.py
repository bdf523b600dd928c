"""What OpenLineage says of a dataset beside its name: version, columns, sizes, and what the gate found.

Everything is read from committed checkpoints, verified as any reader does; one that is gone by now has no facets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import AftercloseError
from core.request.settings import Settings
from core.store.artifacts import artifact_at, document_at
from core.store.checkpoints import Slot, Store
from core.store.meta import Meta
from core.tables.artifacts import Table

_TYPES = {"date": "date", "ticker": "string", "fold": "integer", "up_next": "integer", "volume": "number"}
"""Types of columns by name; all others are numbers but for flags, which say so themselves."""


def of_output(settings: Settings, stage: str, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return facets of a checkpoint as a dataset, and as an output: version and columns; rows, bytes and files."""
    from openlineage.client.facet_v2 import (
        dataset_version_dataset,
        output_statistics_output_dataset,
        schema_dataset,
    )

    store, slot = Store(settings.data), Slot(stage, key)
    try:
        meta = store.meta(slot)
        table = _table(store, slot, meta)
    except AftercloseError:
        return {}, {}  # verify says what is wrong with it
    if meta is None:
        return {}, {}
    about: dict[str, Any] = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=str(meta.body["fingerprint"])
        )
    }
    rows = None
    if table is not None:
        rows = table.rows
        fields = [
            schema_dataset.SchemaDatasetFacetFields(
                name=name, type=_TYPES.get(name, "number"), ordinal_position=place
            )
            for place, name in enumerate(table.columns, start=1)
        ]
        about["schema"] = schema_dataset.SchemaDatasetFacet(fields=fields)
    size = sum(int(artifact["bytes"]) for artifact in meta.body["artifacts"])
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=rows, size=size, fileCount=len(meta.body["artifacts"])
    )
    return about, {"outputStatistics": statistics}


def of_source(settings: Settings, keys: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return facets of what was read: its digest as version; rows, and an assertion for each rule with a finding.

    A rule is an assertion that failed where its findings are errors; a warning is one that holds well enough.
    """
    from openlineage.client.facet_v2 import (
        data_quality_assertions_dataset,
        data_quality_metrics_input_dataset,
        dataset_version_dataset,
    )

    body = _findings(settings, keys)
    if body is None:
        return {}, {}
    source, by_rule = body["source"], {finding["rule"]: finding for finding in body["findings"]}
    version = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=str(source["sha256"]))
    }
    assertions = [
        data_quality_assertions_dataset.Assertion(
            assertion=rule, success=finding["severity"] != "error", column=finding.get("column"),
            severity="error" if finding["severity"] == "error" else "warn",
        )
        for rule, finding in sorted(by_rule.items())
    ]  # fmt: skip
    metrics = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        columnMetrics={}, rowCount=source.get("rows")
    )
    quality = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions=assertions)
    return version, {"dataQualityMetrics": metrics, "dataQualityAssertions": quality}


def _table(store: Store, slot: Slot, meta: Meta | None) -> Table | None:
    """Return the first table of a checkpoint, None where it has none."""
    name = (
        next((a["file"] for a in meta.body["artifacts"] if a.get("rows") is not None), None) if meta else None
    )
    if name is None:
        return None
    artifact = artifact_at(store, slot, name)
    return artifact if isinstance(artifact, Table) else None


def _findings(settings: Settings, keys: Mapping[str, str]) -> Mapping[str, Any] | None:
    store = Store(settings.data)
    try:
        return document_at(store, Slot("validate", keys["validate"]), "findings.json")
    except (AftercloseError, KeyError):
        return None
