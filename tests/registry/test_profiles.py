"""What a run belongs to when it names no profile: names, and when a file is the same one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import ParameterError
from core.request.known_profiles import KnownProfiles, Question, is_derived, question_of
from core.runs import profile
from core.runs.profile import profile_of
from core.runs.resolve import resolve
from core.sources.files import FilesSource
from tests.conftest import prices_csv
from tests.registry.conftest import file_request, module_request, ran

SPELT = [
    ({}, "sample"),
    ({"source": "sample", "tickers": "MSFT,IBM,GOOG,FB,AAPL,AMZN"}, "sample-"),
    ({"source": "yahoo", "tickers": "MSFT, aapl"}, "yahoo:AAPL-MSFT-"),
    ({"source": "yahoo", "tickers": '["AAPL","MSFT"]'}, "yahoo:AAPL-MSFT-"),
    ({"source": "yahoo", "tickers": "A,B,C,D,E"}, "yahoo:A-B-C-2-more-"),
    (file_request("prices.csv"), "files:prices"),
    (file_request("prices.csv", tickers="AAA"), "files:prices-"),
    (file_request("my prices (1).csv"), "files:my-prices-1"),
]


@pytest.mark.parametrize(("request_", "beginning"), SPELT, ids=[str(s[1]) for s in SPELT])
def test_a_profile_is_called_after_source_and_tickers(request_, beginning, here):
    """Six hex digits where tickers are named; the name is one that profiles without a section have."""
    name = profile_of(request_, here)
    assert name.startswith(beginning)
    assert len(name) == len(beginning) + (6 if beginning.endswith("-") else 0)
    assert is_derived(name)


def test_spelling_and_order_of_tickers_change_no_name(here):
    """``MSFT,aapl`` is ``AAPL,MSFT``; other tickers are another profile, also of one source."""
    names = [
        profile_of({"source": "yahoo", "tickers": text}, here) for text in ("MSFT,aapl", "AAPL, MSFT,AAPL")
    ]
    assert len(set(names)) == 1
    assert profile_of({"source": "yahoo", "tickers": "AAPL,IBM"}, here) not in names


def test_naming_every_ticker_of_the_sample_is_the_sample():
    """It asks for the same."""
    assert question_of("sample", "", "AAPL,FB,GOOG,IBM,MSFT") == Question("sample")


def test_a_file_is_the_same_one_by_path_bytes_or_tickers(here, tmp_path, run_luigi):
    """Relative and absolute, copied, longer elsewhere: one profile; another vendor's of the same stem: another."""
    made = run_luigi(
        "--source",
        "files",
        "--path",
        str(tmp_path / "prices.csv"),
        "--calendar",
        "24/7",
        task="Ingest",
        data=here.data,
    )
    assert made.code == 0, made.err
    names = {
        name: ran(here, file_request(name))
        for name in (
            "prices.csv",
            str(tmp_path / "prices.csv"),
            "./copy/../prices.csv",
            "copy/prices.csv",
            "longer/prices.csv",
        )
    }
    assert set(names.values()) == {"files:prices"}
    other = ran(here, file_request("other/prices.csv"))
    assert other.startswith("files:prices-")
    assert ran(here, file_request("other/prices.csv")) == other
    assert ran(here, file_request("vendor.csv")) == "files:vendor"


def test_where_tickers_are_named_a_file_that_holds_them_is_the_same_one(here):
    """A folder of each day, with more in it than was asked for: one profile, also named beside the new path."""
    first = ran(here, file_request("prices.csv", tickers="AAA"))
    assert ran(here, file_request("longer/prices.csv", tickers="AAA")) == first
    assert profile_of(file_request("copy/prices.csv", tickers="AAA", profile=first), here) == first
    assert profile_of(file_request("longer/prices.csv", tickers="BBB"), here) != first
    assert profile_of(file_request("other/prices.csv", tickers="AAA"), here) != first, "it lacks AAA"
    with pytest.raises(ParameterError, match="was named beside"):
        profile_of(file_request("other/prices.csv", tickers="AAA", profile=first), here)


def test_a_file_of_one_ticker_without_its_column_is_the_same_one_under_the_ticker_that_is_named(
    here, tmp_path
):
    """Alone it is called after the file; named, it is what the name says."""
    for number, folder in enumerate(("monday", "tuesday")):
        lines = prices_csv(30 + number, tickers="A").splitlines()
        path = tmp_path / folder / "series.csv"
        path.parent.mkdir()
        path.write_text("\n".join(line.replace(",AAA", "").replace(",ticker", "") for line in lines) + "\n")
    first = ran(here, file_request("monday/series.csv", tickers="IBM"))
    assert ran(here, file_request("tuesday/series.csv", tickers="IBM")) == first


