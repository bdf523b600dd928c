"""A folder of files: what of it is read, its digest, odd names, and what is refused."""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import json
import os
import subprocess
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from core.errors import MissingFileError, ParameterError, SourceError
from core.parameters import settings_from
from core.request.settings import load
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from core.sources import source_named
from core.sources.ingest_settings import IngestSettings
from core.sources.tabular import inventory
from core.sources.tabular.inventory import globbed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CSV = "date,open,high,low,close,volume\n2024-01-02,1,2,0.5,1.5,7\n2024-01-03,1,2,0.5,1.25,8\n"


@pytest.fixture
def folder(tmp_path):
    """Five tickers in as many ways, and what is not to be read."""
    home = tmp_path / "Kurse"
    home.mkdir()
    (home / "BRK-B.csv").write_text(CSV)
    (home / "^GSPC.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    (home / "NA.csv").write_text(
        CSV.replace(",", ";").replace("2024-01-02", "02.01.2024").replace("2024-01-03", "03.01.2024")
    )
    (home / "Zürich.csv").write_text(CSV)
    frame = pd.DataFrame({"Date": pd.to_datetime(["2024-01-02", "2024-01-03"]), "Close": [1.5, 1.25]})
    frame.assign(Open=1.0, High=2.0, Low=0.5, Volume=[7, 8]).to_parquet(home / "btc-usd.parquet")
    (home / "README.md").write_text("not a table")
    (home / ".hidden.csv").write_text("not,a table")
    (home / "sub").mkdir()
    return home


def read(path, tickers=(), **said):
    """Resolve and read, as ingest does."""
    source = source_named("files")
    asked = {"path": str(path), **said}
    found = source.resolve(settings_from(IngestSettings, asked), tickers, NOW)
    return source.read(
        settings_from(IngestSettings, {**asked, "input_digest": found.input_digest}), found.tickers
    ), found


def test_every_table_of_a_folder_is_read_under_its_name(folder):
    """Odd but legal names, each file in its own way; hidden ones, other endings and folders are not read."""
    table, found = read(folder)
    assert sorted(set(table.frame["ticker"])) == ["BRK-B", "BTC-USD", "NA", "ZÜRICH", "^GSPC"]
    assert len(table.frame) == 10
    assert table.frame["close"].tolist() == [1.5] * 5 + [1.25] * 5
    assert table.header["source"]["uri"] == "file:Kurse/"
    ways = {file["name"]: file for file in table.header["source"]["files"]}
    assert ways["NA.csv"]["dates"] == "eu"
    assert ways["NA.csv"]["delimiter"] == "semicolon"
    assert ways["^GSPC.csv.gz"]["packed"] == "gzip"
    assert ways["btc-usd.parquet"]["encoding"] == "parquet"
    assert found.label == "Kurse"


def test_a_folders_digest_is_over_names_and_digests_and_nothing_else(folder):
    """Worked out here; what stands in a file that is not read does not count, a changed byte or a name does."""
    names = ["BRK-B.csv", "NA.csv", "Zürich.csv", "^GSPC.csv.gz", "btc-usd.parquet"]
    pairs = [[name, hashlib.sha256((folder / name).read_bytes()).hexdigest()] for name in sorted(names)]
    canonical = "[" + ",".join(f'["{n}","{d}"]' for n, d in pairs) + ',["README.md","sub/"]]'
    escaped = canonical.encode("ascii", "backslashreplace").replace(b"\\xfc", b"\\u00fc")
    first = read(folder)[1].input_digest
    assert first == hashlib.sha256(escaped).hexdigest()
    (folder / "README.md").write_text("other words")
    assert read(folder)[1].input_digest == first
    (folder / "NA.csv").rename(folder / "NB.csv")
    assert read(folder)[1].input_digest != first


def test_a_decomposed_file_name_is_the_same_ticker_and_the_same_key(folder):
    """Some systems write ü as u and two dots."""
    first = read(folder)
    (folder / "Zürich.csv").rename(folder / unicodedata.normalize("NFD", "Zürich.csv"))
    second = read(folder)
    assert second[1].input_digest == first[1].input_digest
    assert sorted(set(second[0].frame["ticker"])) == sorted(set(first[0].frame["ticker"]))


def test_a_folder_of_tables_alone_has_the_digest_of_its_tables(tmp_path):
    """Nothing else is in it: names and digests, as ever."""
    (tmp_path / "A.csv").write_text(CSV)
    pair = ["A.csv", hashlib.sha256(CSV.encode()).hexdigest()]
    (tmp_path / ".hidden").write_text("")
    assert (
        read(tmp_path)[1].input_digest
        == hashlib.sha256(json.dumps([pair], separators=(",", ":")).encode()).hexdigest()
    )


