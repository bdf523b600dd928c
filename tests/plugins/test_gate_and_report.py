"""User-defined rules and sections, and the command that lists and begins modules."""

import json
import subprocess
import sys

import pytest

from core.errors import DataError
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.runs.plugin_rules_and_sections import sections_of
from tests.commands import command, environment

OWN = """
from core.plugins import feature, rule, section

@feature(warm_up=0, text="the day's move")
def body(panel):
    return panel.close / panel.open - 1

@rule(severity="warning", expected="a range of at most a fifth of the close")
def wide_range(panel):
    return (panel.high - panel.low) / panel.close > 0.2

@section("What our desk adds")
def desk(evaluation):
    return [f"The verdict was {evaluation['verdict']}.", "Looked at."]
"""


def run(folder, *words):
    """A run of one ticker and three years."""
    head = ("luigi", "--module", "luigi_tasks", "Report", "--local-scheduler", "--plugins", "mine.py")
    small = ("--tickers", "AAPL,IBM", "--start", "2009-01-02", "--end", "2011-12-30")
    return command(*head, *small, *words, cwd=folder, data=folder / "data")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which a run with a feature, a rule and a section was made."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "mine.py").write_text(OWN)
    done = run(folder)
    assert done.code == 0, done.err
    return folder


def test_a_rule_is_a_finding_with_its_place(made):
    """The flash crash of 2010-05-06, in AAPL."""
    findings = json.loads((made / "data" / "latest" / "findings.json").read_text())["findings"]
    (crash,) = [finding for finding in findings if finding["rule"] == "wide_range"]
    assert (crash["ticker"], crash["date"], crash["severity"]) == ("AAPL", "2010-05-06", "warning")
    assert crash["action"] == "By the rule wide_range of mine.py, line 8."


def test_a_section_stands_in_the_report(made):
    """Its heading and its sentences."""
    text = (made / "data" / "latest" / "report.txt").read_text()
    assert "What our desk adds\n------------------\nThe verdict was " in text
    assert "Looked at." in text


def test_plugins_lists_modules_with_digest_and_audit(made):
    """As a table and as JSON."""
    (made / "luigi.cfg").write_text("[plugins]\nmodules = mine.py\n")
    listed = command("afterclose", "plugins", "--json", cwd=made, data=made / "data")
    (entry,) = json.loads(listed.out)
    assert (entry["module"], len(entry["digest"]), entry["audit"]) == ("mine", 64, "audited")
    assert [f["name"] for f in entry["features"]] == ["body"]
    assert [r["name"] for r in entry["rules"]] == ["wide_range"]
    assert "wide_range" in command("afterclose", "plugins", cwd=made, data=made / "data").out


def test_an_error_of_a_rule_stops_the_run(tmp_path):
    """Exit code 30, by its name; nothing after ingest is committed."""
    (tmp_path / "mine.py").write_text(OWN.replace('"warning"', '"error"'))
    done = run(tmp_path)
    assert done.code == 30
    assert "1 error by rule wide_range" in done.err
    assert [p.name for p in (tmp_path / "data" / "checkpoints").iterdir()] == ["ingest"]


WRONG = {
    "return 1": "mine.py, line 8: rule wide_range gives int64 of shape ()",
    "return panel.close": "mine.py, line 8: rule wide_range gives float64",
    "raise ValueError('no')": "rule wide_range fails: mine.py, line 10: ValueError: no",
}


@pytest.mark.parametrize("body", WRONG)
def test_a_rule_that_fails_is_named(tmp_path, body):
    """With file and line."""
    text = OWN.replace("return (panel.high - panel.low) / panel.close > 0.2", body)
    (tmp_path / "mine.py").write_text(text)
    done = run(tmp_path)
    assert done.code == 30
    assert WRONG[body] in done.err


def test_a_rule_called_like_a_built_in_one_is_refused(tmp_path):
    """By the plan."""
    (tmp_path / "mine.py").write_text(OWN.replace("def wide_range", "def wide_bar"))
    done = run(tmp_path)
    assert done.code == 4
    assert "mine.py, line 8: rule wide_bar has the name of a built-in one" in done.err


def test_new_writes_a_module_and_a_test_that_passes(tmp_path):
    """Both run as they stand; nothing is written over."""
    assert command("afterclose", "plugins", "new", "desk", cwd=tmp_path).code == 0
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_desk.py"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(None), capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert command("afterclose", "plugins", "new", "desk", cwd=tmp_path).code == 2
    assert command("afterclose", "plugins", "--modules", "desk.py", cwd=tmp_path).code == 0


SECTION = "from core.plugins import section\n\n@section('Ours')\ndef ours(evaluation):\n"


def section_of(folder, body):
    """The section whose function has a body."""
    (folder / "mine.py").write_text(SECTION + "".join(f"    {line}\n" for line in body.splitlines()))
    (section,) = sections_of(Plugins(modules_named("mine.py", folder)))
    return section


@pytest.mark.parametrize(
    "act",
    [
        "evaluation['verdict'] = 'better than chance'",
        "evaluation.clear()",
        "evaluation['performance'].popitem()",
    ],
)
def test_a_section_changes_nothing_of_what_the_others_say(act, tmp_path):
    """It has a copy of the evaluation, down to its figures."""
    evaluation = {"verdict": "no better than chance", "performance": {"auc": {"value": 0.5}}}
    assert section_of(tmp_path, f"{act}\nreturn 'x'")(evaluation) == ("x",)
    assert evaluation == {"verdict": "no better than chance", "performance": {"auc": {"value": 0.5}}}


@pytest.mark.parametrize(
    "gives",
    [
        "None", "''", "[]", "[1]", "['a', None]", "b'a'", "{'a': 1}", "'\\ud800'", "'x' * 100_000", "['x'] * 100_000",
        "type('T', (str,), {'strip': lambda self: self, '__len__': lambda self: -1, 'encode': None})('  ')",
    ],
)  # fmt: skip
def test_what_is_no_sentence_is_named(gives, tmp_path):
    """Of whatever kind it is; half of a character, or a book, is none either."""
    with pytest.raises(DataError, match="section ours"):
        section_of(tmp_path, f"return {gives}")({"verdict": "x"})
