"""``afterclose dag``, ``promote`` and the help of every command."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from core.cli.main import group, main
from core.registry.champions import Champions
from core.registry.registry import Registry
from tests.champions import champion

DAG = {
    "ingest": [],
    "validate": ["ingest"],
    "clean": ["validate"],
    "feature_engineer": ["clean"],
    "train_or_score": ["feature_engineer"],
    "evaluate": ["train_or_score"],
    "report": ["evaluate"],
}
"""The mission's line, as the design has it."""


def test_dag_json_is_the_missions_mapping(run_afterclose, data):
    """Exactly the design's line, in its order, and nothing else on either stream."""
    outcome = run_afterclose("dag", "--json", data=data)
    assert outcome.code == 0
    assert list(json.loads(outcome.out).items()) == list(DAG.items())
    assert outcome.err == ""


def test_dag_is_mermaid_with_the_same_edges():
    """One edge a line, in running order."""
    text = CliRunner().invoke(group, ["dag"]).output
    first, *edges = text.splitlines()
    assert first == "flowchart LR"
    assert [tuple(edge.strip().split(" --> ")) for edge in edges] == [
        (up[0], name) for name, up in DAG.items() if up
    ]


COMMANDS = [[], ["dag"], ["promote"], ["stage"], *(["stage", name] for name in DAG)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words):
    """``--help`` exits 0, opens with the usage and says a sentence about the command."""
    outcome = CliRunner().invoke(group, [*words, "--help"])
    assert outcome.exit_code == 0
    assert outcome.output.startswith("Usage: ")
    assert any(line.strip().endswith(".") for line in outcome.output.splitlines()[1:4])


@pytest.fixture
def registry(prepared, tmp_path, monkeypatch):
    """A registry with two models in a data root that the command finds by the environment."""
    monkeypatch.setenv("AFTERCLOSE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    kept = Registry(tmp_path / "data")
    trained = (prepared / "latest" / "model.json").read_bytes()
    for data in (trained, trained + b"\n"):  # the same model under two content ids
        kept.add(data)
    return kept


def test_promote_makes_a_model_the_champion_and_says_instead_of_which(registry):
    """The beginning of an id is enough; the reason is kept."""
    first, second = registry.ids()
    runner = CliRunner()
    said = runner.invoke(group, ["promote", first[:8], "--why", "best so far"]).output
    assert said == f"champion is now {first}: best so far\n"
    said = runner.invoke(group, ["promote", second, "--why", "newer"]).output
    assert said == f"champion is now {second} instead of {first}: newer\n"
    present = champion(registry.folder.parent)
    assert (present.model_id, present.why) == (second, "newer")


def run_main(monkeypatch, words):
    """Call the entry point in this process and return its exit code."""
    monkeypatch.setattr("sys.argv", ["afterclose", *words])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code or 0


def test_promote_of_an_unknown_model_exits_4(registry, monkeypatch, capsys):
    """The champion stays; the models there are are named."""
    assert run_main(monkeypatch, ["promote", "ffffffffffff", "--why", "x"]) == 4
    assert registry.ids()[0] in capsys.readouterr().err
    assert champion(registry.folder.parent) is None


def test_an_unexpected_error_exits_40_and_its_traceback_is_in_a_log(registry, monkeypatch, capsys, tmp_path):
    """One line on the terminal; what the programmer needs is kept."""

    def broken(*args):
        raise KeyError("a defect")

    monkeypatch.setattr(Champions, "of", broken)
    assert run_main(monkeypatch, ["promote", registry.ids()[0], "--why", "x"]) == 40
    (line,) = capsys.readouterr().err.splitlines()
    assert "unexpected KeyError" in line
    (log,) = (tmp_path / "data" / "runs").glob("*/log.jsonl")
    assert str(log) in line
    assert "Traceback" in json.loads(log.read_text())["traceback"]


def test_an_interrupt_exits_130(registry, monkeypatch, capsys):
    """Ctrl-C is no error of the program."""

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Champions, "of", interrupted)
    assert run_main(monkeypatch, ["promote", registry.ids()[0], "--why", "x"]) == 130
    assert "interrupted" in capsys.readouterr().err
