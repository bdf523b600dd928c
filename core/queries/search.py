"""One search over what people name: runs, reports, models and tickers; read-only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from core.queries.models.modelbook import listing
from core.queries.runs.by_session import sessions
from core.queries.runs.search import RunFilter, find_runs
from core.registry.choosing import profiles_here
from core.registry.origins import finished_runs, tickers_of_run

if TYPE_CHECKING:
    from core.journal import Journal
    from core.request.settings import Settings

RUN, REPORT, MODEL, TICKER = "run", "report", "model", "ticker"
"""Kinds of what is found, in the order in which they are shown."""

MOST_OF_A_KIND = 6


@dataclass(frozen=True)
class Hit:
    """One thing that matches.

    Parameters
    ----------
    kind : str
        :data:`RUN`, :data:`REPORT`, :data:`MODEL` or :data:`TICKER`.
    name, about : str
        What it is called, and what tells it from others.
    page : str
        Address of the page that shows it.
    query : tuple of pair of str
        What stands in that address.
    """

    kind: str
    name: str
    about: str
    page: str
    query: tuple[tuple[str, str], ...]


def search(settings: Settings, journal: Journal, text: str) -> list[Hit]:
    """Return what matches ``text``, at most :data:`MOST_OF_A_KIND` of each kind; nothing for no text.

    Parameters
    ----------
    text : str
        Stands in an id, a profile, a session, a ticker, a person or an option, in any case; a model's id and a ticker
        begin with it.
    """
    words = text.strip().lower()
    if not words:
        return []
    names = profiles_here(settings)
    matches = (
        _tickers(settings, names, words),
        _reports(settings, names, words),
        _models(settings, names, words),
        _runs(settings, journal, words),
    )
    return [hit for hits in matches for hit in islice(hits, MOST_OF_A_KIND)]


def _runs(settings: Settings, journal: Journal, words: str) -> Iterator[Hit]:
    criteria = RunFilter(text=words, default_source=str(settings["source"]))
    for run in find_runs(journal, criteria, page=1, size=MOST_OF_A_KIND).runs:
        yield Hit(RUN, run.run_id, f"{run.state}, by {run.who}", "run", (("run", run.run_id),))


def _reports(settings: Settings, names: list[str], words: str) -> Iterator[Hit]:
    for name in names:
        for session, run_id in sessions(settings, name).items():
            if words in f"{name} {session}".lower():
                yield Hit(REPORT, f"{name} {session}", "report", "report", (("run", run_id),))


def _models(settings: Settings, names: list[str], words: str) -> Iterator[Hit]:
    for name in names:
        for entry in listing(settings, name):
            if str(entry["model_id"]).startswith(words):
                about = (
                    f"{entry['state']} of {name}, trained to {entry['trained_to'] or 'an unknown session'}"
                )
                yield Hit(
                    MODEL, entry["model_id"], about, "model", (("profile", name), ("part", "Decisions"))
                )


def _tickers(settings: Settings, names: list[str], words: str) -> Iterator[Hit]:
    for name in names:
        run = next(iter(finished_runs(settings, name)), None)
        for ticker in sorted(tickers_of_run(settings, run)) if run else ():
            if ticker.lower().startswith(words):
                yield Hit(
                    TICKER, ticker, f"prices in {name}", "data", (("profile", name), ("ticker", ticker))
                )
