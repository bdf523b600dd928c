"""What imports cost: ``python benchmarks/imports.py [-- COMMAND ...]``, by the package responsible.

Runs a command (default: the main job into an empty data root) under ``python -X importtime``. A module
counts for its own package if that is listed in :data:`PACKAGES`, else for the package that imported it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from measure import ROOT, environment
from startup import PIPELINE

PACKAGES = {
    **dict.fromkeys(("core", "luigi_tasks", "dashboard"), "ours"),
    **{name: name for name in ("luigi", "numpy", "pandas", "pyarrow", "scipy", "sklearn")},
    **{name: name for name in ("exchange_calendars", "streamlit", "plotly", "peewee", "yfinance")},
}
ROOTLESS = "Python itself"
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| (\s*)(\S+)")


def by_package(lines: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return (modules, microseconds) by package.

    A line's indentation is its depth, and a module is printed after everything it imported; read
    backwards, the modules stand before what they import.
    """
    found: dict[str, tuple[int, int]] = {}
    above: list[tuple[int, str]] = []
    for micros, indent, module in reversed([m.groups() for line in lines if (m := _LINE.match(line))]):
        depth = len(indent)
        while above and above[-1][0] >= depth:
            above.pop()
        package = PACKAGES.get(module.split(".")[0], above[-1][1] if above else ROOTLESS)
        above.append((depth, package))
        modules, spent = found.get(package, (0, 0))
        found[package] = (modules + 1, spent + int(micros))
    return found


def main() -> None:
    """Profile a command and print a table, the dearest package first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", nargs="*", help="A Python script and its arguments.")
    command = parser.parse_args().command or list(PIPELINE)
    with tempfile.TemporaryDirectory(prefix="afterclose-imports-") as scratch:
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", *command],
            cwd=ROOT, env=environment(Path(scratch)), capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = by_package(ran.stderr.splitlines())
    print("| package | modules | s |\n|---|---|---|")
    for package, (modules, spent) in sorted(found.items(), key=lambda item: -item[1][1]):
        print(f"| {package} | {modules} | {spent / 1e6:.3f} |")
    print(f"| all | {sum(n for n, _ in found.values())} | {sum(s for _, s in found.values()) / 1e6:.3f} |")


if __name__ == "__main__":
    main()