def test_what_is_left_unread_is_on_record(folder):
    """Other endings and folders by name; hidden files are nobody's business."""
    assert read(folder)[0].header["source"]["skipped"] == ["README.md", "sub/"]


def test_the_order_in_which_files_were_written_does_not_matter(folder, tmp_path):
    """The same files elsewhere give the same table and digest."""
    other = tmp_path / "x" / "Kurse"
    (other / "sub").mkdir(parents=True)
    for file in sorted(folder.glob("*.*"), reverse=True):
        if file.is_file():
            (other / file.name).write_bytes(file.read_bytes())
    (one, first), (two, second) = read(folder), read(other)
    assert first == second
    assert one.frame.equals(two.frame)
    assert one.header == two.header


def test_a_file_that_joins_between_plan_and_reading_fails(folder):
    """The key holds the digest of another folder."""
    source = source_named("files")
    digest = source.resolve(IngestSettings(path=str(folder)), (), NOW).input_digest
    (folder / "NEW.csv").write_text(CSV)
    with pytest.raises(SourceError, match="Kurse changed while the run was starting"):
        source.read(IngestSettings(path=str(folder), input_digest=digest), ())


def test_one_bad_file_is_named(folder):
    """Not the folder: the file, and its line."""
    (folder / "BAD.csv").write_text(CSV + "2024-01-04,1,2,3,4,5,6,7\n")
    with pytest.raises(SourceError, match=r"BAD\.csv, line 4 has 8 cells"):
        read(folder)


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    """What is signed for as a folder must be in it."""
    (tmp_path / "secret.csv").write_text(CSV)
    (folder / "LINK.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ParameterError, match=r"LINK\.csv in Kurse is a link"):
        read(folder)


@pytest.mark.parametrize("kind", ["pipe", "link to nowhere"])
def test_what_is_no_file_in_a_folder_is_refused_and_waited_for_by_nobody(folder, kind):
    """Planning would wait for a writer, in the scheduler for all schedules."""
    os.mkfifo(folder / "NONE.csv") if kind == "pipe" else (folder / "NONE.csv").symlink_to("nowhere.csv")
    with pytest.raises(ParameterError, match=r"NONE\.csv in Kurse is no file"):
        inventory.inventory_of(str(folder))


def test_too_many_files_or_bytes_are_refused_before_any_is_read(folder, monkeypatch):
    """Caps on the folder as a whole."""
    monkeypatch.setattr(inventory, "MAX_FILES", 4)
    with pytest.raises(ParameterError, match="5 files; expected at most 4"):
        read(folder)
    monkeypatch.setattr(inventory, "MAX_FILES", 9)
    monkeypatch.setattr(inventory, "MAX_BYTES", 100)
    with pytest.raises(ParameterError, match="bytes; expected at most 100"):
        read(folder)


@pytest.mark.parametrize("path", ["nowhere", "nowhere/../..\x00", "."])
def test_what_is_not_there_is_a_missing_file(path, tmp_path, monkeypatch):
    """An empty folder and a name that no system has, too."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError) as raised:
        read(path)
    assert raised.value.exit_code == 20


def test_how_files_are_read_is_in_the_key_of_files_and_of_nothing_else(folder, tmp_path):
    """A date format changes what a file says; the sample has none."""
    settings = load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)

    def key(**request):
        return stage_plans(resolve(request, settings=settings, now=NOW)).keys["ingest"]

    files = {"source": "files", "path": str(folder)}
    assert key(**files) != key(**files, date_format="eu")
    assert key() == key(date_format="eu", encoding="cp1252")


@pytest.fixture
def partitioned(tmp_path):
    """Parquet as engines write it: the ticker and the year in the names of folders, marks of the engine beside them."""
    frame = pd.read_csv(io.StringIO(CSV))
    for folder in ("ticker=ZQX/year=2024", "ticker=BRK%2FB"):
        (tmp_path / "hive" / folder).mkdir(parents=True)
        frame.to_parquet(tmp_path / "hive" / folder / "part-0.parquet")
    (tmp_path / "hive" / "_SUCCESS").touch()
    return tmp_path / "hive"


def test_folders_named_by_key_and_value_are_read_and_give_the_ticker(partitioned):
    """Two files of one name are two companies; a slash in a ticker is escaped on disk."""
    table, found = read(partitioned)
    assert table.frame["ticker"].value_counts().to_dict() == {"ZQX": 2, "BRK/B": 2}
    files = table.header["source"]["files"]
    assert [file["name"] for file in files] == [
        "ticker=BRK%2FB/part-0.parquet",
        "ticker=ZQX/year=2024/part-0.parquet",
    ]
    assert {file["ticker_from"] for file in files} == {"folder name"}
    assert "skipped" not in table.header["source"]
    (partitioned / "ticker=ZQX").rename(partitioned / "ticker=YRW")
    assert read(partitioned)[1].input_digest != found.input_digest


def test_a_folder_may_say_the_date(tmp_path):
    """Where the file has no column of dates."""
    for day in ("2024-01-02", "2024-01-03"):
        (tmp_path / f"date={day}").mkdir()
        text = "ticker,open,high,low,close,volume\nA,1,2,0.5,1.5,7\n"
        (tmp_path / f"date={day}" / "part.csv").write_text(text)
    assert read(tmp_path)[0].frame["date"].tolist() == ["2024-01-02", "2024-01-03"]


def test_a_folder_that_contradicts_its_file_is_refused(tmp_path):
    """Which of both is right, a person must say."""
    (tmp_path / "ticker=A").mkdir()
    (tmp_path / "ticker=A" / "x.csv").write_text("date,ticker,close\n2024-01-02,B,1\n")
    with pytest.raises(SourceError, match="rows of B in a folder that says A"):
        read(tmp_path)


def test_two_files_that_would_be_one_ticker_by_their_names_are_refused(tmp_path):
    """Folders that name something else than the ticker: both would be PART-0."""
    for name in ("venue=x", "venue=y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "part-0.csv").write_text(CSV)
    with pytest.raises(SourceError, match="both would be PART-0 by their names"):
        read(tmp_path)


def test_a_pattern_reads_what_it_matches(folder):
    """Files alone; nothing else of the folder is looked at."""
    table, found = read(folder / "N*.csv")
    assert sorted(set(table.frame["ticker"])) == ["NA"]
    assert table.header["source"]["uri"] == "file:N*.csv/"
    assert found.input_digest == read(folder / "NA*")[1].input_digest
    with pytest.raises(MissingFileError):
        read(folder / "Q*.csv")


PATTERNS = (
    "*.csv", "**/*.csv", "**", "a*/**/x.csv", "**/b/*.csv", "**/**/x.csv", "?/b/../*.csv", "[ab]/x.csv", "**/.h*/x.csv",
    "*/none/*.csv", "a/**/*", "**/x.*", ".*/x.csv", "link/*.csv", "*/b/x.csv",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_pattern_means_what_the_shell_takes_it_for(tmp_path, monkeypatch, pattern, absolute):
    """As Python's glob: hidden ones only where they are named, links to folders followed."""
    for place in (
        "x.csv",
        "a/x.csv",
        "a/b/x.csv",
        "a/b/c/y.csv",
        "b/x.csv",
        ".h/x.csv",
        "a/.h/x.csv",
        "b/note.md",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("x")
    (tmp_path / "link").symlink_to("a/b")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "itself").symlink_to("itself")
    monkeypatch.chdir(tmp_path)
    text = f"{tmp_path}/{pattern}" if absolute else pattern
    expected = {Path(match) for match in glob.glob(text, recursive=True) if Path(match).is_file()}  # noqa: PTH207 - what it is compared with
    assert set(globbed(text)) == expected
    assert list(globbed(text)) == sorted(globbed(text))


def test_a_pattern_over_links_that_lead_in_circles_has_an_end(tmp_path, monkeypatch):
    """Two links to the folder itself are more ways than anybody has time for, in a thread of the desk too."""
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(".")
    monkeypatch.setattr(inventory, "MOST_LOOKS", 1_000)
    for pattern in ("**/x.csv", "/".join("*" * 30)):
        with pytest.raises(ParameterError, match="more than 1,000 folders"):
            globbed(f"{tmp_path}/{pattern}")


def test_a_pattern_over_folders_in_each_other_without_end_is_read(tmp_path):
    """As many as a path can have: no error of Python's own."""
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1_500):
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
    finally:
        os.close(here)
    (tmp_path / "d" / "x.csv").write_text("x")
    assert globbed(f"{tmp_path}/**/x.csv") == (tmp_path / "d" / "x.csv",)
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_a_file_whose_name_holds_brackets_is_no_pattern(tmp_path):
    """It is there as it is written."""
    (tmp_path / "prices[1].csv").write_text("date,ticker,close\n2024-01-02,A,1.5\n")
    assert len(read(tmp_path / "prices[1].csv")[0].frame) == 1
