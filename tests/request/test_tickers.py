"""Ticker lists in three spellings."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import tickers
from core.errors import MissingFileError, ParameterError
from core.store import ticker_lists
from tests.prices.conftest import gate, quiet_frame


@pytest.mark.parametrize(
    "text",
    ["MSFT,aapl", " aapl , MSFT ,aapl,", '["AAPL", "MSFT"]', "@universe.txt", '["msft","aapl","AAPL"]'],
)
def test_the_same_list_in_any_spelling_is_the_same(text, tmp_path):
    """Trimmed, in capitals, once each, sorted."""
    (tmp_path / "universe.txt").write_text("﻿# mine\nmsft # big\n\naapl,MSFT\n", encoding="utf-8")
    assert tickers.parse(text, upper=True, folder=tmp_path) == ("AAPL", "MSFT")


def test_a_files_tickers_keep_their_case(tmp_path):
    """A person's file may call things as it likes; NA is a ticker."""
    assert tickers.parse("brk-b,NA,^GSPC", upper=False, folder=tmp_path) == ("NA", "^GSPC", "brk-b")


@pytest.mark.parametrize(
    "text",
    [
        "../x",
        "/a",
        "a/",
        "a//b",
        "A  B",
        "A" * 21,
        "A..B",
        '["A;rm"]',
        '["A,B"]',
        "-A",
        ".A",
        "A\\B",
        "A\x00",
    ],
)
def test_what_could_be_a_path_or_worse_is_refused(text, tmp_path):
    """The offending name is in the message."""
    with pytest.raises(ParameterError, match="--tickers holds"):
        tickers.parse(text, upper=True, folder=tmp_path)


@pytest.mark.parametrize(
    "text", ["BRK/B,BTC/USD", "ZQX US Equity", "BRK/B US Equity,$SPX", "AAPL#1", "@list.txt"], ids=range(5)
)
def test_what_is_a_ticker_in_a_column_is_one_in_the_option(text, tmp_path):
    """One rule: slashes and single blanks between words; in a list file a comment stands by itself or after a blank."""
    (tmp_path / "list.txt").write_text("BRK/B # a share\nA#1\n#B\n")
    names = ["A#1", "BRK/B"] if text.startswith("@") else sorted(text.split(","))
    assert tickers.parse(text, upper=False, folder=tmp_path) == tuple(names)
    frame = pd.concat([quiet_frame(name) for name in names], ignore_index=True)
    assert [finding for finding in gate(frame) if finding["rule"] == "malformed_ticker"] == []


@given(st.text(min_size=1, max_size=20).filter(tickers.is_legal))
def test_a_ticker_on_disk_is_read_back(ticker):
    """Whatever is legal is one part of a path, and comes back from it."""
    name = tickers.file_name(ticker)
    assert "/" not in name
    assert tickers.from_file_name(name) == ticker


@pytest.mark.parametrize("text", ["[", '["A"', "[1]", '[["A"]]', "[null]"])
def test_a_broken_json_list_is_refused(text, tmp_path):
    """With an example of a right one."""
    with pytest.raises(ParameterError, match="JSON list such as"):
        tickers.parse(text, upper=True, folder=tmp_path)


def test_a_missing_list_file_is_a_missing_file(tmp_path):
    """Exit code 20: a person must bring it."""
    with pytest.raises(MissingFileError, match=r"none\.txt") as raised:
        tickers.parse("@none.txt", upper=True, folder=tmp_path)
    assert raised.value.exit_code == 20


def test_more_than_the_most_tickers_are_refused(tmp_path, monkeypatch):
    """The bound is named."""
    monkeypatch.setattr(tickers, "MAX_TICKERS", 2)
    with pytest.raises(ParameterError, match="at most 2"):
        tickers.parse("A,B,C", upper=True, folder=tmp_path)


@given(
    st.lists(
        st.from_regex(r"[A-Z][A-Z0-9.^-]{0,8}", fullmatch=True).filter(tickers.is_legal),
        unique=True,
        max_size=400,
    )
)
def test_a_compacted_list_expands_to_itself(tmp_path_factory, names):
    """Short lists travel as they are, long ones as a digest of a kept file."""
    root = tmp_path_factory.mktemp("root")
    chosen = tuple(sorted(names))
    text = ticker_lists.keep(chosen, root)
    assert len(text) <= ticker_lists.LONGEST_INLINE
    assert (text == ",".join(chosen)) == (len(",".join(chosen)) <= ticker_lists.LONGEST_INLINE)
    assert ticker_lists.expand(text, root) == chosen


def test_a_wrong_ticker_of_a_list_file_is_named_with_its_line(tmp_path):
    """File, line and what stands there."""
    (tmp_path / "universe.txt").write_text("AAPL\n# one\nMSFT, ../etc\n")
    with pytest.raises(ParameterError, match=r"'\.\./etc' \(universe\.txt, line 3\)"):
        tickers.parse("@universe.txt", upper=True, folder=tmp_path)


def test_a_list_file_that_is_no_text_is_refused(tmp_path):
    """Bytes that are no UTF-8, and too many of them."""
    (tmp_path / "u.txt").write_bytes(b"AAPL\n\xff")
    with pytest.raises(ParameterError, match="not UTF-8"):
        tickers.parse("@u.txt", upper=True, folder=tmp_path)
    (tmp_path / "big.txt").write_bytes(b"A\n" * 5_000_001)
    with pytest.raises(ParameterError, match="10,000,002 bytes"):
        tickers.parse("@big.txt", upper=True, folder=tmp_path)
