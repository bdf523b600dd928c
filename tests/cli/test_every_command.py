"""Every command of ``afterclose``: typed once with ``--json`` and once on a terminal of 80 columns."""

from __future__ import annotations

import json
import re

import click
import pytest

from core.cli.main import group
from tests.cli.every_command import WIDTH, Day, every_command
from tests.shared import copy_root

pytestmark = pytest.mark.slow

MOVES = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
"""What moves the cursor and takes no room."""


@pytest.fixture(scope="module")
def a_day(prepared, prices_file, tmp_path_factory):
    """The day, typed into a copy of the finished data root."""

    def day(*, as_json: bool) -> Day:
        place = tmp_path_factory.mktemp("day")
        copy_root(prepared, place / "data")
        return Day(place / "data", prices_file, place / "work", as_json=as_json)

    return day


def documented(root) -> dict[str, tuple[str, list[str]]]:
    """By command the form and the fields that docs/json.md names; shared ones are put in."""
    page = (root / "docs" / "json.md").read_text(encoding="utf-8")
    shared = {
        name: fields_of(cell) for name, cell in re.findall(r"^\| \*(\w+)\* \| (.+) \|$", page, re.MULTILINE)
    }
    by_command = {}
    for name, form, cell in re.findall(r"^\| `(.+?)` \| (object|list|lines) \| (.+) \|$", page, re.MULTILINE):
        fields = [field for word in re.findall(r"\*(\w+)\*", cell) for field in shared[word]]
        by_command[name] = (form, fields + fields_of(cell))
    return by_command


def fields_of(cell: str) -> list[str]:
    """The names in backquotes outside of brackets."""
    return re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", cell))


FREE = {"query", "dag"}
"""Commands whose fields are the columns of an answer, or the names of stages."""


def test_the_day_has_every_command_and_each_takes_json(root):
    """None can be forgotten: what there is, what takes ``--json`` and what the page documents are one list."""
    names = every_command()
    with click.Context(group) as context:
        for name in names:
            command = group
            for word in name.split():
                command = command.get_command(context, word)
            assert any("--json" in option.opts for option in command.params), name
    assert {re.sub(r"^stage .+", "stage NAME", name) for name in names} == set(documented(root))


def test_every_command_prints_the_documented_fields_as_json(a_day, root):
    """Nothing but JSON on standard output, with the fields of docs/json.md and no others."""
    day, page, faults = a_day(as_json=True), documented(root), []
    assert {typed.name for typed, _ in day.outcomes} == set(every_command())
    for typed, outcome in day.outcomes:
        assert outcome.code == typed.code, f"{typed}: {outcome.err}"
        name = re.sub(r"^stage .+", "stage NAME", typed.name)
        form, fields = page[name]
        lines = outcome.out.splitlines() if form == "lines" else [outcome.out]
        (first, *_) = values = [json.loads(line) for line in lines]
        assert isinstance(first, list) == (form == "list"), name
        rows = [row for value in values for row in (value if form == "list" else [value])]
        assert rows, name
        for row in [] if name in FREE else rows:
            more = {"logs": set(row), "tokens": set(), "scheduler": {"watching", "pid"}}.get(name, set())
            if not set(row) <= set(fields) | more or not set(fields) - more <= set(row):
                faults.append((name, sorted(set(row) ^ set(fields))))
    assert faults == []


def test_no_command_prints_a_line_that_is_wider_than_the_terminal(a_day):
    """80 columns: tables narrowed, sentences broken; only a word that is longer stands whole on its line."""
    day = a_day(as_json=False)
    assert {typed.name for typed, _ in day.outcomes} == set(every_command())
    wide = []
    for typed, outcome in day.outcomes:
        assert outcome.code == typed.code, f"{typed}: {outcome.out}"
        assert "Traceback" not in outcome.out, typed.name
        lines = re.split(r"[\r\n]", MOVES.sub("", outcome.out))
        wide += [(typed.name, line) for line in lines if len(line) > WIDTH and " " in line.strip()]
    assert wide == []
