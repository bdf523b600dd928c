"""The label and its words: one place, and nothing written of the default."""

import ast
import re

import pytest

from core.label import Label
from tests.commands import ROOT


def test_the_default_is_written_nowhere():
    """A header, a training and texts older than the choice of a label stay as they were."""
    label = Label()
    assert (label.field, label.training) == ({}, {"horizon_sessions": 1})
    assert Label.of({}) == Label.of(None) == Label.of({"label": "an older text"}) == label
    assert (label.overlap, label.meaning, label.portfolio) == ("", "", "")


@pytest.mark.parametrize("label", [Label(5), Label(1, "excess"), Label(63, "excess")])
def test_a_label_is_read_as_it_is_written(label):
    """From a header and from a model's record."""
    assert Label.of(label.field) == label
    assert Label.of_training(label.training) == label


def test_texts_speak_of_the_horizon():
    """As a reader sees them."""
    assert Label(5).over == "the next 5 sessions"
    assert (
        Label(5).text
        == "1 if the ticker's adjusted close is higher 5 sessions later, else 0; null on its last 5 rows"
    )
    assert Label(5, "excess").name == "excess over the next 5 sessions"
    assert Label(1, "excess").outcome == "the next session's return is above the mean of all tickers"
    assert "Each session's calls move 1/5 of the money" in Label(5).portfolio


@pytest.mark.parametrize("label", [Label(), Label(5)])
def test_a_rise_is_called_a_rise_over_any_horizon(label):
    """Heads and axes of the direction."""
    assert (label.chance, label.expected, label.realised) == (
        "Probability of a rise",
        "Expected to rise",
        "Rose",
    )
    assert label.outcomes == {1.0: "rose", 0.0: "did not rise"}


def test_an_excess_is_called_what_it_is():
    """Nothing of it speaks of a rise but the sentence that says what a rise means."""
    label = Label(5, "excess")
    words = [
        label.chance,
        label.expected,
        label.realised,
        label.share,
        label.ones,
        label.zeros,
        *label.outcomes.values(),
    ]
    assert not [text for text in words if "rise" in text or "rose" in text]
    assert label.chance == "Probability of better than the mean"
    assert label.is_across


WORDS = re.compile(
    r"[Pp]robability of a rise|[Ee]xpected to rise|did not rise|next session's return|[Ss]hare that rose"
    r"|mean of all tickers'? "
)
"""What only the label may say: a page that writes it speaks of one session, or of the direction, under any label."""


def test_the_label_is_worded_in_one_place():
    """No other file of core, desk, package or tasks writes its words."""
    files = [
        path
        for room in ("core", "dashboard", "afterclose", "luigi_tasks")
        for path in (ROOT / room).rglob("*.py")
    ]
    assert len(files) > 400
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}
    writing = {name for name, text in texts.items() if WORDS.search(text) and WORDS.search(code_of(text))}
    assert writing - {"core/request/stages.py"} == {"core/label.py"}


def code_of(text):
    """A module's text without its docstrings and comments."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body[0].value.value = ""
    return ast.unparse(tree)
