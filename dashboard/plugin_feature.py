"""A user-defined feature on the desk: where it comes from, its source, and how it was audited."""

from __future__ import annotations

import streamlit as st

from core.features.definitions import MODULES, own_of
from core.report.about_features import origin_words
from core.store.checkpoints import Store
from dashboard import data
from dashboard.data import StoredArtifact
from dashboard.words import literal


def show(store: Store, features: StoredArtifact, name: str) -> None:
    """Draw where a user-defined feature comes from, with its source; nothing for a built-in one."""
    header = data.header_of(store, features)
    own = next((entry for entry in own_of(header) if entry["name"] == name), None)
    if own is None:
        return
    st.caption(literal(origin_words(own)))
    state = (
        "passed; no value of it moved when what comes later, or another ticker, was cut off or changed"
        if data.audit_words(store, features)
        else "not audited: this table was made outside a run"
    )
    st.caption(f"Leak audit: {state}.")
    texts = (header.get(MODULES) or {}).get(own["sha256"])
    if texts is None:
        return
    with st.expander(f"Source of {literal(own['module'])}", key="own_source"):
        for file, text in texts.items():
            st.caption(literal(file))
            st.code(text, language="python", line_numbers=True)
