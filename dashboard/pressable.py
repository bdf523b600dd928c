"""Tables of HTML whose presses reach the desk: the table is read out as one, its script only carries presses."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st


@cache
def table(script: str, place: str) -> Any:
    """Return the component of a table; each is registered once.

    Parameters
    ----------
    script : str
        Name of its file beside this one, which is the component's name.
    place : str
        Class of the element that the script fills.
    """
    return st.components.v2.component(
        f"afterclose_{script.partition('.')[0]}",
        html=f'<div class="{place}"></div>',
        js=Path(__file__).with_name(script).read_text(encoding="utf-8"),
        isolate_styles=False,
    )
