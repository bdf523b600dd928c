"""What the tests of pages share: a page of the desk over a fresh data root, and rows in its journal."""

from __future__ import annotations

import pytest

from core.journal import Journal
from core.runs.processes import ProcessId, boot_id


@pytest.fixture
def desk_page(desk_settings, monkeypatch, root):
    """Run the desk's navigation on one page, with what its address says: ``desk_page("views/run.py", run=...)``."""
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    monkeypatch.chdir(root)
    st.cache_resource.clear()
    st.cache_data.clear()

    def show(page: str, /, **address: str | None) -> AppTest:
        at = AppTest.from_file(str(root / "dashboard" / "app.py"), default_timeout=60)
        for name, value in address.items():
            if value is not None:
                at.query_params[name] = value
        return at.switch_page(page).run()

    return show


@pytest.fixture
def fake_run(desk_settings):
    """Write a run into the journal as runs do: ``fake_run("id", "failed", keys=..., error=...)``."""

    def write(
        run_id, state, *, keys=None, who="a tester", how="desk", request=None, error=None, gone=False
    ) -> None:
        journal = Journal(desk_settings.data)
        journal.add_run(run_id, who=who, how=how, request=request or {}, target="report", state="queued")
        if gone:
            journal.lead(run_id, ProcessId(2**22 + 1, 1, boot_id()))
        journal.start(run_id, keys or {})
        if state is not None:
            journal.end(run_id, state, 0 if state == "succeeded" else 30, error)

    return write
