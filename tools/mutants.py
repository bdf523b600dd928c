"""Break the code line by line and see whether a test notices: make mutants [ROOM=core/measures] [SAMPLE=200].

mutmut makes the mutants and runs, for each, the tests that call the changed function. It works in a copy of the
tree below ``build/mutants``, a folder a room, so the checkout stays as it is and a second run goes on where the
first ended. Texts of raised errors are not changed: other tests hold them word for word.

A surviving mutant that behaves like the original is listed in ``docs/mutants.md`` with the reason; any other is a
hole in the tests. The exit code is 1 where less than :data:`LEAST` of the mutants that are not equal were killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "mutants"
PAGE = ROOT / "docs" / "mutants.md"
LEAST = 0.9

TESTS = {
    "core/measures": ("tests/measures", "tests/evaluation"),
    "core/features": ("tests/features",),
    "core/evaluation": ("tests/evaluation",),
    "core/models": ("tests/models",),
    "core/prices": ("tests/prices",),
}
"""Rooms that are mutated, and the tests that concern each."""

LAST_TESTS = ("tests/shards/test_shards.py",)
"""What a survivor is shown at last: every stage on tables cut into parts."""

MARKS = "not slow and not browser and not live"

SETTINGS = """
[tool.mutmut]
source_paths = ["core", "luigi_tasks", "dashboard"]
only_mutate = ["{room}/*"]
do_not_mutate_patterns = ['^\\s*raise ']
also_copy = ["tools", "benchmarks", "docs", "README.md", "CHANGELOG.md", "luigi.cfg", "requirements.txt"]
pytest_add_cli_args = ["-q", "-m", "{marks}"]
pytest_add_cli_args_test_selection = [{tests}]
"""

STATES = {
    0: "survived",
    5: "no tests",
    33: "no tests",
    36: "out of time",
    -24: "out of time",
    None: "not run",
}
"""mutmut's exit codes of a mutant that no test noticed; with any other it was killed (a failure, a crash).

