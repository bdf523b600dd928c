"""Every question of the desk can be left without an answer, by a button beside the one that acts."""

from __future__ import annotations

import ast
from pathlib import Path

from core.journal.schedules import Schedules
from tests.commands import ROOT
from tests.dashboard.test_schedules_view import set_daily

WAYS_OUT = {"leave", "confirm"}
"""``asking.leave``, and ``acting.confirm``, which draws it."""

THROUGH = {"change": "schedule_form.py"}
"""A question whose form is drawn by a function of another module."""

DECIDES_NOTHING = {"_dialog"}
"""The search: it is left by Escape or its own cross."""


def is_dialog(node: ast.FunctionDef) -> bool:
    """Whether a function is drawn as a dialog."""
    return any("parts.question" in ast.unparse(each) for each in node.decorator_list)


def calls(node: ast.AST) -> set[str]:
    """The last names of what a piece of the program calls."""
    functions = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {each.attr for each in functions if isinstance(each, ast.Attribute)}


def functions(path: Path) -> list[ast.FunctionDef]:
    """The functions of a module, inner ones too."""
    return [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.FunctionDef)]


def has_way_out(node: ast.FunctionDef) -> bool:
    """Whether a question is left by a button, its own or that of the form it draws."""
    through = [
        form
        for name in calls(node) & THROUGH.keys()
        for form in functions(ROOT / "dashboard" / THROUGH[name])
        if form.name == name
    ]
    return any(calls(each) & WAYS_OUT for each in (node, *through))


def test_every_question_has_a_button_that_leaves_it():
    """Nine questions; the search decides nothing."""
    dialogs = [
        node
        for path in sorted((ROOT / "dashboard").rglob("*.py"))
        for node in functions(path)
        if is_dialog(node) and node.name not in DECIDES_NOTHING
    ]
    assert len(dialogs) == 9
    assert [node.name for node in dialogs if not has_way_out(node)] == []


def test_a_question_without_a_way_out_is_noticed():
    """The gate itself: a dialog that only acts."""
    (node,) = ast.parse('@parts.question("Go?")\ndef ask():\n    if st.button("Go"):\n        act()\n').body
    assert is_dialog(node)
    assert not has_way_out(node)


def test_the_form_of_a_change_is_left_without_one(desk_page, desk_settings):
    """It is gone, also when the page is drawn again, and the schedule is as it was."""
    set_daily(desk_page("views/schedules.py"))
    at = desk_page("views/schedules.py")
    before = Schedules(desk_settings.data).schedule("daily").body
    at.button(key="change-daily").click().run()
    at.number_input(key="change-daily-minutes").set_value(60).run()
    at.button(key="leave-change-daily-yes").click().run()
    assert "change-daily-yes" not in {button.key for button in at.button}
    assert "change-daily-yes" not in {button.key for button in at.run().button}
    assert Schedules(desk_settings.data).schedule("daily").body == before
