"""A true table in many forms is read or asked back, never wrong: a seeded part of ``benchmarks/file_forms.py``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from core.sources.tabular import csvfile, numbers

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
COUNT, SEED = 300, 2024


@pytest.fixture(scope="module")
def forms():
    """``benchmarks/file_forms.py`` as a module, with the writer beside it."""
    modules = {}
    for name in ("file_table", "file_writer", "file_forms"):
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        modules[name] = module
    yield modules["file_forms"]
    for name in modules:
        del sys.modules[name]


def test_no_form_of_the_true_table_is_read_wrongly(forms, capsys):
    """Layout, header, language, delimiter, decimal mark, date form, encoding, packing, lines above and below."""
    outcomes = [forms.outcome(form) for form in forms.drawn(COUNT, SEED)]
    kinds = [kind for kind, _ in outcomes]
    with capsys.disabled():
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("read", "asked", "wrong"))
        sys.stdout.write(f"\nforms: {COUNT} files, {counts}\n")
    assert [why for kind, why in outcomes if kind == "wrong"] == []
    assert kinds.count("read") > COUNT * 0.7
    assert all(why for kind, why in outcomes if kind == "asked")


PLAIN = {
    "level": "share", "layout": "long", "header": "plain", "delimiter": "comma", "number": "point", "date": "iso",
    "encoding": "utf-8", "packing": "", "above": "", "below": "", "line_end": "\n", "order": "up", "volume": "whole",
    "missing": "", "quoting": "minimal", "options": "none",
}  # fmt: skip


@pytest.mark.parametrize(
    "choices",
    [
        *(
            {"layout": layout}
            for layout in ("one", "wide", "stacked", "Close_X", "X.Close", "tuple", "index", "xlsx")
        ),
        *(
            {"header": header}
            for header in ("crsp", "nse", "udiff", "bse", "tushare", "bloomberg", "refinitiv", "units")
        ),
        *({"header": header, "encoding": "gb18030"} for header in ("chinese", "traditional")),
        {"header": "japanese", "encoding": "cp932"},
        {"header": "korean", "encoding": "cp949"},
        {
            "header": "german",
            "encoding": "cp1252",
            "delimiter": "semicolon",
            "number": "1.234,5",
            "date": "dots",
        },
        *({"packing": packing} for packing in ("gzip", "bzip2", "zstd")),
        *({"above": above} for above in ("blank", "comment", "text", "values")),
        *({"below": below} for below in ("blank", "footnote", "count", "header", "dividend", "delimiter")),
        {"line_end": "\r"},
        {"header": "unknown", "options": "told"},
    ],
    ids=lambda choices: "-".join(choices.values()).strip() or "cr",
)
def test_each_family_by_itself_is_read(forms, choices):
    """One choice away from the plainest file nothing need be asked."""
    assert forms.outcome(forms.form_of(PLAIN | choices)) == ("read", "")


def test_a_reader_that_guesses_is_caught(forms, monkeypatch):
    """Points taken for decimal marks without a question, and missing markers taken for prices of 0."""
    grouped = forms.form_of(PLAIN | {"level": "index", "number": "1.234,5", "layout": "wide"})
    assert forms.outcome(grouped)[0] == "asked"
    monkeypatch.setattr(numbers, "points_may_part_thousands", lambda *_: False)
    assert forms.outcome(grouped)[0] == "wrong"
    monkeypatch.setattr(
        csvfile, "iso_dates", lambda cells, *_, **__: (cells.str.replace("-03", "-04"), "iso")
    )
    assert forms.outcome(forms.form_of(PLAIN))[0] == "wrong"


def test_the_same_seed_draws_the_same_forms(forms):
    """A count can be counted again."""
    assert forms.drawn(20, 3) == forms.drawn(20, 3)
    assert len(set(forms.drawn(50, 4))) == 50


def test_the_command_prints_its_count(forms, capsys):
    """And ends with 0 where none was read wrongly."""
    assert forms.main(["--count", "12", "--seed", "1"]) == 0
    assert "12 combinations: " in capsys.readouterr().out
