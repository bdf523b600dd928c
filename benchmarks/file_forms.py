"""Is a price file ever read wrongly in silence? ``python benchmarks/file_forms.py [--count 20000] [--seed 17]``.

One true table is written in so many combinations of layout, header, language, delimiter, decimal mark, date form,
encoding, packing and lines that are no rows (``benchmarks/file_table.py``), drawn with a seed. Each is read as ingest
reads it. It is *read* where every value of every day and ticker is the true one; *asked* where it is refused in words
or the gate names what is not understood; and *wrong* otherwise, which must not happen. Prints the counts.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from dataclasses import asdict
from datetime import date

from file_table import COLUMNS, FORMS, NUMBERS, Form, form_of, truth_of
from file_writer import written

from core.errors import AftercloseError, ValidationFailed
from core.parameters import settings_from
from core.prices.gate_settings import ValidateSettings
from core.prices.validation import validate
from core.request.stages import stage_named
from core.sources.files import read_file
from core.sources.table import prices_table
from core.sources.tabular.options import Options, TableRead

READ, ASKED, WRONG = "read", "asked", "wrong"
_VALUES = ("open", "high", "low", "close", "volume")
_TODAY = date(2026, 1, 1)


def drawn(count: int, seed: int) -> list[Form]:
    """Return so many different forms that can be written, the same ones for the same seed."""
    source = random.Random(seed)  # noqa: S311 - a draw that anybody can repeat
    forms: dict[Form, None] = {}
    while len(forms) < count:
        form = form_of({name: source.choice(choices) for name, choices in FORMS.items()})
        if _can_be_written(form):
            forms[form] = None
    return list(forms)


def _can_be_written(form: Form) -> bool:
    try:
        written(form)
    except UnicodeEncodeError:
        return False  # no Chinese header in Latin letters
    return True


def options_of(form: Form) -> Options:
    """Return what a person says: nothing, or everything that the form is written in."""
    columns = COLUMNS if form.header == "unknown" and form.layout in ("long", "parquet", "feather") else ""
    if form.header == "unknown" and form.layout in ("one", "index", "xlsx"):
        columns = COLUMNS.replace("ticker=Papier,", "")
    if form.options == "none":
        return Options()
    told = {
        "us": "us",
        "us time": "us",
        "us short": "us",
        "eu": "eu",
        "dots": "eu",
        "dots short": "eu",
        "six digits": "ymd",
    }
    return Options(
        date_format=told.get(form.date, "auto"),
        decimal="comma" if NUMBERS[form.number][1] == "," else "point",
        encoding=form.encoding.removesuffix("-sig")
        if form.layout not in ("parquet", "feather", "xlsx")
        else "auto",
        columns=columns,
    )


def outcome(form: Form) -> tuple[str, str]:
    """Return ``read``, ``asked`` or ``wrong``, and the words."""
    try:
        read = read_file(written(form), "ZQX.csv", options_of(form))
    except AftercloseError as error:
        return ASKED, str(error)
    different = _difference(read, form)
    if not different:
        return READ, ""
    return (ASKED, "the gate") if _gate_names(read, close_only=form.layout == "wide") else (WRONG, different)


def _difference(read: TableRead, form: Form) -> str:
    """Return the first value that is not the true one, empty where all are."""
    frame, truth = read.frame, truth_of(form)
    if "date" not in frame or "ticker" not in frame:
        return "no date or no ticker"
    rows = {(str(r["date"]), str(r["ticker"])): r for r in frame.to_dict("records")}
    if len(rows) != len(frame) or set(rows) != set(truth):
        return f"{len(frame)} rows, {sorted(set(rows) ^ set(truth))[:2]}"
    for key, values in truth.items():
        for name, value in zip(_VALUES, values, strict=True):
            cell = rows[key].get(name)
            missing = cell is None or cell != cell
            if missing != (value is None) or (value is not None and not _same(cell, value)):
                return f"{key} {name}: {cell!r} for {value!r}"
    return ""


def _same(cell: object, value: float) -> bool:
    return isinstance(cell, int | float) and abs(float(cell) - value) <= 1e-9 * max(1.0, abs(value))


def _gate_names(read: TableRead, *, close_only: bool) -> bool:
    """Return whether the gate stops for what was not understood; for another reason it is luck and no answer."""
    known = {p.name: p.parse(p.default) for p in stage_named("validate").parameters}
    settings = settings_from(ValidateSettings, known | {"close_only": close_only})
    table = prices_table(read.frame, name="files", uri="file:x", digest="0" * 64, price_basis="unknown")
    try:
        validate(table, settings, today=_TODAY)
    except ValidationFailed as error:
        return any(
            f["severity"] == "error" and f["rule"] in _NOT_UNDERSTOOD for f in error.findings["findings"]
        )
    return False


_NOT_UNDERSTOOD = frozenset(
    {"empty_table", "missing_column", "wrong_type", "malformed_date", "malformed_ticker", "too_many_missing"}
)
"""Rules of the gate that name a cell or a column as such."""


def main(arguments: list[str] | None = None) -> int:
    """Read every form and print the counts; 1 where one was read wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument(
        "--show", type=int, default=5, help="wrong ones, and asked ones by their words, that are shown"
    )
    asked = parser.parse_args(arguments)
    forms = drawn(asked.count, asked.seed)
    counts, words, by_choice = Counter[str](), Counter[str](), Counter[tuple[str, str, str]]()
    wrong = []
    for form in forms:
        what, why = outcome(form)
        counts[what] += 1
        by_choice.update((name, choice, what) for name, choice in asdict(form).items())
        if what == WRONG:
            wrong.append(f"{form}\n    {why}")
        elif what == ASKED:
            words[" ".join(why.split()[:9])] += 1
    print(
        f"{len(forms):,} combinations: {counts[READ]:,} read, {counts[ASKED]:,} asked, {counts[WRONG]:,} silently wrong"
    )
    for name, choices in FORMS.items():
        cells = (
            f"{choice.strip() or 'none'} {by_choice[name, choice, READ]}/{by_choice[name, choice, ASKED]}"
            for choice in dict.fromkeys(choices)
        )
        print(f"  {name} (read/asked): {', '.join(cells)}")
    for text, count in words.most_common(asked.show):
        print(f"  asked {count:,} times: {text} ...")
    for text in wrong[: asked.show]:
        print(f"  WRONG {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
