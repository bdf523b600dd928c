"""What has a page of reference stands in it: commands, log events, targets, pages of the desk."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

EVENT_METHODS = {"write", "tell", "_tell"}
"""How an event of the structured log is written: RunLog.write, a source's tell, an executor's _tell."""


def events_of(text):
    """Names of log events that a module writes."""
    calls = (
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    )
    for call in calls:
        owner = ast.unparse(call.func.value).lower()
        logs = call.func.attr != "write" or re.search(r"(^|[._])log\b|runlog\(", owner)
        if call.func.attr in EVENT_METHODS and logs:
            yield from (
                arg.value
                for arg in call.args[:2]
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )


def test_an_event_is_found_wherever_it_is_written():
    """The gate itself: a log, a log made on the spot, a source's context, an executor; and no other file."""
    text = (
        "log.write('a')\nself._log.write('b', level='x')\nRunLog(root, NAME).write('c')\ncontext.tell('d')\n"
        "self._tell(plan, 'e')\nstream.write('no')\nmetric(k).write('no')\ncatalog.write('no')\n"
    )
    assert list(events_of(text)) == ["a", "b", "c", "d", "e"]


def test_every_event_of_the_log_is_documented_and_no_other(root):
    """docs/log.md names in its first column exactly what the code writes."""
    sources = [
        path for folder in ("core", "luigi_tasks", "dashboard") for path in (root / folder).rglob("*.py")
    ]
    written = {event for path in sources for event in events_of(path.read_text(encoding="utf-8"))}
    page = (root / "docs" / "log.md").read_text(encoding="utf-8")
    named = {
        name
        for cell in re.findall(r"^\| (`[^|]+?) \|", page, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert named == written


def test_the_events_of_a_real_run_are_among_them(prepared, root):
    """What a finished run's log holds, asked of the file and not of the code."""
    import json

    page = (root / "docs" / "log.md").read_text(encoding="utf-8")
    lines = [
        json.loads(line)
        for log in (prepared / "runs").glob("*/log.jsonl")
        for line in log.read_text().splitlines()
    ]
    assert len(lines) > 10
    assert {line["event"] for line in lines if f"`{line['event']}`" not in page} == set()


def test_the_page_of_commands_is_what_the_parsers_say(root, tmp_path):
    """Every command, argument and option: if this fails, ``python tools/write_commands.py`` mends it."""
    written = tmp_path / "commands.md"
    script = root / "tools" / "write_commands.py"
    subprocess.run([sys.executable, script, "--out", written], check=True, cwd=root)
    assert written.read_text() == (root / "docs" / "commands.md").read_text(), "run tools/write_commands.py"


def test_every_target_of_the_makefile_is_documented(root):
    """In the table of CONTRIBUTING.md."""
    targets = re.findall(r"^([a-z]+):.*##", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    page = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in targets if not re.search(rf"^\| `make {name}` \|", page, re.MULTILINE)] == []


def test_every_page_of_the_desk_is_documented_and_no_other(root):
    """The table of docs/desk.md and the titles in the desk's navigation."""
    app = ast.parse((root / "dashboard" / "app.py").read_text(encoding="utf-8"))
    pages = [n for n in ast.walk(app) if isinstance(n, ast.Call) and ast.unparse(n.func) == "st.Page"]
    titles = {word.value.value for page in pages for word in page.keywords if word.arg == "title"}
    text = (root / "docs" / "desk.md").read_text(encoding="utf-8")
    table = text[text.index("| page |") :].split("\n\n")[0]
    named = {name.strip() for row in table.splitlines()[2:] for name in row.split("|")[1].split(",")}
    assert named == titles


def glossary_terms(root):
    """The terms that the glossary explains, in its order."""
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE)


def test_the_glossary_has_what_the_desk_calls_things(root):
    """States of reports, models and runs, roles, measures, drift statistics; in the order of the alphabet."""
    from core.report.formatting import METRICS
    from core.request.settings import ROLES
    from core.review import decision_history, standing

    terms = glossary_terms(root)
    assert terms == sorted(terms, key=str.lower)
    states = {state.replace("_", " ") for state in (*standing.STATES, *decision_history.STATES)}
    drift = {"kolmogorov-smirnov (ks)", "population stability index (psi)", "wasserstein distance"}
    runs = {"waiting", "busy", "interrupted", "reused", "confirmed", "retained"}
    measures = {metric.label.lower() for metric in METRICS.values()}
    used = states | drift | runs | measures | set(ROLES)
    assert used - {term.lower() for term in terms} == set()
