"""A stage's settings class and its parameters in the table say the same; its function can be called from the table."""

from __future__ import annotations

import ast
import dataclasses
import typing
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import NoneType

import pytest

from core.parameters import settings_from
from core.request.stages import BY_NAME, NAMES, STAGES, parameters_of
from core.runs import compute
from core.runs.compute import Job

TYPES = {
    "text": str, "choice": str, "date": str, "tickers": str, "integer": int, "number": float, "flag": bool,
}  # fmt: skip
LISTS = (tuple, frozenset)


def function_of(stage):
    """The function that the table names."""
    module, _, name = stage.function.partition(":")
    return getattr(import_module(module), name)


def settings_of(function) -> list[type]:
    """The settings classes of a stage's function: its argument's, or those that it makes of a job's parameters."""
    asked = "settings" in signature(function).parameters
    classes = [function.__globals__[function.__annotations__["settings"]]] if asked else []
    tree = ast.parse(Path(function.__globals__["__file__"]).read_text(encoding="utf-8"))
    body = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function.__name__)
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for scope in (tree, body)
        for node in ast.walk(scope)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for call in ast.walk(body):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == settings_from.__name__:
            module, name = imported[call.args[0].id]
            classes.append(getattr(import_module(module), name))
    return classes


def misfits(cls, stage) -> list[str]:
    """What is wrong with a settings class of a stage: a field that is no parameter, or one of another type."""
    parameters, hints = parameters_of([stage]), typing.get_type_hints(cls)
    wrong = []
    for field in dataclasses.fields(cls):
        members = [m for m in typing.get_args(hints[field.name]) if m is not NoneType]
        kind = members[0] if NoneType in typing.get_args(hints[field.name]) else hints[field.name]
        kind = typing.get_origin(kind) or kind
        parameter = parameters.get(field.name)
        if parameter is None:
            wrong.append(f"{field.name} is no parameter of {stage.name}")
        elif not (kind in LISTS if parameter.kind == "names" else kind in (TYPES[parameter.kind], *LISTS)):
            wrong.append(f"{field.name} is {kind.__name__}, and its parameter is a {parameter.kind}")
    return wrong


@pytest.mark.parametrize("stage", STAGES, ids=NAMES)
def test_every_field_of_a_settings_class_is_a_parameter_of_its_stage(stage):
    """With the type that its text is read as, and frozen."""
    for cls in settings_of(function_of(stage)):
        assert misfits(cls, stage) == []
        assert cls.__dataclass_params__.frozen


def test_a_field_of_another_name_or_type_is_noticed():
    """The gate itself."""

    @dataclass(frozen=True)
    class Wrong:
        seed: str
        sede: int
        beside: tuple[str, ...]
        model_id: str | None

    assert misfits(Wrong, BY_NAME["train_or_score"]) == [
        "seed is str, and its parameter is a integer",
        "sede is no parameter of train_or_score",
    ]


@pytest.mark.parametrize("stage", STAGES, ids=NAMES)
def test_every_argument_of_a_stages_function_can_be_filled(stage):
    """By the job itself, its fields, the settings, or a kind of artifact that the stage reads."""
    of_a_job = {"job", "settings", *(field.name for field in dataclasses.fields(Job))}
    for name in signature(function_of(stage)).parameters:
        assert name in of_a_job or name in stage.reads, name


def test_a_function_that_asks_for_what_nobody_has_is_an_error(monkeypatch):
    """Rather than called without."""
    monkeypatch.setattr(compute, "render_of_nothing", lambda weather: [weather], raising=False)
    unknown = dataclasses.replace(BY_NAME["report"], function="core.runs.compute:render_of_nothing")
    monkeypatch.setitem(BY_NAME, "report", unknown)
    with pytest.raises(LookupError, match="weather"):
        compute.compute("report", Job({}, {}, (), None))
