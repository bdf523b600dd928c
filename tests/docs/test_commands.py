"""Every command that a document shows is run, or its page says why not."""

from __future__ import annotations

import configparser
import gzip
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import click
import pytest

from core.cli.main import group
from core.sources.sample import sample_file
from tests.commands import ROOT, environment
from tests.docs.shown import Scratch, Shown, left_out, not_run, shown, unlabelled, wrong
from tests.shared import shared

PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
}


def first_shown() -> dict[str, list[Shown]]:
    """The commands of each page that are to be run and that no page before it shows."""
    seen: set[str] = set()
    found: dict[str, list[Shown]] = {}
    for page, text in PAGES.items():
        for one in shown(text):
            bare = one.words.split("  #")[0].strip()
            if bare not in seen and not not_run(text, one):
                seen.add(bare)
                found.setdefault(page, []).append(one)
    return found


RUN = first_shown()
QUICK = {
    "train": {"beside": "logistic_regression", "fold_sessions": "1000"},
    "evaluate": {"bootstrap_samples": "100"},
    "user": {"role": "admin"},
    "profile:us-megacaps": {"source": "sample", "tickers": "AAPL,MSFT"},
}
"""What makes a run on the sample quick, a person who may do all, and the documents' profile without Yahoo."""
WRITE = (
    "import json; told = json.load(open('told.json')); print(told['sha256']); "
    "open('mine.txt', 'w').write(told['text'].replace('[to be written by the reviewer]', 'Looked at.'))"
)
BEFORE = {
    "docs/models.md": (
        "for id in $(cd data/models; ls *.json | cut -d. -f1); "
        "do afterclose promote $id --profile sample --why 'to have two'; done"
    ),
    "docs/notices.md": "touch receivers",
    "docs/signing.md": f"""
        afterclose review --profile sample --json --text > told.json
        digest=$(python -c "{WRITE}")
        afterclose sign --profile sample --digest $digest --meaning approved --comment 'as it stands'
        afterclose publish --profile sample
        cp data/published/*/*/* .
    """,
}
"""What a reader has who comes to a page: a file of their own, a bundle that somebody published."""


def prepared_folder(folder: Path) -> Scratch:
    """A folder as after a clone and ``make``: configuration, Makefile, the user's own prices."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (0, 0))  # older than the environment, which is therefore ready
    shutil.copytree(ROOT / "tools", folder / "tools")
    (folder / ".venv").symlink_to(sys.prefix)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "luigi.cfg")
    parser.read_dict(QUICK)
    with (folder / "luigi.cfg").open("w", encoding="utf-8") as stream:
        parser.write(stream)
    rows = gzip.decompress(sample_file().read_bytes()).decode("ascii")
    for place in (
        folder / "prices.csv",
        folder / "folder-of-prices" / "prices.csv",
        folder / "incoming" / "a.csv",
    ):
        place.parent.mkdir(exist_ok=True)
        place.write_text(rows, encoding="ascii")
    return Scratch(folder, environment(None) | {"HOME": str(folder)})


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory):
    """A scratch folder with two trained models and no champion. Never write to it."""

    def make(folder):
        scratch = prepared_folder(folder)
        for options in ("--tickers AAPL,MSFT", ""):
            scratch.ask(f"luigi --module luigi_tasks Report --local-scheduler --mode train {options}")
        return scratch

    return shared(tmp_path_factory, "clone", make)


@pytest.fixture
def scratch(lived_in, tmp_path):
    """A copy of the folder, for the commands of one page."""
    folder = tmp_path / "clone"
    shutil.copytree(lived_in.folder, folder, symlinks=True)
    return Scratch(folder, lived_in.environment)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_every_command_of_a_page_does_what_the_page_says(page, scratch):
    """In the order of the page, in one folder; a command that several pages show is run for the first."""
    if (
        any(one.words.startswith("make ") for one in RUN[page])
        and not (Path(sys.prefix) / ".ready-dev").exists()
    ):
        pytest.skip("this environment was not made by make")
    scratch.ask(BEFORE.get(page, "true"))
    assert wrong(RUN[page], scratch) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nafterclose runs --jsn\n```", "No such option"),
        ("```sh\nafterclose rnus\n```", "No such command"),
        ("| `make helpp` | lists all |", "No rule to make target"),
        (
            "```console\n$ afterclose runs\nnothing has run yet today\n```",
            "not printed: ['nothing has run yet today']",
        ),
        ("```console\n$ afterclose runs\nafterclose: there are none\n```", "exit 0"),
    ],
)
def test_a_command_that_is_wrong_is_found(text, said, scratch):
    """The gate itself: an option, a command, a target, an output, an error that is none."""
    (found,) = wrong(shown(text), scratch)
    assert said in found


def test_what_is_not_run_has_a_reason_and_is_shown():
    """Each line of a page's comment belongs to a command of the page, and a test it names is there."""
    for page, text in PAGES.items():
        for words, reason in left_out(text).items():
            assert any(one.words.startswith(words) for one in shown(text)), (page, words)
            assert len(reason) > 8, (page, words)
            assert [p for p in re.findall(r"tests/\w+/\w+\.py", reason) if not (ROOT / p).is_file()] == []


def test_every_block_of_commands_says_that_it_is_one():
    """Otherwise its commands would be shown and never run; a block of output begins with no command."""
    assert unlabelled("```\nafterclose runs\n```") == ["afterclose runs"]
    assert {page: lines for page, text in PAGES.items() if (lines := unlabelled(text))} == {}


OF_THEIR_OWN = {"docs/commands.md", "docs/add-a-stage.md"}
"""Pages with usage in click's notation, and with a stage that only the guide's copy has."""


def mistyped(words: str) -> str:
    """What the parser has against a command of ours; empty if nothing, or if only something is missing."""
    command, context = group, click.Context(group, info_name="afterclose")
    rest = shlex.split(words, comments=True)[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return f"{words}: no command {rest[0]}"
        command, rest = found, rest[1:]
    try:
        if rest:
            command.make_context(words, rest)
    except click.MissingParameter:
        return ""
    except click.UsageError as error:
        return f"{words}: {error.format_message()}"
    return ""


def test_every_command_in_a_sentence_could_be_typed():
    """Option by option, asked of the command's own parser; so are those that are shown and not run."""
    assert mistyped("afterclose runs --yes")
    assert mistyped("afterclose models show A B")
    assert not mistyped("afterclose review --submit")
    found = []
    for text in (text for page, text in PAGES.items() if page not in OF_THEIR_OWN):
        spans = re.findall(r"`(afterclose [a-z][^`\n]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        words = [*spans, *(one.words for one in shown(text) if one.words.startswith("afterclose "))]
        found += [said for one in words if (said := mistyped(re.sub(r"\[[^\]]*\]", "", one)))]
    assert found == []
