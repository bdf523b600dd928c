"""What a run made, stage by stage: from a checkpoint to its meta, its inputs, and on to the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import columns as col
from core.journal import Run
from core.queries.runs.holdings import Holding, holding, keys_of
from core.queries.runs.run_labels import run_name, short_ids
from core.report.formatting import NA, bytes_text, count, minute
from core.request.stages import stage_named
from core.store.checkpoints import Input, Slot, Store
from core.store.lineage import REGISTRY
from dashboard import compact, data, parts, shell, states, wrapped
from dashboard.data import StoredArtifact
from dashboard.words import literal

OF, FILE, TICKER = "of", "file", "ticker"
"""In the address: the stage that is looked at, its artifact, and whose rows."""

MOST_ROWS = 1000


def show(run: Run) -> None:
    """Draw the choice of a stage, and what it holds."""
    store = shell.store()
    keys = keys_of(store, run)
    if not keys:
        st.caption("Nothing is planned yet, so nothing is made.")
        return
    stages = list(keys)
    chosen = st.segmented_control(
        "Stage", stages, default=stages[-1], required=True, key=OF, bind="query-params",
    )  # fmt: skip
    stage = str(chosen or stages[-1])
    content = holding(store, Slot(stage, keys[stage]))
    _facts(content)
    if content.damage:
        shell.alarm(content.damage)
    if content.meta is not None:
        _inputs(content, stages)
        _artifacts(store, content)
        with st.expander("Parameters, versions, everything in meta.json", key="meta"):
            st.json(dict(content.meta.body), expanded=1)


def _facts(content: Holding) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="held"):
        states.badge(content.state)
        name = compact.short_id(f"{content.slot.stage}/{content.slot.key}")
        compact.draw(f'<span class="quiet sealed">{name}</span>', width="content")
        if content.meta is not None:
            body = content.meta.body
            st.caption(f"made {minute(body['ended_at'])} on {literal(body['host'])} by", width="content")
            shell.page_link("run", f":blue[{literal(run_name(body['run_id']))}]", run=body["run_id"])


def _inputs(content: Holding, stages: list[str]) -> None:
    st.markdown("**Made from**")
    if not content.inputs():
        st.caption("The source itself; its digest is among the parameters.")
    with st.container(horizontal=True, key="inputs"):
        for number, source in enumerate(content.inputs()):
            st.button(
                f"{source.stage}/{source.filename}  {short_ids(source.sha256)}", key=f"input-{number}",
                icon=":material/arrow_back:", disabled=source.stage == REGISTRY or source.stage not in stages,
                on_click=_look_at, args=(source,), help=f"Look at this input, SHA-256 {source.sha256}",
            )  # fmt: skip


def _look_at(source: Input) -> None:
    st.session_state[OF] = source.stage
    st.session_state[FILE] = source.filename


def _artifacts(store: Store, content: Holding) -> None:
    artifacts = content.artifacts()
    st.markdown("**Artifacts**")
    wrapped.table(
        {
            "File": [a["file"] for a in artifacts],
            "Rows": [count(a["rows"]) for a in artifacts],
            "Size": [bytes_text(a["bytes"]) for a in artifacts],
            "SHA-256": [wrapped.Drawn(compact.to_copy(a["sha256"])) for a in artifacts],
        },
        "artifacts-table",
        numbers=("Rows", "Size"),
    )
    names = [a["file"] for a in artifacts]
    if st.session_state.get(FILE) not in names:
        st.session_state.pop(FILE, None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = str(st.selectbox("Artifact", names, key=FILE, bind="query-params", width=260))
        st.download_button(
            "Download", data=parts.to_download(lambda: store.read(content.slot, name)), file_name=name,
            on_click="ignore", key="artifact-download", icon=":material/download:", disabled=bool(content.damage),
        )  # fmt: skip
    if not content.damage:
        _preview(store, content, next(a for a in artifacts if a["file"] == name))


def _preview(store: Store, content: Holding, entry: Mapping[str, Any]) -> None:
    """Draw the beginning of an artifact: rows of a table, a document as a tree, text as it is."""
    artifact = StoredArtifact(content.slot, entry["file"], entry["sha256"])
    shapes = {each.kind: each.shape for each in stage_named(content.slot.stage).writes}
    shape = shapes.get(entry["name"], "text")
    if shape == "table":
        _rows(store, artifact)
        return
    with st.container(height=420, border=False, key="preview"):
        if shape == "document":
            st.json(data.document(store, artifact), expanded=1)
        else:
            st.code(store.read(content.slot, artifact.filename).decode(), language=None, wrap_lines=True)


def _rows(store: Store, artifact: StoredArtifact) -> None:
    names = data.tickers(store, artifact)
    ticker = str(st.selectbox("Ticker", names, key=TICKER, bind="query-params", width=200))
    rows = data.rows_of(store, artifact, ticker, MOST_ROWS).iloc[::-1]
    dates = {col.DATE: st.column_config.DateColumn("date", format="YYYY-MM-DD")}
    st.dataframe(rows, hide_index=True, height=420, key="preview", column_config=dates, placeholder=NA)
    st.caption(f"{len(rows):,} rows of {literal(ticker)}, newest first. The file has all.")
