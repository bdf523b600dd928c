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
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "mutants"
PAGE = ROOT / "docs" / "mutants.md"
LEAST = 0.9

TESTS = {
    "core/measures": ("tests/measures", "tests/evaluation"),
    "core/features": (
        "tests/features",
        "tests/plugins/test_members_of_the_day.py",
        "tests/plugins/test_modules.py",
    ),
    "core/evaluation": ("tests/evaluation",),
    "core/models": ("tests/models",),
    "core/prices": ("tests/prices",),
}
"""Rooms that are mutated, and the tests that concern each."""

PARTS = ("tests/shards/test_shards.py",)
"""What a survivor is shown, beside the tests of its room: every stage on tables cut into parts."""

AUDITS = ("tests/plugins/test_audit.py",)
"""What survivors of features are shown at last: audits run in processes of their own, which mutmut does not follow."""

LEFT_OUT = (
    "tests/measures/test_rival.py",
    "tests/measures/test_truth.py",
    "tests/models/test_determinism.py",
    "tests/models/test_loader_fuzz.py",
    "tests/models/test_refitting.py::test_a_correction_or_another_setting_gives_the_bytes_of_a_training_without_memory",
    "tests/plugins/test_audit.py::test_no_honest_feature_is_accused",
    "tests/plugins/test_modules.py::test_a_library_reads_its_own_files_where_the_environment_is_a_link",
)
"""Tests that take most of the time of a room, or run a program beside the copy, and are left out: what only they notice
counts as alive."""

ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""On a busy machine the threads of OpenMP spin while they wait for each other: a fit of a second then takes a minute of
processor time, and its mutants ran out of it."""

MARKS = "not slow and not browser and not live"

SETTINGS = """
[tool.mutmut]
source_paths = ["core", "luigi_tasks", "dashboard"]
only_mutate = ["{room}/*"]
do_not_mutate_patterns = ['^\\s*raise ']
also_copy = ["tools", "benchmarks", "docs", "README.md", "CHANGELOG.md", "luigi.cfg", "requirements.txt"]
pytest_add_cli_args = ["-q", "-m", "{marks}", {left_out}]
pytest_add_cli_args_test_selection = [{tests}]
timeout_constant = 30.0
timeout_multiplier = 3.0
"""
"""mutmut's limit of time counts no fixture, and many a test of models is short after a training that several share:
with mutmut's own limit, 15 seconds for a short test, these ran out of time whatever the mutant."""

STATES = {
    0: "survived",
    5: "no tests",
    33: "no tests",
    -9: "out of time",
    -24: "out of time",
    255: "no answer",
    None: "not run",
}
"""mutmut's exit codes of a mutant that no test noticed; with any other it was killed (a failure, a crash).

Out of time is no kill yet: a slow test ends so on a busy machine whatever the mutant. No answer: pytest did not come to
run a test.
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
    left_out = ", ".join(f'"--deselect={name}"' for name in LEFT_OUT)
    settings = SETTINGS.format(room=room, tests=tests, marks=MARKS, left_out=left_out)
    text = (ROOT / "pyproject.toml").read_text() + settings
    (folder / "pyproject.toml").write_text(text)


def mutmut(folder: Path, *words: str, quiet: bool = False) -> str:
    """Run mutmut in ``folder`` and return what it printed."""
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [bin_folder / "mutmut", *words],
        cwd=folder,
        env={**os.environ, **ONE_THREAD},
        check=False,
        capture_output=True,
        text=True,
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
    """Return whether a mutant that survived also does so in a process of its own, with all tests of the room and parts.

    mutmut changes functions in a process that has imported them: one that is called on import, to make a table, is
    changed too late there. Nor does it run a test whose fixture another test had made. The room's doctests run here
    as well. Without a name no function is changed.
    """
    left_out = [f"--deselect={test}" for test in LEFT_OUT]
    tests = (room, *TESTS[room], *PARTS, *(AUDITS if room == "core/features" else ()))
    words = ["-q", "-x", "-p", "no:cacheprovider", "-m", MARKS, "-k", "not mutmut", *left_out]
    place = folder / "mutants"
    surroundings = {**os.environ, **ONE_THREAD, "MUTANT_UNDER_TEST": name, "PYTHONPATH": str(place)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, *tests],
            cwd=place,
            env=surroundings,
            check=False,
            capture_output=True,
            timeout=ALONE_S,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def check_control(folder: Path, room: str) -> None:
    """Refuse to judge where the tests fail although nothing is changed: each survivor would count as killed."""
    if not survives_alone(folder, room, ""):
        raise SystemExit(
            f"the tests of {room} fail in {folder / 'mutants'} with no mutant: nothing was judged"
        )


def judge(folder: Path, room: str, names: list[str], workers: int) -> Counter[str]:
    """Return how many mutants were killed at first, killed alone, are equal, only compare no lengths, and are left.

    Those that mutmut's own pass did not kill are printed, and run once more, ``workers`` of them at a time.
    """
    states = results(folder, room)
    kinds = dict.fromkeys(names, "killed at first")
    on_page = listed_changes()
    for name in [name for name in names if states[name] != "killed"]:
        change = change_of(folder, name)
        kinds[name] = "lengths" if is_guard(change) else "equal" if change in on_page else "left"
        before, after = (
            text.replace("\n", f"\n{sign} ") for text, sign in zip(change[2:], "-+", strict=True)
        )
        print(f"{name}: {states[name]}, {kinds[name]}\n- {before}\n+ {after}\n", flush=True)
    if doubtful := [name for name in names if kinds[name] == "left"]:
        check_control(folder, room)
        with ThreadPoolExecutor(workers) as pool:
            alive = pool.map(lambda name: survives_alone(folder, room, name), doubtful)
            for name, is_alive in zip(doubtful, alive, strict=True):
                kinds[name] = "left" if is_alive else "killed alone"
                print(f"{name}: {kinds[name]}", flush=True)
    return Counter(kinds.values())


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
    counts = judge(folder, room, names, workers)
    killed, left = counts["killed at first"] + counts["killed alone"], counts["left"]
    share = killed / max(1, killed + left)
    print(
        f"{room}: {killed} of {killed + left} killed ({share:.1%}), {counts['killed alone']} of them alone; "
        f"{counts['equal']} equal, {counts['lengths']} that only compare no lengths, "
        f"of a sample of {len(names)} of {len(states)}",
        flush=True,
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