Out of time is no kill yet: mutmut allows little processor time, and a slow test ends so whatever the mutant.
"""

ALONE_S = 1200
"""Seconds for all tests of a room in a process of its own, ten times what the slowest takes: then it has no end."""

_GUARD = re.compile(r",\s*strict=(?:True|False|None)")
"""Lengths that ``zip`` is told to compare: a mutant that no longer compares differs only where they differ."""

Change = tuple[str, str, str, str]
"""Module, function, lines before and lines after."""


def copy_tree(folder: Path, room: str) -> None:
    """Bring the files that git knows, or would, into ``folder``, and tell mutmut what to do there."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for path in [path for top in ("core", "tests") for path in (folder / top).rglob("*.py")]:
        if str(path.relative_to(folder)) not in names:
            path.unlink()
    for name in names:
        source, target = ROOT / name, folder / name
        if source.is_file() and not (target.is_file() and target.read_bytes() == source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    tests = ", ".join(f'"{path}"' for path in TESTS[room])
    text = (ROOT / "pyproject.toml").read_text() + SETTINGS.format(room=room, tests=tests, marks=MARKS)
    (folder / "pyproject.toml").write_text(text)


def mutmut(folder: Path, *words: str, quiet: bool = False) -> str:
    """Run mutmut in ``folder`` and return what it printed."""
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [bin_folder / "mutmut", *words], cwd=folder, check=False, capture_output=True, text=True
    )
    if done.returncode and not quiet:
        raise SystemExit(f"mutmut {words[0]} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def results(folder: Path, room: str) -> dict[str, str]:
    """Return the state of each mutant by its name."""
    states = {}
    for path in sorted((folder / "mutants" / room).rglob("*.meta")):
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items():
            states[name] = STATES.get(code, "killed")
    return states


def change_of(folder: Path, name: str) -> Change:
    """Return where a mutant differs from the code, and how."""
    module, _, rest = name.rpartition(".")
    function = rest.rpartition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    lines = [line for line in mutmut(folder, "show", name).splitlines() if line[:1] in "+-"]
    lines = [line for line in lines if line[:3] not in ("+++", "---")]
    before, after = ("\n".join(text[1:].strip() for text in lines if text[0] == sign) for sign in "-+")
    return module, function, before, after


def listed_changes(page: Path = PAGE) -> set[Change]:
    """Return the changes that the page lists as equal: ``diff`` blocks under a heading of module and function."""
    changes: set[Change] = set()
    module = function = ""
    block: list[str] | None = None
    for line in page.read_text().splitlines():
        if heading := re.match(r"### `([\w.]+)`: `([\w.]+)`", line):
            module, function = heading[1], heading[2]
        elif line == "```diff":
            block = []
        elif line == "```" and block is not None:
            before, after = ("\n".join(t[1:].strip() for t in block if t[:1] == sign) for sign in "-+")
            changes.add((module, function, before, after))
            block = None
        elif block is not None:
            block.append(line)
    return changes


def is_guard(change: Change) -> bool:
    """Return whether a change only takes away that ``zip`` compares lengths."""
    before, after = (re.sub(r",?\s*\)", ")", _GUARD.sub("", " ".join(text.split()))) for text in change[2:])
    return before == after


def survives_alone(folder: Path, room: str, name: str) -> bool:
    """Return whether a mutant that survived also does so in a process of its own, with all tests of the room.

    mutmut changes functions in a process that has imported them: one that is called on import, to make a table, is
    changed too late there. The room's doctests run here as well. Without a name no function is changed.
    """
    tests = (*TESTS[room], room, *LAST_TESTS)
    words = ["-q", "-x", "-p", "no:cacheprovider", "-m", MARKS, "-k", "not mutmut", *tests]
    place = folder / "mutants"
    surroundings = {**os.environ, "MUTANT_UNDER_TEST": name, "PYTHONPATH": str(place)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=place,
            env=surroundings,
            check=False,
            capture_output=True,
            timeout=ALONE_S,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def judge(
    folder: Path, room: str, names: list[str], states: dict[str, str], workers: int
) -> tuple[int, int, list[str]]:
    """Return how many were killed, how many are equal, and the others, each with its difference.

    Those that mutmut's own pass did not kill run once more, ``workers`` of them at a time.
    """
    changes = {name: change_of(folder, name) for name in names if states[name] != "killed"}
    on_page = listed_changes()
    equal = {name for name, change in changes.items() if change in on_page or is_guard(change)}
    doubtful = [name for name in changes if name not in equal]
    with ThreadPoolExecutor(workers) as pool:
        survived = list(pool.map(lambda name: survives_alone(folder, room, name), doubtful))
    holes = []
    for name in (name for name, alive in zip(doubtful, survived, strict=True) if alive):
        before, after = (
            text.replace("\n", f"\n{sign} ") for text, sign in zip(changes[name][2:], "-+", strict=True)
        )
        holes.append(f"{name}: {states[name]}\n- {before}\n+ {after}\n")
    return len(names) - len(equal) - len(holes), len(equal), holes


def check_control(folder: Path, room: str) -> None:
    """Refuse to judge where the tests fail although nothing is changed: each survivor would count as killed."""
    if not survives_alone(folder, room, ""):
        raise SystemExit(
            f"the tests of {room} fail in {folder / 'mutants'} with no mutant: nothing was judged"
        )


def run_room(room: str, sample: int, seed: int, workers: int) -> bool:
    """Mutate one room, print what survived, and return whether enough was killed."""
    folder = FOLDER / room.replace("/", "-")
    copy_tree(folder, room)
    # mutmut makes the mutants before it looks at the names, and a name that fits none is how to have only that
    mutmut(folder, "run", "--max-children", str(workers), "none of them", quiet=True)
    states = results(folder, room)
    if not states:
        raise SystemExit(f"mutmut made no mutant of {room}: run it in {folder}")
    names = sorted(states)
    if sample and sample < len(names):
        names = sorted(random.Random(seed).sample(names, sample))  # noqa: S311 - which are looked at, no secret
    if alive := [name for name in names if states[name] != "killed"]:  # survivors again: tests may have come
        mutmut(folder, "run", "--max-children", str(workers), *alive)
        states = results(folder, room)
        check_control(folder, room)
    killed, equal, holes = judge(folder, room, names, states, workers)
    share = killed / max(1, len(names) - equal)
    print(*holes, sep="\n")
    print(
        f"{room}: {killed} of {len(names) - equal} killed ({share:.1%}), {equal} equal, of {len(states)} in all"
    )
    return share >= LEAST


def main() -> int:
    """Mutate the rooms that were asked for, all without any."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("room", nargs="*", help=f"any of {', '.join(TESTS)}")
    parser.add_argument("--sample", type=int, default=0, help="only so many mutants of each room (0: all)")
    parser.add_argument("--seed", type=int, default=1, help="which they are")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    words = parser.parse_args()
    if unknown := [room for room in words.room if room not in TESTS]:
        parser.error(f"no room {', '.join(unknown)}; expected any of {', '.join(TESTS)}")
    passed = [run_room(room, words.sample, words.seed, words.workers) for room in words.room or TESTS]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
