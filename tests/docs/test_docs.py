"""Documentation against code: what it names exists, and what exists is named."""

from __future__ import annotations

import configparser
import re
import subprocess

import click
import pytest
from click.testing import CliRunner

from core.cli.main import group
from core.errors import (
    EXIT_BUSY,
    EXIT_CANCELLED,
    EXIT_COMMAND,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NOT_RUN,
    EXIT_PARAMETER,
    EXIT_SCHEDULING,
    EXIT_UNEXPECTED,
    EXIT_WAITING,
)  # fmt: skip
from core.request import luigi_options, settings
from core.request.stages import NAMES, STAGES, parameters_of
from tests.commands import ROOT

LUIGIS_OPTIONS = {
    "--module",
    "--local-scheduler",
    "--workers",
    "--help",
    "--help-all",
    "--scheduler-host",
    "--scheduler-port",
}
OTHER_PROGRAMS = {
    "--state-path",
    "--logdir",
    "--no-deps",
    "--version",
    "--record",
    "--no-effect",
    "--warehouse-path",
    "--host",
    *("--from", "--wheel", "--user", "--now", "--rm", "--network", "--read-only", "--tmpfs"),
}
"""Options of pip, uv, systemctl, docker, luigid, dask, a script of the tests and the guide's new source."""
SCRIPTS = [*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "tools").glob("*.py")]
OF_SCRIPTS = {o for path in SCRIPTS for o in re.findall(r'"(--[a-z-]+)"', path.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def readme(root):
    """The README's text."""
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def documents(root):
    """README and everything under docs, by path."""
    paths = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}


def commands(words=()):
    """Every command of ``afterclose`` as words, with its click object."""
    context = None
    command = group
    for word in words:
        command = command.get_command(context, word)
    yield list(words), command
    for name in getattr(command, "list_commands", lambda _: [])(context):
        yield from commands((*words, name))


def known_options():
    """Every option of every command, and of the main job."""
    found = {
        option for _, command in commands() for p in command.params for option in p.opts if option[:2] == "--"
    }
    return (
        found
        | {p.option for p in parameters_of(STAGES).values()}
        | LUIGIS_OPTIONS
        | OTHER_PROGRAMS
        | OF_SCRIPTS
    )


def test_the_readmes_picture_is_what_the_command_prints(readme):
    """``afterclose dag``, between the Mermaid fences."""
    picture = re.search(r"```mermaid\n(.*?)```", readme, re.DOTALL)
    assert picture, "README.md has no mermaid block"
    assert picture[1] == CliRunner().invoke(group, ["dag"]).output


def test_the_readme_opens_with_the_two_commands(readme):
    """make run and make test are what a newcomer types."""
    assert "make run" in readme
    assert "make test" in readme
    assert "luigi --module luigi_tasks Report --local-scheduler" in readme


def test_llms_txt_names_pages_that_exist(root):
    """For programs that read instead of people: every page it names is there."""
    named = re.findall(r"\]\((.+?)\)", (root / "llms.txt").read_text(encoding="utf-8"))
    assert len(named) >= 15
    assert [page for page in named if not (root / page).is_file()] == []


def makefile_targets(root):
    """Targets that ``make help`` lists."""
    return set(re.findall(r"^([a-z]+):.*##", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_make_target_that_a_document_names_exists(documents, root):
    """In backquotes or in a code block."""
    spans = {name: code_of(text) for name, text in documents.items()}
    named = {(name, t) for name, code in spans.items() for t in re.findall(r"\bmake ([a-z]+)\b", code)}
    assert {(name, target) for name, target in named if target not in makefile_targets(root)} == set()


def code_of(text):
    """The code spans and code blocks of a document."""
    blocks = re.findall(r"```.*?```", text, re.DOTALL)
    rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", rest)])


def test_every_target_of_the_makefile_is_explained_and_phony(root):
    """``make help`` lists all, and none is mistaken for a file."""
    text = (root / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    assert phony == makefile_targets(root)
    assert {"run", "test", "check", "bench"} <= phony


def test_every_option_that_a_document_names_exists(documents):
    """``--words`` in code, in README and docs."""
    named = {
        (name, o)
        for name, text in documents.items()
        for o in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code_of(text))
    }
    assert {(name, option) for name, option in named if option not in known_options()} == set()


def test_every_subcommand_that_a_document_names_exists(documents):
    """``afterclose word`` in code."""
    known = {words[0] for words, _ in commands() if words}
    named = {
        (n, w)
        for n, text in documents.items()
        for w in re.findall(r"(?<!from )\bafterclose ([a-z]+)\b", code_of(text))
    }
    assert {(name, word) for name, word in named if word not in known} == set()


def test_every_stage_is_in_the_readme(readme):
    """Seven boxes, by name."""
    assert [name for name in NAMES if name not in readme] == []


def test_every_key_of_ours_has_a_row_under_its_section(documents):
    """What the page of the configuration promises: each section with a row for each of its keys."""
    parts = re.split(r"^### \[(\w+)\]$", documents["docs/configuration.md"], flags=re.MULTILINE)
    rows = {
        name: set(re.findall(r"^\| `(\w+)` \|", text.split("\n## ")[0], re.MULTILINE))
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    ours = settings.sections()
    assert {
        name: sorted(set(keys) - rows.get(name, set()))
        for name, keys in ours.items()
        if set(keys) - rows.get(name, set())
    } == {}


def test_the_index_leads_to_every_page(root, documents):
    """A page that the index does not name is found by nobody."""
    pages = {path.name for path in (root / "docs").glob("*.md")} - {"index.md"}
    linked = set(re.findall(r"\]\(([\w-]+\.md)", documents["docs/index.md"]))
    assert sorted(pages - linked) == []


def test_every_key_of_luigi_cfg_is_explained(root, documents):
    """Ours by name in docs (or by a comment above it); Luigi's own by a comment above its section."""
    text = (root / "luigi.cfg").read_text(encoding="utf-8")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    docs = "\n".join(documents.values())
    unexplained = [
        f"[{section}] {key}"
        for section in parser.sections()
        for key in parser[section]
        if f"`{key}`" not in docs and not re.search(rf"^#.*\n(?:.*=.*\n)*?{key}\s*=", text, re.MULTILINE)
        and section in settings.sections()
    ]  # fmt: skip
    assert unexplained == []
    luigis = [s for s in parser.sections() if s not in settings.sections()]
    assert set(luigis) <= set(luigi_options.SECTIONS)
    assert text.index("# ---- Luigi's own") < min(text.index(f"[{section}]") for section in luigis)


def test_every_environment_variable_is_documented(documents):
    """The data root, the journal and the configuration file."""
    docs = "\n".join(documents.values())
    for name in (settings.DATA_VARIABLE, settings.JOURNAL_VARIABLE, settings.CONFIG_VARIABLE):
        assert name in docs, name


def test_every_exit_code_is_documented(documents):
    """Each number of the contract has a row in a document, and the constants are the contract's numbers."""
    codes = [EXIT_DONE, EXIT_COMMAND, EXIT_PARAMETER, EXIT_BUSY, EXIT_WAITING, EXIT_NOT_RUN, EXIT_FAILED,
             EXIT_SCHEDULING, EXIT_UNEXPECTED, EXIT_INTERRUPTED, EXIT_CANCELLED]  # fmt: skip
    assert codes == [0, 2, 4, 10, 20, 25, 30, 35, 40, 130, 143]
    docs = "\n".join(documents.values())
    assert [code for code in codes if not re.search(rf"^\| *`?{code}`? *\|", docs, re.MULTILINE)] == []


def test_the_links_in_documents_lead_somewhere(documents, root):
    """Relative links to files of the repository."""
    links = {(n, t) for n, text in documents.items() for t in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text)}
    dead = {(n, t) for n, t in links if "://" not in t and not ((root / n).parent / t).exists()}
    assert dead == set()


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"])
def test_the_projects_papers_are_there(name, root):
    """Changelog, contributing guide, licence, README: none of them empty."""
    assert len((root / name).read_text(encoding="utf-8").strip()) > 200


def test_the_changelog_has_an_entry_for_the_version(root):
    """A release without an entry would hide when old results stop matching."""
    from core import __version__

    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert __version__ in changelog or "Unreleased" in changelog


def test_every_decision_is_numbered_and_whole(root):
    """``NNN-title.md`` without gaps: context, choice, rejected options."""
    paths = sorted((root / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:3]) for path in paths] == list(range(1, len(paths) + 1))
    for path in paths:
        text = path.read_text(encoding="utf-8").lower()
        assert [word for word in ("context", "rejected") if word not in text] == [], path.name


def test_every_command_has_a_sentence_of_help():
    """And every option of it."""
    for words, command in commands():
        assert command.help, words
        assert [p.name for p in command.params if not isinstance(p, click.Argument) and not p.help] == [], (
            words
        )


def test_nothing_of_git_is_left_out_of_these_tests(root):
    """The documents are tracked (a document that is not committed does not exist for a newcomer)."""
    tracked = subprocess.run(
        ["git", "ls-files", "README.md"], cwd=root, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    assert tracked.stdout.strip() == "README.md"


@pytest.mark.parametrize("page", ["reliability.md", "upgrading.md"])
def test_every_test_that_a_page_names_is_there(page, root):
    """A protection whose test was renamed would otherwise be claimed and not shown."""
    text = (root / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:tests/\w+/)?(test_\w+)(?:\.py)?`", text))
    there = {path.stem for path in (root / "tests").rglob("test_*.py")}
    there |= {
        name
        for path in (root / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named - there == set()
    placed = set(re.findall(r"`(tests/\w+/test_\w+\.py)`", text))
    assert [place for place in sorted(placed) if not (root / place).is_file()] == []


def test_every_migration_of_the_journal_is_in_the_upgrade_notes(root):
    """By its number, and no other."""
    text = (root / "docs" / "upgrading.md").read_text(encoding="utf-8")
    there = {path.name[:4] for path in (root / "core" / "journal" / "migrations").glob("[0-9]*.py")}
    assert set(re.findall(r"^\| (\d{4}) \|", text, re.MULTILINE)) == there
