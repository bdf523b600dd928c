"""A link that is exchanged after its path was judged leads nowhere: what is open is judged, by whoever reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import ParameterError, SourceError
from core.fingerprint import sha256
from core.paths import opened
from core.queries.look import look_at
from core.request import roots
from core.request.settings import load
from core.runs.profile import profile_of
from core.sources.context import Context
from core.sources.files import SOURCE
from core.sources.ingest_settings import IngestSettings
from core.sources.lines import with_lines
from core.sources.tabular import streaming
from core.sources.tabular.options import Options
from core.sources.tabular.parquetbatches import batches
from core.store import universe_files
from core.tables import limits
from tests.commands import changed_on_import

PRICES = "date,ticker,open,high,low,close,volume\n" + "".join(
    f"2024-01-{day:02},A,{day},{day},{day},{day},1\n" for day in range(2, 9)
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OUT = "in none of the folders of price files"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of prices that others may write, with a link to a table in it, and the same table elsewhere."""
    home = tmp_path / "work"
    for folder in (home / "prices", tmp_path / "elsewhere", home / "data" / "keys"):
        folder.mkdir(parents=True)
    for folder in (home / "prices", tmp_path / "elsewhere"):
        (folder / "table.csv").write_text(PRICES)
    (home / "data" / "keys" / "desk.pem").write_text("-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n")
    (home / "prices" / "link.csv").symlink_to("table.csv")
    (home / "luigi.cfg").write_text("[files]\nroots = prices\n")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def settings(place):
    return load({"AFTERCLOSE_DATA": str(place / "data")}, place)


def exchange(place: Path, target: Path) -> None:
    """Let the link lead elsewhere, at once."""
    (place / "prices" / "next").symlink_to(target)
    (place / "prices" / "next").replace(place / "prices" / "link.csv")


@pytest.mark.parametrize("how", ["a link", "a folder that is one", "a hard link"])
def test_what_is_open_is_judged_and_not_what_its_path_led_to(place, settings, tmp_path, how):
    """By the system's own word of it; a secret by another name is known by its number."""
    path = place / "prices" / "link.csv"
    roots.check_path(str(path), settings, parameter="path")
    allowed = roots.AllowedFiles(settings)
    opened(path, allowed=allowed).close()
    if how == "a link":
        exchange(place, tmp_path / "elsewhere" / "table.csv")
    elif how == "a folder that is one":
        (place / "prices").rename(place / "before")
        (place / "prices").symlink_to(tmp_path / "elsewhere")
        path = place / "prices" / "table.csv"
    else:
        path.unlink()
        path.hardlink_to(place / "data" / "keys" / "desk.pem")
    with pytest.raises(ParameterError, match=OUT if how != "a hard link" else "configuration") as caught:
        opened(path, allowed=allowed)
    assert caught.value.exit_code == 4


def test_a_file_that_is_replaced_while_it_is_open_is_still_in_its_folder(place, settings):
    """Whoever delivers prices puts the new file in the old one's place."""
    path = place / "prices" / "table.csv"

    def replaced(stream):
        (place / "prices" / "new").write_text(PRICES)
        (place / "prices" / "new").replace(path)
        roots.AllowedFiles(settings)(stream)

    opened(path, allowed=replaced).close()


def test_a_source_reads_what_is_allowed(place, settings, tmp_path):
    """The same bytes elsewhere have the digest that was planned with."""
    path = str(place / "prices" / "link.csv")
    asked = IngestSettings("files", path=path, input_digest=sha256(PRICES.encode()))
    context = Context(allowed=roots.AllowedFiles(settings))
    assert SOURCE.read(asked, (), context).rows == 7
    exchange(place, tmp_path / "elsewhere" / "table.csv")
    with pytest.raises(ParameterError, match=OUT):
        SOURCE.read(asked, (), context)
    with pytest.raises(ParameterError, match=OUT):
        SOURCE.sessions(asked, (), ("2024-01-01", "2024-12-31"), context)


