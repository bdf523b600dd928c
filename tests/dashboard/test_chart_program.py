"""The charts' part of the program is sent with the desk's kinds of chart, each piece whole or empty."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import streamlit

from dashboard.chart_program import TRACES, trimmed
from dashboard.program_parts import amended

PROGRAM = Path(streamlit.__file__).parent / "static/static/js"
PIECE = re.compile(r'[_g]\(\{"((?:src|lib|node_modules|build)/[^"]+)"\(')


@pytest.fixture(scope="module")
def both():
    """The charts' part as Streamlit has it, and as it is sent."""
    (path,) = PROGRAM.glob("PlotlyChart.*.js")
    body = path.read_bytes()
    return body.decode(), amended(f"/static/js/{path.name}", body).decode()


def test_less_than_half_is_sent_with_every_piece_in_its_place(both):
    """What is not needed is there and empty, so that no name is missing; what Streamlit adds stands as it was."""
    before, sent = both
    assert len(sent) < 0.4 * len(before)
    assert PIECE.findall(sent) == PIECE.findall(before)
    end = before.index("return window.Plotly=e,e})")
    assert sent.endswith(before[end:])


@pytest.mark.parametrize(
    "path", ["src/traces/pie/plot.js", "src/traces/scattergl/plot.js", "src/traces/violin/plot.js"]
)
def test_a_kind_that_the_desk_does_not_draw_is_empty(both, path):
    """Its piece is there without its text."""
    before, sent = both
    assert f'"{path}"(){{}}' in sent
    assert f'"{path}"(){{}}' not in before


@pytest.mark.parametrize("kind", [*TRACES, "scatter"])
def test_a_kind_that_the_desk_draws_is_whole(both, kind):
    """Its pieces are those of Streamlit's file, letter for letter."""
    before, sent = both
    for name in (
        ("candlestick/calc", "box/plot") if kind == "candlestick" else (f"{kind}/plot", f"{kind}/calc")
    ):
        place = before.index(f'"src/traces/{name}.js"')
        assert before[place : place + 400] in sent


def test_every_kind_that_a_chart_asks_for_is_sent():
    """Whoever draws a kind that is not in the list would see an empty chart."""
    asked = set()
    for path in (Path(__file__).parents[2] / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("add_"):
                asked.add(node.attr.removeprefix("add_"))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "go":
                asked.add(node.attr.lower())
    kinds = {
        path.name
        for path in (Path(streamlit.__file__).parents[1] / "plotly/graph_objs").iterdir()
        if path.is_dir()
    }
    assert kinds & asked == {*TRACES, "scatter"}


def test_another_plotly_goes_out_as_it_is():
    """Where the pieces or the list of kinds are not to be found, nothing is cut."""
    for program in ("x=1", 'a=_({"lib/bar.js"(e,t){}}),b=1', both_without_list()):
        assert trimmed(program) == program


def both_without_list():
    """A file of pieces whose list of kinds is written otherwise."""
    return 'a=_({"lib/bar.js"(e,t){}});return _({"lib/index.js"(e,t){var n=q();n.registerAll([a()]),t.exports=n}})'
