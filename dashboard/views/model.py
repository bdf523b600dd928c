"""Model: the verdict, what speaks for and against the candidate, the decision, and the evidence behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import streamlit as st

from core.queries.models import model_tables
from core.queries.models.gates import PromotionGate, gates
from core.queries.models.to_decide import Choice
from core.queries.models.track_record import tally
from core.queries.runs.holdings import keys_of
from core.queries.runs.run_labels import run_name, short_ids
from core.registry.tries import Tries
from core.report.readings import has_verdict, retained
from core.review.decision_history import history
from core.store.checkpoints import Store
from core.tables import Body
from dashboard import (
    compact,
    data,
    deciding,
    decision_panel,
    evidence,
    feature_change,
    glance,
    model_evidence,
    report_tables,
    shell,
    wrapped,
)
from dashboard.subject import chosen
from dashboard.words import literal

if TYPE_CHECKING:
    import pandas as pd

LONG_PX = 480
_RESULTS = {True: "passed", False: "not passed", None: "not known"}
_PARTS = ("Measures", "Curves", "Slices", "Trading", "Inputs", "Drift", "Decisions")
_MOVED = "Signals"
"""A part that is a page of its own; addresses of before still name it."""


def show() -> None:
    """Draw the page, or say what is missing."""
    if run_id := deciding.started():
        shell.notice("Retraining was recorded and has started.")
        shell.go("run", run=run_id)
    run = chosen()
    if run is None:
        st.info("There is no finished run yet. Open **Runs** and press **Run**; the judgement appears here.")
        shell.page_link("runs", "Open Runs")
        return
    if st.query_params.get("part") == _MOVED:
        shell.go("predictions", run=run.run_id)
    store = shell.store()
    keys = keys_of(store, run)
    artifact = data.artifact_of(store, keys, "evaluation")
    if artifact is None:
        st.info(
            f"Run {literal(run_name(run.run_id))} has not come as far as the evaluation. The page **Run** shows where "
            "it is and why."
        )
        shell.page_link("run", "Open this run", run=run.run_id)
        return
    body = data.document(store, artifact)
    settings, tries = shell.settings(), model_evidence.tries(shell.settings(), keys["evaluate"])
    passing, choice = gates(body, tries), model_evidence.choice(settings, shell.profile(), body)
    standing, decision = st.columns([5, 3], gap="medium")
    with standing:
        _verdict(body)
        with st.container(key="gates"):  # on a phone they come below the decision
            _gates(body, passing, tries, choice)
    with decision:
        decision_panel.draw(run, body, passing, choice)
    _contest(body)
    _evidence(body, store, keys)


def _verdict(body: Body) -> None:
    compact.draw(compact.badge(body["verdict"], rem=1.1))
    if has_verdict(body):
        st.text(glance.sentence(body))
    else:
        st.warning(literal(body["verdict_sentence"]), icon=":material/history:")
    alarm = body["leak_alarm"]
    if alarm["raised"]:
        st.error(f"Leak alarm: {literal(alarm['reason'])}")
    if sentence := retained(body):
        st.warning(literal(short_ids(sentence)))
    glance.draw(body)


def _gates(body: Body, passing: list[PromotionGate], tries: Tries | None, choice: Choice) -> None:
    st.subheader("Gates", anchor=False)
    results = [wrapped.Drawn(compact.badge(_RESULTS[gate.passed])) for gate in passing]
    columns = {str(name): list(cells) for name, cells in model_tables.gates(passing).items()}
    wrapped.table({"Result": results, **columns}, "gates_table")
    if tries:
        with st.expander("What chance reaches in so many tries", key="tries"):
            st.caption(literal(tries.sentence))
    if body.get("advice"):
        with st.expander("Reasons for the advice when this run was judged", key="reasons"):
            decision_panel.advised_then(choice, body)
            st.html(report_tables.advice_table(body))
            st.caption(
                "As of this run. Evidence, not an order: prices and predictions are all that it knows."
            )


def _contest(body: Body) -> None:
    """Draw candidate and champion on the same rows; nothing where there was no champion."""
    champion = body.get("champion")
    if not champion:
        return
    st.subheader("Candidate beside champion", anchor=False)
    st.caption(model_tables.contest_basis(champion))
    both = model_tables.contest(body)
    if not both.empty:
        wrapped.table(both, "contest_table")


def _evidence(body: Body, store: Store, keys: Mapping[str, str]) -> None:
    with st.container(
        horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", key="evidence-line"
    ):
        part = st.segmented_control(
            "Evidence", _PARTS, default="Measures", required=True, key="part", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        evidence.download(body, keys["evaluate"])
    match part:
        case "Measures":
            evidence.measures(body)
        case "Curves":
            artifacts = {kind: data.artifact_of(store, keys, kind) for kind in ("predictions", "features")}
            evidence.curves(body, store, **artifacts)
        case "Slices":
            evidence.slices(body)
        case "Trading":
            kinds = ("predictions", "features", "prices_clean")
            evidence.trading(body, store, {kind: data.artifact_of(store, keys, kind) for kind in kinds})
        case "Inputs":
            feature_change.show(body["model"]["model_id"])
            evidence.inputs(body)
        case "Drift":
            evidence.drift(body)
        case _:
            _decisions()


def _decisions() -> None:
    settings, profile = shell.settings(), shell.profile()
    decisions = history(settings, profile)
    if decisions.trouble:
        st.warning(literal(decisions.trouble))
    st.markdown("**Models**")
    mark = model_tables.newest_record(map(asdict, decisions.decisions))
    models = model_tables.models(model_evidence.models(settings, profile, mark))
    wrapped.table(_with_short_ids(models, "Model"), "models_table", most_px=LONG_PX)
    st.markdown("**Decisions**")
    if not decisions.decisions:
        st.caption("Nobody has decided anything in this profile yet.")
        return
    table = model_tables.decisions(map(asdict, decisions.decisions))
    wrapped.table(_with_short_ids(table, "Model", "Instead of"), "decisions_table", most_px=LONG_PX)
    st.markdown("**What came of the advice**")
    entries = model_evidence.track_record(
        settings, profile, model_tables.newest_record(map(asdict, decisions.decisions))
    )
    st.caption(model_tables.tally_words(tally(entries)))
    wrapped.table(model_tables.track_record(entries), "track_table", most_px=LONG_PX)


def _with_short_ids(frame: pd.DataFrame, *columns: str) -> dict[str, list[object]]:
    """Return a table for the page with the ids of models by their beginnings."""
    table: dict[str, list[object]] = {str(name): list(cells) for name, cells in frame.items()}
    return table | {
        name: [wrapped.Drawn(compact.short_id(str(cell))) for cell in table[name]]
        for name in columns
        if name in table
    }


with shell.guarded():
    show()
