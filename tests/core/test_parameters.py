"""Parameters: text in, value out, and back again without loss."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ParameterError
from core.parameters import Parameter
from core.request.stages import STAGES, parameters_of

ALL = list(parameters_of(STAGES).values())


def one(kind, **more):
    """A parameter of a kind."""
    return Parameter("some_name", kind, "", "train", "What it is for.", **more)


def bounded(parameter):
    """A strategy for valid values of a parameter."""
    match parameter.kind:
        case "choice":
            return st.sampled_from(parameter.choices)
        case "names":
            return st.lists(st.sampled_from(parameter.choices), min_size=1).map(",".join)
        case "date":
            return st.dates().map(str)
        case "integer":
            return st.integers(int(parameter.low or 0), int(parameter.high or 10**9))
        case "flag":
            return st.booleans()
        case "json":
            numbers = (
                st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53) | st.text()
            )
            objects = st.dictionaries(st.text(), st.lists(numbers) | numbers, min_size=1)
            return objects.map(lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")))
        case "number":
            return st.floats(parameter.low, parameter.high, allow_nan=False)
        case _:
            return st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1)


@pytest.mark.parametrize("parameter", ALL, ids=lambda p: p.name)
def test_every_parameter_of_the_table_reads_back_its_own_text(parameter):
    """``parse(text(v)) == v`` for every valid value, and None is the empty text."""

    @given(bounded(parameter))
    def exact(value):
        back = parameter.parse(parameter.text(value))
        assert back == value
        assert type(back) is type(value)

    exact()
    assert parameter.parse(parameter.text(None)) is None


@pytest.mark.parametrize("parameter", ALL, ids=lambda p: p.name)
def test_every_default_is_valid(parameter):
    """A default goes through the same judgement as what a user gives."""
    value = parameter.parse(parameter.default)
    assert parameter.parse(parameter.text(value)) == value


@given(st.booleans())
def test_a_flag_reads_back(value):
    """true and false."""
    assert one("flag").parse(one("flag").text(value)) is value


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("ON", True), ("1", True), ("no", False), ("Off", False), ("0", False)]
)
def test_a_flag_may_be_written_in_several_ways(text, value):
    """As people write them."""
    assert one("flag").parse(text) is value


WRONG = [
    (one("choice", choices=("sample", "files")), "smaple", "Did you mean sample?"),
    (one("names", choices=("a", "b")), "a,c", "one of a, b"),
    (one("date"), "2024-1-1", "YYYY-MM-DD"),
    (one("date"), "2023-02-29", "YYYY-MM-DD"),
    (one("date"), "20240101", "YYYY-MM-DD"),
    (one("date"), "2024-01-01T00:00", "YYYY-MM-DD"),
    (one("integer", low=1, high=9), "0", "a whole number from 1 to 9"),
    (one("integer", low=1, high=9), "10", "a whole number from 1 to 9"),
    (one("integer"), "1.0", "a whole number"),
    (one("integer"), "seven", "a whole number"),
    (one("number", low=0), "-1e-9", "a number from 0"),
    (one("number"), "nan", "a number"),
    (one("number"), "inf", "a number"),
    (one("number"), "-inf", "a number"),
    (one("number"), "1,5", "a number"),
    (one("flag"), "perhaps", "true or false"),
]


@pytest.mark.parametrize(("parameter", "text", "expected"), WRONG, ids=lambda v: str(v)[:20])
def test_a_wrong_value_is_answered_with_what_came_and_what_was_expected(parameter, text, expected):
    """The option by its name, the text as it came, what is right, what it is for."""
    with pytest.raises(ParameterError) as raised:
        parameter.parse(text)
    message = str(raised.value)
    wrong = text.split(",")[-1] if parameter.kind == "names" else text
    assert message.startswith(f"--some-name is {wrong!r}")
    assert expected in message
    assert "What it is for." in message
    assert raised.value.exit_code == 4


def test_blanks_round_a_value_mean_nothing():
    """`` 7 `` is 7, and blanks alone are no value."""
    assert one("integer").parse(" 7 ") == 7
    assert one("integer").parse("  ") is None


def test_every_parameter_says_what_it_is_for():
    """A sentence for people, and a section or the plan that fills it."""
    for parameter in ALL:
        assert parameter.help.endswith("."), parameter.name
        assert bool(parameter.section) != parameter.resolved, parameter.name


def test_spellings_of_one_json_object_are_one_value():
    """Order and blanks do not matter; an empty object is nothing, and what is no object is refused."""
    parameter = next(p for p in ALL if p.name == "model_parameters")
    assert (
        parameter.parse('{"b": 1,  "a": [2.0]}')
        == parameter.parse('{"a":[2.0],"b":1}')
        == '{"a":[2.0],"b":1}'
    )
    assert parameter.parse("{}") is None
    for text in ("[1]", "{", '{"a": NaN}', "7"):
        with pytest.raises(ParameterError, match="--model-parameters"):
            parameter.parse(text)


def test_a_dotted_name_may_stand_beside_the_values_of_an_open_choice():
    """Of the model, and of those beside it; of no other choice."""
    model, beside, mode = (next(p for p in ALL if p.name == name) for name in ("model", "beside", "mode"))
    assert model.parse("sklearn.naive_bayes.GaussianNB") == "sklearn.naive_bayes.GaussianNB"
    assert beside.parse("logistic_regression, a.B") == "logistic_regression,a.B"
    for parameter, text in ((model, "logistic"), (mode, "a.B")):
        with pytest.raises(ParameterError, match="expected one of"):
            parameter.parse(text)


@pytest.mark.parametrize(
    "text", ['{"C": 1e400}', '{"C": [-1e999]}', "[" * 100_000, "NaN", "a\0b", "a\ud800b"]
)
def test_what_json_cannot_hold_is_refused(text):
    """A number beyond all numbers, nesting beyond measure, a character of value 0, half of one."""
    with pytest.raises(ParameterError):
        Parameter("model_parameters", "json", "", "train", "x").parse(text)
    if not text.startswith("{"):
        with pytest.raises(ParameterError):
            Parameter("seed", "integer", "", "train", "x").parse(text)
