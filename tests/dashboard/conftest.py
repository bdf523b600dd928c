"""What the tests of pages share: a page of the desk over a fresh data root, and rows in its journal."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from core.journal import Journal
from core.platform.processes import ProcessId, boot_id
from core.queries.look import look_at
from core.request.settings import load
from core.review import ledger
from tests.pages import desk_app

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest


@pytest.fixture(autouse=True)
def main_module(monkeypatch):
    """A page under test takes the place of the main module; processes that later tests spawn must not find it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def desk_page(desk_settings, monkeypatch, root):
    """Run the desk's navigation on one page, with what its address says: ``desk_page("views/run.py", run=...)``."""
    import streamlit as st

    monkeypatch.chdir(root)
    st.cache_resource.clear()
    st.cache_data.clear()

    def show(page: str, /, **address: str | None) -> AppTest:
        at = desk_app()
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
        facts = {"who": who, "how": how, "request": request or {}, "target": "report", "state": "queued"}
        ledger.add_run(desk_settings, journal, run_id, **facts)
        if gone:
            journal.lead(run_id, ProcessId(2**22 + 1, 1, boot_id()))
        journal.start(run_id, keys or {})
        if state is not None:
            journal.end(run_id, state, 0 if state == "succeeded" else 30, error)

    return write


@pytest.fixture
def start_page(desk_page, monkeypatch, sample_look):
    """The page of a new run, with what its address says; the sample is looked at once for all tests of a process."""
    from core.queries.look import look_apart
    from dashboard import looking

    def look(settings, request, *, now):
        return sample_look if request == {"source": "sample"} else look_apart(settings, request, now=now)

    monkeypatch.setattr(looking, "look_apart", look)
    return lambda **address: desk_page("views/start.py", **address)


@pytest.fixture(scope="session")
def sample_look(tmp_path_factory):
    """The look at the embedded sample."""
    data = tmp_path_factory.mktemp("look") / "data"
    return look_at(
        load({"AFTERCLOSE_DATA": str(data)}), {"source": "sample"}, now=datetime(2026, 1, 5, tzinfo=UTC)
    )


@pytest.fixture
def open_view(root, monkeypatch):
    """Open a page of the desk on a data root, as a new visitor: ``open_view("data", data, run=...)``."""
    import streamlit as st

    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.chdir(root)

    def show(view: str, data, **query) -> AppTest:
        monkeypatch.setenv("AFTERCLOSE_DATA", str(data))
        at = desk_app()
        for name, value in query.items():
            at.query_params[name] = value
        return at.switch_page(f"views/{view}.py").run()

    return show


class Cells(HTMLParser):
    """The rows of each table in a piece of HTML, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.tables, self.inside = [], False

    @property
    def rows(self):
        return self.tables[-1]

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        self.inside = tag in ("td", "th", "wbr", "bdi")
        if tag == "tr" and self.tables:
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside and self.tables:
            self.rows[-1][-1] += data


def written(markup: str):
    """Each table in a piece of HTML as a frame of text; a heading within it is a row of one name."""
    import pandas as pd

    cells = Cells()
    cells.feed(markup)
    whole = [[row + [""] * (len(rows[0]) - len(row)) for row in rows] for rows in cells.tables if rows]
    return [pd.DataFrame(rows[1:], columns=rows[0]) for rows in whole]


def bodies(at) -> list[str]:
    """The pieces of HTML on a page, those of its components too."""
    return [e.proto.body for e in at.get("html")] + [
        json.loads(e.proto.json)["html"] for e in at.get("bidi_component")
    ]


class Reader:
    """What a person finds on a page."""

    @staticmethod
    def said(elements) -> str:
        """All messages of a kind as a reader sees them: without Markdown's escapes."""
        return " ".join(e.value for e in elements).replace("\\", "")

    @staticmethod
    def table(at, *columns):
        """The table that has these columns."""
        held = [d.value for d in at.dataframe] + [each for body in bodies(at) for each in written(body)]
        return next(frame for frame in held if set(columns) <= set(frame.columns))

    @staticmethod
    def whole(pieces):
        """The tables in several pieces of HTML as one."""
        import pandas as pd

        return pd.concat([each for piece in pieces for each in written(piece)], ignore_index=True)

    @staticmethod
    def figures(at) -> list[dict]:
        """The charts, as their JSON."""
        return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]

    @staticmethod
    def words(at) -> str:
        """What stands on the page as HTML of its own, without the markup."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)) for body in bodies(at))

    @staticmethod
    def window(at, label) -> str:
        """What stands in the window of text that a screen reader calls ``label``."""
        (body,) = [e.proto.body for e in at.get("html") if f'aria-label="{label}"' in e.proto.body]
        return unescape(re.sub(r"<[^>]*>", "", body)).strip()

    @staticmethod
    def badges(at) -> list[str]:
        """The words of the page's badges (not of its head) in HTML of its own, in order, then of the others."""
        page = [body for body in bodies(at) if "header-state" not in body]
        compact = [word for body in page for word in re.findall(r"</span>([^<]+)</span>", body)]
        return compact + [
            m for e in at.markdown for m in re.findall(r"-badge\[:material/\w+: ([^\]]+)\]", e.value)
        ]

    @staticmethod
    def facts(at) -> dict[str, str]:
        """The boxes with one figure each, and the figures of a line."""
        pairs = [
            pair for body in bodies(at) for pair in re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd>", body)
        ]
        return {metric.label: metric.value for metric in at.metric} | {
            name: unescape(re.sub(r"<[^>]*>", "", value)) for name, value in pairs
        }


@pytest.fixture(scope="session")
def reader() -> type[Reader]:
    """Functions that read a page: said, table, figures, words, badges, facts."""
    return Reader
