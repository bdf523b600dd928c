"""A user-defined source: a function that reads a database, in whole runs, with its vintages and its messages."""

import json
import sqlite3

import pandas as pd
import pytest

from core.errors import SourceError
from core.plugins.modules import digest_of_modules, modules_named
from core.sources import source_named
from core.sources.ingest_settings import IngestSettings, SessionSettings
from core.sources.sample import sample_file
from tests.commands import command

WAREHOUSE = """
import sqlite3

from core.plugins import source


@source(text="our warehouse", price_basis="raw")
def warehouse(tickers, start, end):
    database = sqlite3.connect("prices.db")
    cursor = database.execute("SELECT * FROM prices WHERE date BETWEEN ? AND ?", (start, end))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]
"""
SPAN = ("--start", "2009-01-02", "--end", "2011-12-30")


def run(folder, *words):
    """A run of the source own in a folder."""
    return command("afterclose", "run", "--source", "own", *SPAN, *words, cwd=folder, data=folder / "data")


def made(folder, text, tickers=("AAPL", "IBM")):
    """Fill a folder with a module and a database of the sample's prices."""
    (folder / "mine.py").write_text(text)
    (folder / "luigi.cfg").write_text("[plugins]\nmodules = mine.py\n")
    frame = pd.read_csv(sample_file())
    frame = frame.set_axis([name.lower().replace(" ", "_") for name in frame], axis="columns")
    with sqlite3.connect(folder / "prices.db") as database:
        frame[frame["ticker"].isin(tickers)].to_sql("prices", database, index=False)


def ingests(folder):
    """The keys of the prices that were read."""
    home = folder / "data" / "checkpoints" / "ingest"
    return {key.name for key in home.iterdir()} if home.is_dir() else set()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a warehouse that was read once."""
    folder = tmp_path_factory.mktemp("warehouse")
    made(folder, WAREHOUSE)
    done = run(folder)
    assert done.code == 0, done.err
    return folder


def test_prices_of_a_function_are_those_that_it_gave(desk):
    """Row by row, with the source, its file and the prices' basis in the header; the same as the sample's."""
    raw = json.loads((desk / "data" / "latest" / "prices_raw.json").read_text())
    assert (raw["source"]["name"], raw["source"]["uri"], raw["price_basis"]) == (
        "own",
        "own:mine.py:warehouse",
        "raw",
    )
    words = ("afterclose", "run", "--tickers", "AAPL,IBM", *SPAN)
    assert command(*words, cwd=desk, data=desk / "sample").code == 0
    sample = json.loads((desk / "sample" / "latest" / "prices_raw.json").read_text())
    assert raw["rows"] == sample["rows"]
    assert "own" in (desk / "data" / "latest" / "report.txt").read_text()


def test_a_thread_that_it_leaves_behind_does_not_hold_its_run(tmp_path):
    """A source may start threads, and a library of it may never end one: the run is over when its stages are."""
    begins = "def warehouse(tickers, start, end):\n"
    asleep = "    import threading, time\n    threading.Thread(target=time.sleep, args=(86400,)).start()\n"
    made(tmp_path, WAREHOUSE.replace(begins, begins + asleep))
    done = run(tmp_path, "--target", "ingest")
    assert done.code == 0, done.err
    listed = command("afterclose", "runs", "--json", cwd=tmp_path, data=tmp_path / "data")
    assert [each["state"] for each in json.loads(listed.out)] == ["succeeded"]


def test_it_is_asked_again_only_on_request_and_with_another_text(desk):
    """Nothing to do; a fresh answer is a vintage; another text of the module is another key."""
    before = ingests(desk)
    assert run(desk).code == 0
    assert ingests(desk) == before
    fresh = run(desk, "--force", "ingest")
    assert fresh.code == 0, fresh.err
    assert len(ingests(desk) - before) == 1
    before = ingests(desk)
    (desk / "mine.py").write_text(WAREHOUSE + "\n")
    assert run(desk).code == 0
    assert len(ingests(desk) - before) == 1
    (desk / "mine.py").write_text(WAREHOUSE)


def test_its_profile_is_called_after_module_and_function_and_can_be_asked_for_by_name(desk):
    """It was `own:tickers` for every module, and no command knew that name."""
    rows = json.loads(command("afterclose", "profiles", "--json", cwd=desk, data=desk / "data").out)
    assert "own:mine.warehouse" in [row["profile"] for row in rows]
    words = ("afterclose", "plan", "--profile", "own:mine.warehouse")
    planned = command(*words, cwd=desk, data=desk / "data")
    assert planned.code == 0, planned.err


def test_a_ticker_that_it_does_not_give_is_named(desk):
    """One that was asked for and is not among the rows: exit code 20 or 30, and nothing is committed."""
    before = ingests(desk)
    done = run(desk, "--tickers", "AAPL,TSLA")
    assert done.code == 30
    assert "source warehouse has no rows of TSLA" in done.err
    assert ingests(desk) == before


WRONG = {
    "source warehouse fails: mine.py, line 9: ZeroDivisionError": "1 / 0",
    "source warehouse fails: mine.py, line 9: prints 'hello'": "print('hello')",
    "source warehouse fails: mine.py, line 9: writes the file": "open('x.txt', 'w')",
    "source warehouse fails: mine.py, line 9: starts a process": "import os; os.system('true')",
    "mine.py, line 7: source warehouse gives int": "return 1",
    "mine.py, line 7: source warehouse gives columns day": "return [{'day': 1}]",
    "mine.py, line 7: source warehouse gives columns date, ticker, 5": (
        "return [{'date': '2012-01-04', 'ticker': 'A', 5: 1}]"
    ),
    "mine.py, line 7: source warehouse gives columns date, ticker, ('a', 'b')": (
        "return [{'date': '2012-01-04', 'ticker': 'A', ('a', 'b'): 1}]"
    ),
    "mine.py, line 7: source warehouse gives columns date, ticker, date": (
        "import pandas as pd; return pd.DataFrame([['2012-01-04', 'A', 1]], columns=['date', 'ticker', 'date'])"
    ),
    "source warehouse has no rows": "return [{'date': '1999-01-04', 'ticker': 'A', 'close': 1.0}]",
}


@pytest.mark.parametrize("message", WRONG)
def test_what_goes_wrong_is_one_message_with_its_line(tmp_path, message):
    """The function's own fault, what it may not do, and what is no table of prices."""
    made(tmp_path, WAREHOUSE.replace("    database =", f"    {WRONG[message]}\n    database =", 1))
    modules = modules_named("mine.py", tmp_path)
    settings = IngestSettings(
        "own",
        start=SPAN[1],
        end=SPAN[3],
        plugins=str(tmp_path / "mine.py"),
        sources_modules=digest_of_modules(modules),
    )
    with pytest.raises(SourceError) as raised:
        source_named("own").read(settings, ())
    assert message in str(raised.value)


