"""What a model sees otherwise than the champion, and what that adds: on the page Model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.features.feature_diff import change_in_words
from core.queries.models import model_tables
from core.queries.models.ablation import ablation
from core.queries.runs.run_labels import short_ids
from core.registry.feature_changes import change_by, missing_here
from core.request.settings import Settings
from core.review.decision_history import champion_of
from dashboard import acting, shell, wrapped
from dashboard.words import literal

_ABLATION_OF = "ablation_of"


def show(identity: str | None) -> None:
    """Draw how a model's features differ from the champion's, and on request what they add; nothing if they do not."""
    settings = shell.settings()
    pointer = champion_of(settings, shell.profile())
    champion = pointer.model_id if pointer else None
    if not identity or identity == champion:
        return
    changed = change_by(settings, champion, identity)
    if changed is None:
        return
    with st.container(border=True, key="feature_change"):
        whose = f"the champion `{short_ids(champion)}`" if champion else "this program's features"
        st.subheader("Features against the champion", anchor=False)
        st.markdown(f"`{short_ids(identity)}` beside {whose}: {literal(change_in_words(changed))}.")
        if warning := missing_here(settings, identity):
            st.warning(literal(short_ids(warning)), icon=":material/extension_off:")
        sources(changed)
        _ablation(settings, identity, champion)


def sources(changed: Mapping[str, Any]) -> None:
    """Draw the difference of each module."""
    for source in changed["sources"]:
        before, after = (short_ids(digest or "none") for digest in (source["before"], source["after"]))
        with st.expander(f"{literal(source['module'])}: {before} to {after}"):
            if source["diff"] is None:
                st.caption("An earlier version trained one of the two models and kept no text.")
            else:
                st.code(source["diff"], language="diff")


def _ablation(settings: Settings, identity: str, champion: str | None) -> None:
    st.caption(
        "What the new features add: the walk forward of the training once more without them, same folds and rows. "
        "It takes about as long as the training did, for each."
    )
    refused = acting.refusal("launch")  # it trains as a run does
    pressed = st.button(
        "Train without them",
        key="ablation",
        icon=":material/science:",
        disabled=refused is not None,
        help=refused,
    )
    if pressed:
        st.session_state[_ABLATION_OF] = identity
    if refused or st.session_state.get(_ABLATION_OF) != identity:
        return
    try:
        outcome = _outcome(identity, shell.profile(), champion, _settings=settings)
    except AftercloseError as error:
        st.warning(literal(str(error)))
        return
    for entry in outcome["ablations"]:
        st.markdown(
            f"**Without {', '.join(f'`{name}`' for name in entry['without'])}.** {literal(entry['says'])}"
        )
        if entry["compared"]:
            wrapped.table(
                model_tables.ablation(entry, settings.defaults), f"ablation_{'_'.join(entry['without'])}"
            )
            st.caption(
                f"{entry['rows']:,} rows of {entry['sessions']:,} sessions, {entry['from']} to {entry['to']}."
            )


@st.cache_data(max_entries=8, show_spinner="Training without the new features…")
def _outcome(
    identity: str,
    profile: str,
    champion: str | None,  # noqa: ARG001 - which features are new rests on it
    *,
    _settings: Settings,
) -> dict[str, Any]:
    return ablation(_settings, identity, profile=profile)
