"""Errors: what came, what was expected, what to do; the contract's exit codes; whole between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from core import errors
from core.errors import AftercloseError, MissingFileError, ValidationFailed, listed, nearest

CONTRACT = {
    "CommandError": 2, "ParameterError": 4, "PluginError": 4, "SettingsError": 4, "NoChampionError": 4, "BusyError": 10,
    "MissingFileError": 20, "SignOffError": 20, "StageError": 30, "SourceError": 30, "DataError": 30,
    "ValidationFailed": 30, "ModelError": 30, "CheckpointError": 30, "OtherRequestError": 30, "AftercloseError": 40,
}  # fmt: skip
"""Class -> exit code, as the contract's list has it."""

FINDINGS = {
    "findings": [{"severity": "error", "rule": "r"}, {"severity": "warning", "rule": "w"}],
    "source": {},
}


def classes():
    """Every error class of the module."""
    return {n: c for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, AftercloseError)}


def test_every_class_has_the_contracts_exit_code():
    """A class that is added must be entered here with its code."""
    assert {name: kind.exit_code for name, kind in classes().items()} == CONTRACT


@pytest.mark.parametrize("name", CONTRACT)
def test_an_error_survives_pickling_whole(name):
    """Between worker processes: the same class, message, fields and code."""
    kind = classes()[name]
    error = kind(FINDINGS) if kind is ValidationFailed else kind("came", expected="this", remedy="Do that.")
    for back in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(back) is kind
        assert str(back) == str(error)
        assert vars(back) == vars(error)
        assert back.args == error.args


def test_a_message_reads_as_one_sentence():
    """Parts that are missing leave no trace."""
    assert str(AftercloseError("x is 3", expected="4", remedy="Add one.")) == "x is 3; expected 4. Add one."
    assert str(AftercloseError("x is 3", expected="4")) == "x is 3; expected 4"
    assert str(AftercloseError("x is 3")) == "x is 3"


def test_a_failed_gate_carries_its_findings_and_counts_errors_only():
    """Rules of errors in the message; warnings are in the document."""
    error = ValidationFailed(FINDINGS)
    assert error.findings is FINDINGS
    assert "1 error by rule r" in str(error)


def test_a_missing_file_names_path_and_purpose():
    """And what to do."""
    message = str(MissingFileError.of("/a/b.csv", "price file"))
    assert message.startswith("there is no price file at /a/b.csv")
    assert message.endswith("run again.")


def test_the_nearest_name_is_offered_only_if_it_is_near():
    """No guess is better than a wild one."""
    assert nearest("tickrs", ["tickers", "start"]) == " Did you mean tickers?"
    assert nearest("zzz", ["tickers", "start"]) == ""
    assert nearest("x", []) == ""


def test_long_lists_are_cut():
    """With how many more there are."""
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(10)], most=3) == "0, 1, 2 and 7 more"