def test_a_source_out_of_reach_is_asked_again_with_patience(tmp_path):
    """A refused connection is no fault of the module: it is tried as often as a live service."""
    text = WAREHOUSE.replace(
        "    database =", "    raise ConnectionRefusedError('no warehouse')\n    database =", 1
    )
    made(tmp_path, text)
    done = run(tmp_path)
    assert done.code != 0
    assert "source warehouse is out of reach" in done.err
    log = next((tmp_path / "data" / "runs").glob("*/log.jsonl")).read_text()
    assert '"retried"' in log


def test_a_run_has_one_source(tmp_path):
    """None, or two: judged before the run, exit code 4."""
    section = "from core.plugins import section\n\n@section('Ours')\ndef ours(evaluation):\n    return 'x'\n"
    made(tmp_path, section)
    assert "declare no source" in run(tmp_path).err
    made_twice = WAREHOUSE + WAREHOUSE.replace("def warehouse", "def other").partition("import source\n")[2]
    (tmp_path / "mine.py").write_text(made_twice)
    done = run(tmp_path)
    assert (done.code, "declare warehouse, other" in done.err) == (4, True)


def test_other_sources_do_not_rest_on_it(tmp_path):
    """The key of the sample's prices is the same with a module that declares a source."""
    made(tmp_path, WAREHOUSE)
    words = ("luigi", "--module", "luigi_tasks", "Ingest", "--local-scheduler", "--tickers", "AAPL", *SPAN)
    assert command(*words, cwd=tmp_path, data=tmp_path / "with").code == 0
    (tmp_path / "luigi.cfg").unlink()
    assert command(*words, cwd=tmp_path, data=tmp_path / "without").code == 0
    with_, without = (
        {p.name for p in (tmp_path / d / "checkpoints" / "ingest").iterdir()} for d in ("with", "without")
    )
    assert with_ == without


def test_a_session_without_a_whole_row_is_none_that_it_has(tmp_path):
    """With a close and no volume cleaning drops the row; where closes are taken, nobody's volume is needed."""
    rows = [
        {"date": day, "ticker": "A", "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": volume}
        for day, volume in (("2012-01-04", 5.0), ("2012-01-05", None))
    ]
    made(tmp_path, WAREHOUSE.replace("    database =", f"    return {rows!r}\n    database =", 1))
    planned = {"plugins": str(tmp_path / "mine.py")}
    planned["sources_modules"] = digest_of_modules(modules_named("mine.py", tmp_path))

    def sessions(first, **more):
        settings = SessionSettings("own", **planned, **more)
        return sorted(source_named("own").sessions(settings, (), (first, "2012-01-05")))

    assert sessions("2012-01-04") == ["2012-01-04"]
    assert sessions("2012-01-05") == []
    assert sessions("2012-01-05", close_only=True) == ["2012-01-05"]
