"""Commands as documents show them, and a scratch folder to run them in.

Shown are each line of a ``sh`` block, a ``bash`` block as one script, a line after ``$`` in a ``console`` block
with what is printed below it, and the first cell of a table's row where it begins with a command. A comment in
the page's source names those that are not run::

    <!-- Shown and not run by tests/docs:
    make dashboard: stays until it is stopped; tests/cli/test_dashboard.py
    -->
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

OURS = ("afterclose ", "luigi ", "luigid ", "dask ", "make ", "python ")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"<!-- Shown and not run by tests/docs:\n(.*?)-->", re.DOTALL)
TIMEOUT_S = 300


@dataclass(frozen=True)
class Shown:
    """A command of a page, with the lines that the page says it prints."""

    words: str
    prints: tuple[str, ...] = ()


def shown(text: str) -> list[Shown]:
    """Return a page's commands in the order of the page."""
    found = [(m.start(), one) for m in BLOCK.finditer(text) for one in _of_block(m[2], m[3])]
    rows = re.finditer(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    found += [(m.start(), Shown(m[1])) for m in rows if m[1].startswith(OURS)]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _of_block(language: str, body: str) -> list[Shown]:
    if language == "bash":
        return [Shown(body)]
    if language == "sh":
        return [Shown(line.strip()) for line in body.splitlines() if line.strip()]
    if language == "console":
        parts = [part.strip().splitlines() for part in re.split(r"^\$ ", body, flags=re.MULTILINE)]
        return [Shown(part[0], tuple(part[1:])) for part in parts if part]
    return []


def left_out(text: str) -> dict[str, str]:
    """Return how commands begin that are shown and not run, with the reason of each."""
    lines = [line for block in LEFT_OUT.findall(text) for line in block.splitlines() if line.strip()]
    return {words: reason.strip() for words, _, reason in (line.partition(": ") for line in lines)}


def unlabelled(text: str) -> list[str]:
    """Return commands in blocks that do not say that they are commands."""
    plain = [body for _, language, body in BLOCK.findall(text) if language not in ("sh", "bash", "console")]
    return [line for body in plain for line in body.splitlines() if line.removeprefix("$ ").startswith(OURS)]


def not_run(text: str, one: Shown) -> bool:
    """Return whether the page says of the command that it is shown only."""
    return one.words.startswith(tuple(left_out(text)))


def wrong(commands: list[Shown], run) -> list[str]:
    """Run commands; return each one that did not do what its page says, with what it said instead.

    A command ends with 0, unless the page shows the one message of a mistake below it.
    """
    found = []
    for one in commands:
        done = run(one.words)
        mistake = any(line.startswith("afterclose: ") for line in one.prints)
        told = normal(done.stdout + done.stderr)
        missing = [line for line in one.prints if normal(line) not in told]
        if bool(done.returncode) != mistake or missing:
            found.append(f"{one.words}\n  exit {done.returncode}, not printed: {missing}\n{told[-600:]}")
    return found


def normal(text: str) -> str:
    """Return the text with ids as one word and blanks as one."""
    return re.sub(r"[ \t]+", " ", re.sub(r"\b[0-9a-f]{12}\b", "ID", text))


@dataclass(frozen=True)
class Scratch:
    """A folder with a configuration and prices, where commands run as a reader would type them."""

    folder: Path
    environment: dict[str, str]

    def ask(self, words: str) -> str:
        """Return what a command prints; it must succeed."""
        done = self._shell(words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def __call__(self, words: str) -> subprocess.CompletedProcess[str]:
        """Run a shown command, with what its placeholders stand for here."""
        return self._shell(self.filled(words), elsewhere=words.startswith("afterclose restore"))

    def filled(self, words: str) -> str:
        """Return the command with placeholders replaced: ids from this data root, paths in this folder."""
        words = re.sub(r" \[[^\]]*\]", "", words).replace("/safe/place/", f"{self.folder}/kept-")
        for pattern, value in self._placeholders().items():
            words = (
                re.sub(pattern, lambda m, value=value: value(), words) if re.search(pattern, words) else words
            )
        return words

    def _placeholders(self):
        return {
            r"\b(RUN RUN|A B)\b": lambda: " ".join(self._comparable()),
            r"\bRUN\b": lambda: self._runs()[0],
            r"\bFIRST SECOND\b": lambda: " ".join(self.models()[:2]),
            r"\bMODEL\b|\b[0-9a-f]{12}\b": lambda: self.models()[0],
            r"\bDIGEST\b": lambda: self.ask(
                "afterclose review --profile sample --json"
                " | python -c 'import json,sys; print(json.load(sys.stdin)[\"sha256\"])'"
            ).strip(),
            r"\bTEXT\b": lambda: "'in a word'",
            r"\bFILE\b": lambda: "kept.zip",
        }

    def _runs(self) -> list[str]:
        names = (path.name for path in (self.folder / "data" / "runs").iterdir())
        return sorted(
            (name for name in names if re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", name)), reverse=True
        )

    def _comparable(self) -> list[str]:
        """Return the two newest runs of the sample: runs of two profiles are not compared."""
        listed = json.loads(self.ask("afterclose runs --profile sample --limit 2 --json"))
        return [run["run_id"] for run in listed]

    def models(self) -> list[str]:
        """Return all models by id, the champion last."""
        folder = self.folder / "data" / "models"
        champion = folder / "champion.json"
        used = json.loads(champion.read_text(encoding="utf-8"))["model_id"] if champion.exists() else ""
        ids = sorted(path.stem for path in folder.glob("*.json") if path != champion)
        return sorted(ids, key=lambda name: name == used)

    def _shell(self, words: str, *, elsewhere: bool = False) -> subprocess.CompletedProcess[str]:
        data = {"AFTERCLOSE_DATA": str(self.folder / "another")} if elsewhere else {}
        return subprocess.run(
            ["bash", "-o", "pipefail", "-e", "-c", words],
            cwd=self.folder, env=self.environment | data, timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