def test_of_profiles_that_are_the_same_the_first_one_goes_on(here):
    """Earlier versions made one a day of such files: a champion is most likely where the first was promoted."""
    request = file_request("prices.csv", tickers="AAA")
    first = ran(here, request)
    book, question = KnownProfiles(here.data), question_of("files", "gone/prices.csv", "AAA")
    for digest in ("000000", "ffffff"):
        book.keep(f"files:prices-{digest}", question)
    assert first not in ("files:prices-000000", "files:prices-ffffff")
    assert profile_of(file_request("longer/prices.csv", tickers="AAA"), here) == first


def test_a_file_with_a_ticker_that_was_renamed_is_the_same_one(here, tmp_path, run_luigi):
    """A run reads it under its new name: so is the file of the next day, in another folder, compared."""
    (tmp_path / "symbols.csv").write_text("old,new,date\nAAA,NEW,2020-01-20\n", encoding="utf-8")
    for number, folder in enumerate(("monday", "tuesday")):
        lines = prices_csv(30 + number, tickers="AB").splitlines()
        lines = [line.replace("AAA", "NEW") if line >= "2020-01-20" else line for line in lines]
        path = tmp_path / folder / "renamed.csv"
        path.parent.mkdir()
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = {"symbols": str(tmp_path / "symbols.csv")}
    words = ("--source", "files", "--path", str(tmp_path / "monday" / "renamed.csv"), "--calendar", "24/7")
    made = run_luigi(*words, "--symbols", options["symbols"], task="Ingest", data=here.data)
    assert made.code == 0, made.err
    assert profile_of(file_request("tuesday/renamed.csv", **options), here) == "files:renamed"
    assert profile_of(file_request("tuesday/renamed.csv"), here) != "files:renamed"


def test_a_file_that_somebody_brought_is_read_by_no_process_that_serves_others(here, monkeypatch):
    """Another one of that name is read whole to know whose it is, in the desk too: apart, and within bounds."""
    ran(here, file_request("prices.csv"))
    monkeypatch.setattr(profile, "tickers_of_run", lambda *_: frozenset({"AAA", "BBB"}))
    monkeypatch.setattr(FilesSource, "read", lambda *_: pytest.fail("it was read in this process"))
    assert profile_of(file_request("longer/prices.csv"), here) == "files:prices"
    small = replace(here, defaults={**here.defaults, "read_timeout_s": 0.01})
    assert profile_of(file_request("longer/prices.csv"), small).startswith("files:prices-")


def test_a_file_that_changed_where_it_was_is_the_same_one(here):
    """A daily job writes over its file: the path says which it is."""
    assert ran(here, file_request("prices.csv")) == "files:prices"
    shutil.copyfile("other/prices.csv", "prices.csv")
    assert ran(here, file_request("prices.csv")) == "files:prices"


def test_a_name_whose_file_is_lost_is_told_by_its_runs(here):
    """Another vendor's file does not take it over; the same file takes it up again."""
    assert ran(here, file_request("prices.csv")) == "files:prices"
    shutil.rmtree(here.data / "profiles")
    assert profile_of(file_request("other/prices.csv"), here).startswith("files:prices-")
    assert profile_of(file_request("prices.csv"), here) == "files:prices"


def test_a_profile_without_a_section_asks_for_the_same_again(here, tmp_path):
    """Under its name, wherever settings are asked; beside another file, source or ticker it is refused."""
    request = file_request("prices.csv")
    ran(here, request)
    under = here.under("files:prices")
    assert (under["source"], under["path"]) == ("files", str(tmp_path / "prices.csv"))
    assert profile_of({"profile": "files:prices"}, here) == "files:prices"
    for more in ({"path": "other/prices.csv"}, {"tickers": "AAA"}, {"source": "sample", "path": ""}):
        with pytest.raises(ParameterError, match=r"profile files:prices was named beside|is for"):
            profile_of({"profile": "files:prices", **more}, here)


def test_the_sample_asks_for_the_sample_whatever_the_defaults_are(here):
    """``[ingest] source = files`` in ``luigi.cfg`` changes nothing of what ``sample`` stands for."""
    configured = replace(here, defaults={**here.defaults, "source": "files", "path": "prices.csv"})
    under = configured.under("sample")
    assert (under["source"], under["path"]) == ("sample", None)
    assert profile_of({"profile": "sample"}, configured) == "sample"
    assert profile_of({}, configured) == "files:prices"


