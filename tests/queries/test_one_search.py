"""The one search of the desk on a real data root: runs, reports, models and tickers."""

from __future__ import annotations

import pytest

from core.journal import Journal
from core.queries.search import MODEL, MOST_OF_A_KIND, REPORT, RUN, TICKER, search
from core.registry.registry import Registry
from tests.champions import settings_of


@pytest.fixture
def found(prepared):
    """What matches a text in a root with one run of two tickers: ``found("aaa")``."""
    return lambda text: search(settings_of(prepared), Journal(prepared, read_only=True), text)


def test_each_kind_is_found_by_what_people_call_it(found, prepared):
    """A ticker by its beginning, a report by profile or session, a model and a run by id; each leads to its page."""
    (run,) = Journal(prepared, read_only=True).runs()
    (model,) = Registry(prepared).ids()
    pages = {RUN: "run", REPORT: "report", MODEL: "model", TICKER: "data"}
    for text, kind, name in (
        ("aa", TICKER, "AAA"), ("files:prices", REPORT, "files:prices 2020-10-26"), ("2020-10", REPORT, None),
        (model[:6].upper(), MODEL, model), (run.run_id[-6:], RUN, run.run_id),
    ):  # fmt: skip
        hit = next(hit for hit in found(text) if hit.kind == kind)
        assert name in (None, hit.name)
        assert hit.page == pages[kind]
    assert ("profile", "files:prices") in found("aa")[0].query


def test_nothing_is_found_for_nothing(found):
    """Neither for an empty text nor for one that stands nowhere; of each kind there are only a few."""
    assert found("  ") == found("no such thing") == []
    assert len(found("p")) <= 4 * MOST_OF_A_KIND
