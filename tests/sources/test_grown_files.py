"""A file that grew: the result has the bytes of reading all of it, and only new lines are read where that is sure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import sha256
from core.sources import source_named
from core.sources.context import Context, EarlierFile
from core.sources.ingest_settings import IngestSettings
from core.sources.tabular import growth
from core.tables import limits
from core.tables.codec import encode
from tests.commands import command

HEADER = "date,ticker,open,high,low,close,adj_close,volume\n"
TICKERS = ("AAA", "NA", "ZQX")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = np.arange("2024-01-01", "2024-03-10", dtype="datetime64[D]").astype(str).tolist()


def line(day, ticker, close=51.29):
    return f"{day},{ticker},{close},{close + 1:.2f},{close - 1:.2f},{close},{close},1994200\n"


def lines(days, tickers=TICKERS):
    """By date: every ticker of a day, then the next day."""
    return "".join(line(day, ticker, 50.25 + n / 8) for n, day in enumerate(days) for ticker in tickers)


BEFORE = HEADER + lines(DAYS[:30])
NEXT = lines(DAYS[30:32])


INGEST = ("luigi", "--module", "luigi_tasks", "Ingest", "--local-scheduler", "--source", "files", "--path")


class Desk:
    """Reads one path again and again, as runs of one data root do."""

    def __init__(self, folder):
        self.path, self.folder = folder / "prices.csv", folder

    def read(self, data, files=(), **options):
        """The artifact as bytes, and what the meta would say; an error as its text."""
        self.path.write_bytes(data)
        settings = IngestSettings(path=str(self.path), input_digest=sha256(data), **options)
        context = Context(files=lambda: iter(files))
        try:
            content = encode(source_named("files").read(settings, (), context)).data
        except (AftercloseError, pa.ArrowException) as error:
            return str(error), {}  # what cannot be written as one type is refused by whoever writes it
        return content, context.notes

    def checkpoint(self, data, **options):
        """What a reading leaves behind for the next, none if its reader does not attest it."""
        content, notes = self.read(data, **options)
        if "plain_bytes" not in notes:
            return []
        path = self.folder / "prices_raw.parquet"
        path.write_bytes(content)
        rows = pq.read_metadata(path).num_rows
        return [EarlierFile("prices-1", notes["plain_bytes"], sha256(data), rows, lambda: path)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Small files count as large ones here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growth, "LEAST_BYTES", 1)
        patch.setattr("core.sources.files.LEAST_BYTES", 1)
        patch.setattr("core.sources.tabular.rowlines.MOST_BYTES_ON_RECORD", 0)
        patch.setattr("core.sources.files.MOST_BYTES_ON_RECORD", 0)
        patch.setattr(limits, "PARQUET_ABOVE_ROWS", 1)
        yield Desk(tmp_path_factory.mktemp("grown"))


def both(desk, before, after, **options):
    """The grown file read with the earlier checkpoint and from scratch, and whether its tail alone was read."""
    scratch, plain = desk.read(after, **options)
    grown, notes = desk.read(after, desk.checkpoint(before, **options), **options)
    assert grown == scratch
    assert {name: value for name, value in notes.items() if name != "tail"} == plain
    return "tail" in notes


FORMS = {
    "as it is": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "quoted header": lambda text: text.replace(
        HEADER, '"' + HEADER[:-1].replace(",", '","') + '"\n'
    ).encode(),
    "no adjusted close": lambda text: "\n".join(
        ",".join(row.split(",")[:6] + row.split(",")[7:]) for row in text.split("\n")
    ).encode(),
    "quoted cells before": lambda text: text.replace("2024-01-03,AAA", '2024-01-03,"AAA"').encode(),
    "a price missing before": lambda text: text.replace("50.25,50.25,1994200", ",50.25,1994200", 1).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_grew_by_a_day_is_read_by_its_tail(desk, form):
    """The new lines alone are read, whatever plain form the file has, and the bytes are those of reading it all."""
    assert both(desk, FORMS[form](BEFORE), FORMS[form](BEFORE + NEXT))


def test_the_meta_says_what_was_read_and_whence_the_rest_is(desk):
    """Six new lines, ninety rows of the earlier checkpoint."""
    _, notes = desk.read((BEFORE + NEXT).encode(), desk.checkpoint(BEFORE.encode()))
    assert notes["tail"] == {"new_lines": 6, "earlier_rows": 90, "earlier": "prices-1"}


GROWTHS = {
    "a late correction": line(DAYS[3], "AAA", 12.5),
    "a new ticker with its history": lines(DAYS[:5], ("BRK.B",)),
    "the same row twice": line(DAYS[30], "AAA") * 2,
    "a price missing": NEXT.replace("54.0,1994200", ",1994200", 1),
}


@pytest.mark.parametrize("rows", GROWTHS)
def test_new_lines_may_stand_anywhere_in_time(desk, rows):
    """Rows of earlier days are sorted in behind those that were there."""
    assert both(desk, BEFORE.encode(), (BEFORE + GROWTHS[rows]).encode())


def grouped(days):
    return HEADER + "".join(lines(days, (ticker,)) for ticker in TICKERS)


THOUSANDTHS = "2024-01-31,AAA,51.125,52.125,50.125,51.125,51.125,1994200\n"

NO_GROWTH = {
    "a correction": (BEFORE, BEFORE.replace("50.5,", "50.75,", 1) + NEXT),
    "an inserted row": (BEFORE, BEFORE.replace(HEADER, HEADER + line("2023-12-29", "AAA")) + NEXT),
    "another order": (BEFORE, HEADER + "".join((BEFORE + NEXT).splitlines(keepends=True)[:0:-1])),
    "a changed header": (BEFORE, BEFORE.replace("ticker", "Ticker", 1) + NEXT),
    "by ticker": (grouped(DAYS[:30]), grouped(DAYS[:32])),
    "no end of line": (BEFORE[:-1], BEFORE + NEXT),
    "shorter": (BEFORE, BEFORE[: BEFORE.rindex("2024")]),
    "a quote in the tail": (BEFORE, BEFORE + NEXT.replace("AAA", '"AAA"')),
    "a blank line in the tail": (BEFORE, BEFORE + "\n,,,,,,,\n" + NEXT),
    "a footnote": (BEFORE, BEFORE + NEXT + "Source: the exchange,,,,,,,\n"),
    "text for a number": (BEFORE, BEFORE + NEXT.replace("1994200", "1.9M")),
    "an infinity": (BEFORE, BEFORE + NEXT.replace("1994200", "inf")),
    "another form of dates": (BEFORE, BEFORE + NEXT.replace(DAYS[31], "2/1/2024")),
    "a time of day": (BEFORE, BEFORE + NEXT.replace(DAYS[31], DAYS[31] + "T16:00:00")),
    "a further cell": (BEFORE, BEFORE + NEXT.replace("1994200", "1994200,")),
    "a row cut short": (BEFORE, BEFORE + NEXT + DAYS[32] + ",AAA,5"),
    "semicolons": (BEFORE.replace(",", ";"), (BEFORE + NEXT).replace(",", ";")),
    "dates day first": (
        BEFORE.replace("2024-01-", "2024/1/"),
        (BEFORE + NEXT).replace("2024-01-", "2024/1/"),
    ),
    "undecided points": (HEADER + THOUSANDTHS * 30, HEADER + THOUSANDTHS * 31),
    "a number as text before": (
        BEFORE.replace("1994200", '"1,994,200"', 1),
        BEFORE.replace("1994200", '"1,994,200"', 1) + NEXT,
    ),
    "a further column": (
        BEFORE.replace("volume", "volume,note").replace("1994200", "1994200,7"),
        (BEFORE + NEXT).replace("volume", "volume,note").replace("1994200", "1994200,7"),
    ),
    "a ticker in other capitals": (BEFORE, BEFORE + NEXT.replace("AAA", "aaa")),
    "grown by more than a quarter": (BEFORE, BEFORE + lines(DAYS[30:50])),
}


@pytest.mark.parametrize("case", NO_GROWTH)
def test_whatever_is_in_doubt_is_read_as_a_whole(desk, case):
    """Not one byte of the result differs, and nothing comes from the checkpoint."""
    before, after = (text.encode() for text in NO_GROWTH[case])
    assert not both(desk, before, after)


def test_a_damaged_checkpoint_gives_nothing(desk):
    """All is read, and the bytes are the same."""

    def damaged():
        raise CheckpointError("it is damaged", expected="what was committed")

    after = (BEFORE + NEXT).encode()
    (file,) = desk.checkpoint(BEFORE.encode())
    broken = EarlierFile(file.key, file.size, file.sha256, file.rows, damaged)
    grown, notes = desk.read(after, [broken])
    assert (grown, "tail" in notes) == (desk.read(after)[0], False)


cells = st.sampled_from(
    [
        "51.29",
        "7",
        "0.5",
        "",
        "1.234",
        "1,234.5",
        '"1,234"',
        "NaN",
        "n.a.",
        "inf",
        "-",
        "$5",
        "1e3",
        "9007199254740993",
    ]
)
days = st.sampled_from(
    [
        *DAYS[28:34],
        DAYS[2],
        "2024-1-31",
        "31.01.2024",
        "1/31/2024",
        "20240131",
        "",
        "2024-01-31T00:00:00Z",
        "x",
    ]
)
rows = st.tuples(days, st.sampled_from(["AAA", "ZQX", "new", " AAA", '="ZQX"', "NA", ""]), *[cells] * 6).map(
    ",".join
)
ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n", ",\n", "", " \n"])
tails = st.lists(st.tuples(rows, ends).map("".join), min_size=1, max_size=8).map("".join)
plain = st.lists(
    st.builds(
        line,
        st.sampled_from(DAYS[:40]),
        st.sampled_from([*TICKERS, "B"]),
        st.floats(2, 1e5).map(lambda x: round(x, 4)),
    ),
    min_size=1,
    max_size=20,
).map("".join)


@given(st.sampled_from(list(FORMS)), plain)
def test_any_plain_growth_gives_the_bytes_of_reading_it_all(desk, form, tail):
    """In any order of days, tickers and prices."""
    both(desk, FORMS[form](BEFORE), FORMS[form](BEFORE + tail))


@given(tails, tails, st.booleans())
def test_no_growth_changes_a_byte(desk, first, then, twice):
    """Lines of any form, also where the beginning holds such lines itself."""
    before = BEFORE + first if twice else BEFORE
    both(desk, before.encode(), (before + then).encode())


def test_runs_of_the_days_after_read_the_tail_until_a_checkpoint_is_damaged(tmp_path):
    """Run after run in one data root gives the bytes of a fresh one; log and meta say what was read."""
    days = np.arange("1990-01-01", "2014-01-01", dtype="datetime64[D]").astype(str).tolist()[:6_000]
    tickers = [f"T{n:02}" for n in range(42)]
    whole, path = HEADER + lines(days, tickers), tmp_path / "prices.csv"
    rows = whole.splitlines(keepends=True)
    cut = [sum(map(len, rows[: -42 * n])) for n in (3, 2, 1)]

    def run(text, data):
        path.write_text(text)
        outcome = command(*INGEST, str(path), data=data)
        assert outcome.code == 0, outcome.err
        metas = {p: p.stat().st_mtime_ns for p in data.glob("checkpoints/ingest/*/meta.json")}
        newest = max(metas, key=metas.get)
        return newest, json.loads(newest.read_text())

    root = tmp_path / "root"
    made = [run(whole[:end], root) for end in cut[:2]]
    assert "tail" not in made[0][1]
    assert made[1][1]["tail"] == {
        "new_lines": 42,
        "earlier_rows": 42 * 5_997,
        "earlier": made[0][0].parent.name,
    }
    logs = "".join(log.read_text() for log in root.glob("runs/*/*.jsonl"))
    assert logs.count('"event": "tail_read"') == 1
    fresh = run(whole[: cut[1]], tmp_path / "fresh")[1]
    assert fresh["artifacts"] == made[1][1]["artifacts"]
    assert [a["plain_bytes"] < b["plain_bytes"] for (_, a), (_, b) in pairwise(made)] == [True]
    for meta, _ in made:
        with (meta.parent / "prices_raw.parquet").open("r+b") as stream:
            stream.seek(100_000)
            stream.write(b"damaged!")
    last = run(whole[: cut[2]], root)[1]
    assert "tail" not in last
    assert last["artifacts"][0]["rows"] == 42 * 5_999