def test_a_profile_without_a_section_reads_its_file_as_before(here):
    """What a run says of the file is asked again by name; what a later one leaves out stays, what it names counts."""
    ran(here, file_request("prices.csv") | {"close_only": "true", "columns": "close=Last"})
    ran(here, file_request("prices.csv"))
    ran(here, file_request("prices.csv") | {"columns": "close=Price"})
    under = here.under("files:prices")
    assert (under["close_only"], under["columns"]) == (True, "close=Price")
    ran(here, file_request("prices.csv") | {"close_only": "false"})
    assert here.under("files:prices")["close_only"] is False
    assert here["close_only"] is False


def test_a_damaged_entry_is_none(here):
    """It is no profile that can be asked for; a run of the same file writes it anew."""
    ran(here, file_request("prices.csv"))
    (here.data / "profiles" / "files:prices.json").write_text("{", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"no profile 'files:prices'"):
        here.under("files:prices")
    assert ran(here, file_request("prices.csv")) == "files:prices"
    assert KnownProfiles(here.data).entry("files:prices").question.path.endswith("prices.csv")


def test_each_source_of_ones_own_is_a_profile_whatever_the_text_of_its_module(here, tmp_path):
    """By module and function: two modules share nothing, and a changed or moved one goes on."""
    mine, theirs = (module_request(tmp_path / name) for name in ("mine.py", "theirs.py"))
    assert (ran(here, mine), ran(here, theirs)) == ("own:mine.warehouse", "own:theirs.warehouse")
    some = ran(here, mine | {"tickers": "aapl"})
    assert some.startswith("own:mine.warehouse-AAPL-")
    assert profile_of(theirs | {"tickers": "AAPL"}, here)[-6:] != some[-6:]
    moved = module_request(tmp_path / "elsewhere" / "mine.py", "\n\nMORE = 1\n")
    assert profile_of(moved, here) == "own:mine.warehouse"
    book = KnownProfiles(here.data)
    assert {"own:mine.warehouse", "own:theirs.warehouse", some} <= set(book.names())
    assert book.name_of(Question("own", "", ("AAPL",))) == some, "of a checkpoint that no run tells of"
    assert book.name_of(Question("own")) == "own:tickers", "it may be of either"


NOW = datetime(2024, 7, 8, 23, tzinfo=UTC)


def test_a_source_of_ones_own_is_asked_for_again_by_name_beside_its_module(here, tmp_path):
    """Which ``luigi.cfg`` names, or the request; beside another module it is refused."""
    mine, theirs = (module_request(tmp_path / name) for name in ("mine.py", "theirs.py"))
    name = ran(here, mine | {"tickers": "AAPL"})
    configured = replace(here, defaults={**here.defaults, "plugins": mine["plugins"]})
    for settings, more in ((here, {"plugins": mine["plugins"]}), (configured, {})):
        values = resolve({"profile": name, **more}, settings=settings, now=NOW, upto="ingest")
        assert (values["source"], values["plugins"], values["tickers"]) == ("own", mine["plugins"], "AAPL")
        assert profile_of({"profile": name, **more}, settings) == name
    with pytest.raises(ParameterError, match="was named beside"):
        profile_of({"profile": name, "plugins": theirs["plugins"]}, here)
    assert ran(here, file_request("prices.csv", plugins=theirs["plugins"])) == "files:prices"
    assert here.under("files:prices")["plugins"] is None, "there it is no part of what is read"


def test_the_profile_of_a_source_of_ones_own_in_an_older_data_root_goes_on(here, tmp_path):
    """It told no modules apart: the first that runs goes on under its name, the next one has its own."""
    mine, theirs = (module_request(tmp_path / name) for name in ("mine.py", "theirs.py"))
    body = {
        "format": 1,
        "kind": "profile",
        "profile": "own:tickers",
        "source": "own",
        "path": "",
        "tickers": [],
    }
    path = here.data / "profiles" / "own:tickers.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(body | {"input_digest": "", "paths": [], "reading": {}}), encoding="utf-8")
    assert here.under("own:tickers")["source"] == "own"
    assert ran(here, mine | {"profile": "own:tickers"}) == "own:tickers"
    assert ran(here, theirs) == "own:theirs.warehouse"
    assert ran(here, mine) == "own:tickers"
    assert profile_of({"profile": "own:tickers"}, here) == "own:tickers"


def test_two_first_runs_at_the_same_moment_share_no_name(here, monkeypatch):
    """Both files are the first of their stem when they are looked for: the second to write takes another name."""
    looked, write = [], KnownProfiles.keep

    def late(book, name, *given, **named):
        if not looked:
            looked.append(name)
            assert ran(here, file_request("other/prices.csv")) == name
        return write(book, name, *given, **named)

    monkeypatch.setattr(KnownProfiles, "keep", late)
    assert profile_of(file_request("prices.csv"), here, keep=True).startswith("files:prices-")
    assert looked == ["files:prices"]
