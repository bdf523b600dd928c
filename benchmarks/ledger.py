"""What a signature on each record costs: signed records beside the same ones unsigned, and a look through the ledger.

Run: ``python benchmarks/ledger.py --pairs 9 --records 200``. CPU milliseconds of this process, in turn, each in a fresh
data root on the temporary folder's disk; the table in docs/performance.md is what it prints.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.journal import Journal
from core.request import settings
from core.review import ledger
from core.review.ledger_check import ledger_faults


def cpu_ms(function: Callable[[], object]) -> float:
    """Return the CPU milliseconds that a call takes."""
    before = time.process_time()
    function()
    return 1000 * (time.process_time() - before)


def pair(records: int) -> tuple[float, float, float]:
    """Return CPU milliseconds a record unsigned and signed, and of a look through the signed ledger, a record."""
    content = {
        "at_utc": "2026-01-01T00:00:00+00:00",
        "user": "local user",
        "meaning": "reviewed",
        "comment": "x",
    }
    with tempfile.TemporaryDirectory() as place:
        roots = [Path(place) / name for name in ("unsigned", "signed")]
        plain, signed = (settings.load({"AFTERCLOSE_DATA": str(root)}, Path(place)) for root in roots)
        one, other = Journal(plain.data), Journal(signed.data)
        one.append("review", "report", content)  # both journals are made, and the key
        ledger.append(signed, other, "review", "report", content)

        def without() -> None:
            for _ in range(records):
                one.append("review", "report", content)

        def with_signature() -> None:
            for _ in range(records):
                ledger.append(signed, other, "review", "report", content)

        times = cpu_ms(without), cpu_ms(with_signature), cpu_ms(lambda: ledger_faults(signed))
        if ledger_faults(signed) != (records + 1, []):
            raise SystemExit("the ledger does not hold")
    return times[0] / records, times[1] / records, times[2] / records


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--records", type=int, default=200)
    words = parser.parse_args()
    measured = [pair(words.records) for _ in range(words.pairs)]
    print("| CPU ms a record | median | lowest to highest |\n|---|---|---|")
    for place, name in enumerate(("unsigned, as before", "signed, head kept", "verified")):
        values = [row[place] for row in measured]
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} to {max(values):.2f} |")


if __name__ == "__main__":
    main()
