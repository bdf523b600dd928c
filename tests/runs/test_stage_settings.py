"""A stage's settings class and its parameters in the table say the same; its function can be called from the table."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from types import NoneType

import pytest

from core.label import LabelDefinition
from core.request.stages import BY_NAME, NAMES, STAGES, parameters_of
from core.runs import compute
from core.runs.compute import Job

TYPES = {
    "text": str, "choice": str, "date": str, "tickers": str, "integer": int, "number": float, "flag": bool, "json": str,
}  # fmt: skip
LISTS = (tuple, frozenset)


def function_of(stage):
    """The function that the table names."""
    module, _, name = stage.function.partition(":")
    return getattr(import_module(module), name)


def settings_of(function) -> list[type]:
    """The settings class of a stage's function, or the classes that it is made of."""
    if "settings" not in signature(function).parameters:
        return []
    return parts_of(function.__globals__[function.__annotations__["settings"]])


def parts_of(cls) -> list[type]:
    """A settings class and those that its fields are."""
    hints = typing.get_type_hints(cls).values()
    inner = [
        kind
        for hint in hints
        for kind in (hint, *typing.get_args(hint))
        if dataclasses.is_dataclass(kind) and kind is not LabelDefinition  # which comes from a plug-in module
    ]
    return [cls, *(part for each in inner for part in parts_of(each))]


def misfits(cls, stage) -> list[str]:
    """What is wrong with a settings class of a stage: a field that is no parameter, or one of another type."""
    parameters, hints = parameters_of([stage]), typing.get_type_hints(cls)
    wrong = []
    for field in dataclasses.fields(cls):
        if any(map(dataclasses.is_dataclass, (hints[field.name], *typing.get_args(hints[field.name])))):
            continue
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
    """By the job itself, what it has, the settings, or a kind of artifact that the stage reads, or its digest."""
    of_a_job = {
        "job",
        "settings",
        "workplace",
        "plugins",
        "own_rules",
        "own_sections",
        "digests",
        *(field.name for field in dataclasses.fields(Job)),
    }
    for name, argument in signature(function_of(stage)).parameters.items():
        read = name.removesuffix("_sha256") in stage.reads
        assert name in of_a_job or read or argument.default is not argument.empty, name


def test_a_function_that_asks_for_what_nobody_has_is_an_error(monkeypatch):
    """Rather than called without."""
    monkeypatch.setattr(compute, "render_of_nothing", lambda weather: [weather], raising=False)
    unknown = dataclasses.replace(BY_NAME["report"], function="core.runs.compute:render_of_nothing")
    monkeypatch.setitem(BY_NAME, "report", unknown)
    with pytest.raises(LookupError, match="weather"):
        compute.compute("report", Job({}, {}, (), None))
