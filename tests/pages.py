"""The desk's pages without a browser, as Streamlit's own test runner runs them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tests.commands import ROOT

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest


def desk_app(*, timeout_s: float = 60) -> AppTest:
    """The desk as a new visitor opens it, not yet run.

    Streamlit looks for components in the metadata of every installed package when an app of its test runner first runs:
    half of what the tests of pages cost. The packages stay as they are meanwhile, so one look serves a process.
    """
    from streamlit.components.v2 import manifest_scanner
    from streamlit.testing.v1 import AppTest

    if not hasattr(manifest_scanner.scan_component_manifests, "cache_info"):
        manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
    return AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=timeout_s)