def test_a_long_file_is_the_one_that_was_judged_each_time_it_is_opened(place, tmp_path, monkeypatch):
    """It is opened for its footer, its digest, each part: by the file, and not by what its name leads to."""
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 3)
    table = pa.table({"date": ["2024-01-02"] * 4, "ticker": list("ABCD"), "close": [1.0] * 4})
    for folder in (place / "prices", tmp_path / "elsewhere"):
        pq.write_table(table, folder / "table.parquet")
    link = place / "prices" / "link.csv"
    exchange(place, place / "prices" / "table.parquet")
    with opened(link) as stream:
        file = streaming.large_file(link, stream, Options())
    assert file is not None
    assert sum(len(batch) for batch in batches(file, [0], None)) == 4
    exchange(place, tmp_path / "elsewhere" / "table.parquet")
    with pytest.raises(SourceError, match="changed while it was read"):
        list(batches(file, [0], None))


def test_a_run_commits_nothing_of_a_link_that_was_exchanged_after_its_plan(place, tmp_path, run_luigi):
    """In the whole program, in the moment between plan and ingest."""
    change = f"""
    import os
    plan = module.FilesSource.resolve

    def resolve(self, *words):
        answer = plan(self, *words)
        os.symlink({str(tmp_path / "elsewhere" / "table.csv")!r}, "prices/next")
        os.replace("prices/next", "prices/link.csv")
        return answer

    module.FilesSource.resolve = resolve
    """
    (tmp_path / "start").mkdir()
    env = changed_on_import(tmp_path / "start", "core.sources.files", change)
    words = ("--source", "files", "--path", "prices/link.csv", "--calendar", "24/7")
    done = run_luigi(*words, cwd=place, data=place / "data", env=env, task="Ingest")
    assert done.code != 0
    assert OUT in done.err
    assert not list((place / "data").glob("checkpoints/ingest/*/meta.json"))


def test_lists_of_a_run_are_judged_when_they_are_open(place, settings, tmp_path):
    """Tickers, symbols and members: their copies, and what is said of a wrong line, are for every viewer."""
    (place / "prices" / "list.txt").write_text("A\n")
    assert roots.tickers_in("@prices/list.txt", settings, upper=False) == ("A",)
    exchange(place, place / "data" / "keys" / "desk.pem")
    for name in ("symbols", "membership"):
        with pytest.raises(ParameterError, match=name):
            universe_files.keep("prices/link.csv", settings.data, name, roots.AllowedFiles(settings, name))


@pytest.mark.parametrize("name", ["data/keys/desk.pem", "/proc/self/environ", "../elsewhere/table.csv"])
def test_a_look_reads_no_list_of_tickers_that_a_run_may_not_read(settings, name):
    """Its first line that is no ticker was quoted, to whoever may look."""
    request = {"path": "prices/table.csv", "tickers": f"@{name}"}
    with pytest.raises(ParameterError) as caught:
        look_at(settings, request, now=NOW)
    assert caught.value.exit_code == 4
    assert "BEGIN" not in str(caught.value)
    assert "holds" not in str(caught.value)
    with pytest.raises(ParameterError) as caught:
        profile_of({"source": "files", **request}, settings)
    assert "holds" not in str(caught.value)


def test_a_look_at_a_pattern_follows_no_link_out_of_the_folders(place, settings, tmp_path):
    """A run judged each file that a pattern means; a look did not."""
    exchange(place, tmp_path / "elsewhere" / "table.csv")
    with pytest.raises(ParameterError, match=OUT):
        look_at(settings, {"path": "prices/li*.csv", "calendar": "24/7"}, now=NOW)


def test_lines_are_quoted_of_the_bytes_that_were_read(place, tmp_path):
    """With another file in its place nothing is quoted."""
    path = str(place / "prices" / "link.csv")
    asked = IngestSettings("files", path=path, input_digest=sha256(PRICES.encode()))
    finding = {"rule": "zero_volume", "ticker": "A", "date": "2024-01-03"}
    assert "lines" in with_lines([finding], asked)[0]
    (tmp_path / "elsewhere" / "table.csv").write_text(PRICES.replace(",1\n", ",2\n"))
    exchange(place, tmp_path / "elsewhere" / "table.csv")
    assert "lines" not in with_lines([finding], asked)[0]
