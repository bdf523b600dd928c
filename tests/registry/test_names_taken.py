"""Whose a name is: what a profile without a section stands for is taken over by nobody, and names no code."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from core.errors import ParameterError
from core.request import known_profiles
from core.request.known_profiles import KnownProfiles, is_derived, question_of
from core.runs.resolve import resolve
from tests.registry.conftest import file_request, module_request, ran

NOW = datetime(2024, 7, 8, 23, tzinfo=UTC)


@pytest.mark.parametrize("road", ["a file's", "its own source"])
def test_no_module_is_taken_from_what_a_profile_is_remembered_to_be(here, tmp_path, road):
    """Those files are under no signature: whoever may write them had the next run of anybody do what they like."""
    (tmp_path / "evil.py").write_text("from pathlib import Path\nPath('ran').touch()\n", encoding="utf-8")
    request = file_request("prices.csv") if road == "a file's" else module_request(tmp_path / "mine.py")
    name = ran(here, request)
    path = here.data / "profiles" / f"{name}.json"
    body = json.loads(path.read_text())
    assert "plugins" not in body["reading"]
    path.write_text(json.dumps(body | {"reading": {"plugins": str(tmp_path / "evil.py")}}))
    assert here.under(name)["plugins"] is None
    with suppress(ParameterError):
        resolve({"profile": name}, settings=here, now=NOW, upto="validate")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("road", ["there", "by a link", "imported"])
def test_no_module_lies_in_the_data_root(here, tmp_path, road):
    """Whoever may write results there would have runs execute what they write."""
    here.data.mkdir(exist_ok=True)
    helper = here.data / "mine.py"
    named = {"there": helper, "by a link": tmp_path / "mine.py", "imported": tmp_path / "main.py"}[road]
    request = module_request(helper) | {"plugins": str(named)}
    if road == "by a link":
        named.symlink_to(helper)
    elif road == "imported":
        (tmp_path / "mine.py").symlink_to(helper)
        named.write_text("import mine\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="in the data root"):
        resolve(request, settings=here, now=NOW, upto="ingest")


def test_a_copy_of_a_file_takes_over_no_name_while_the_file_is_there(here, tmp_path):
    """A colleague ran a copy once, and from then on the schedule of whoever set one read what they wrote there."""
    ran(here, file_request("prices.csv"))
    for copied in ("copy/prices.csv", "copy/prices.csv"):
        assert ran(here, file_request(copied)) == "files:prices"
        assert here.under("files:prices")["path"] == str(tmp_path / "prices.csv")
        shutil.copyfile("other/prices.csv", copied)
    (tmp_path / "prices.csv").unlink()
    assert ran(here, file_request("copy/prices.csv")) == "files:prices"
    assert here.under("files:prices")["path"] == str(tmp_path / "copy" / "prices.csv")
    assert ran(here, file_request(tmp_path / "*" / "prices.csv")) != "files:prices"


# the second list was looked for: both names begin alike and end in the same six digits
ALIKE = ("AAPL,AMZN,GOOG,IBM,MSFT,NVDA", "AAPL,AMZN,GOOG,NCHB,NSBJ,ZZZ")


@pytest.mark.parametrize("source", ["yahoo", "tiingo"])
def test_another_list_of_tickers_with_the_same_six_digits_is_another_profile(here, source):
    """It is found in seconds, and took over the schedules of whoever had the name."""
    requests = [{"source": source, "tickers": tickers} for tickers in ALIKE]
    first, second = names = [ran(here, request) for request in requests]
    assert (first[:-6], second[:-24]) == (f"{source}:AAPL-AMZN-GOOG-3-more-",) * 2
    assert second.startswith(first)
    assert [ran(here, request) for request in requests] == names
    assert [here.under(name)["tickers"] for name in names] == list(ALIKE)
    assert all(map(is_derived, names))


def test_a_file_whose_name_is_another_files_already_is_another_profile(here):
    """By six digits of its path: a name that stands for something else is passed by."""
    book = KnownProfiles(here.data)
    ran(here, file_request("prices.csv"))
    other = ran(here, file_request("other/prices.csv"))
    question = question_of("files", str(here.data.parent / "vendor" / "prices.csv"), "")
    book.keep(other.replace(other[-6:], known_profiles._marked("", question, with_path=True)[-6:]),
              question_of("files", "gone/prices.csv", "ZZZ"))  # fmt: skip
    assert len(book.name_of(question).rpartition("-")[2]) == 24


def test_what_another_machine_wrote_meanwhile_is_not_written_over(tmp_path):
    """A run that slept between reading and writing would forget a path, or bring back how the file was read before."""
    book, question = KnownProfiles(tmp_path), question_of("files", "/a/prices.csv", "")
    assert book.keep("files:prices", question)

    def asleep(_):
        assert book.keep("files:prices", question_of("files", "/b/prices.csv", ""))
        return True

    late = question_of("files", "/c/prices.csv", "")
    assert not book.keep("files:prices", late, same=asleep)
    assert book.entry("files:prices").paths == ("/a/prices.csv", "/b/prices.csv")
    assert book.keep("files:prices", late)
    assert book.entry("files:prices").paths == ("/a/prices.csv", "/b/prices.csv", "/c/prices.csv")
