"""What is different between two evaluations, as the reader of the later report asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import listed
from core.label import Label
from core.report.about_data import accepted
from core.report.blocks import visible
from core.report.doubts import doubts
from core.report.formatting import NA, count, ratio, share, spaced, span, word
from core.tables import Body

_NUMBER = re.compile(r"\d[\d,.]*")

_LONGEST = 160
"""Characters of a value: it stands in a table, and in the signature's block."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was: what, as it was, and as it is; an empty text where there was or is nothing."""

    what: str
    before: str
    now: str


def differences(before: Body, now: Body) -> tuple[Difference, ...]:
    """Return what is different, the gravest first; empty when a reader of the first report knows the second.

    Parameters
    ----------
    before, now : mapping
        Bodies of evaluations; what an earlier release did not write is left out.
    """
    pairs = [(what, read(before), read(now)) for what, read in _READ]
    rows = [Difference(what, _line(b), _line(n)) for what, b, n in pairs if b != n and NA not in (b, n)]
    return (*rows, *_doubts(before, now), *_signals(before, now), *_settings(before, now))


def _line(text: str) -> str:
    plain_text = visible(text)
    return plain_text if len(plain_text) <= _LONGEST else plain_text[: _LONGEST - 4] + " ..."


def _value(key: str, write: Callable[[float | None], str]) -> Callable[[Body], str]:
    return lambda body: write((body["performance"].get(key) or {}).get("value"))


def _auc(body: Body) -> str:
    auc = body["performance"]["auc"]
    return f"{ratio(auc.get('value'))} {span(auc, ratio)}"


def _tickers(body: Body) -> str:
    names = sorted(body["data"]["tickers"])
    return f"{count(len(names))}: {listed(names)}"


def _warnings(body: Body) -> str:
    return count(sum(f["count"] for f in body["data"]["findings"] if f["severity"] == "warning"))


_READ: tuple[tuple[str, Callable[[Body], str]], ...] = (
    ("Verdict", lambda body: str(body["verdict"])),
    ("Advice", lambda body: str((body.get("advice") or {}).get("decision") or NA)),
    ("Predicted", lambda body: Label.of(body).origin),
    ("Model", lambda body: word(body["model"]["model_id"])),
    ("AUC", _auc),
    ("Calls right", _value("hit_rate", share)),
    ("Return a year, after costs", _value("long_flat_return", share)),
    ("Last session", lambda body: word(body["data"]["to"])),
    ("Tickers", _tickers),
    ("Rows", lambda body: count(body["data"]["rows_in"])),
    ("Warnings of the checks", _warnings),
    ("Findings accepted", lambda body: count(accepted(body["data"].get("waivers")))),
    ("Feature set", lambda body: word(body["features"].get("feature_set"))),
)


def _doubts(before: Body, now: Body) -> list[Difference]:
    """Return the doubts that came and went; one whose numbers alone are others stayed."""
    earlier, later = ({_NUMBER.sub("#", text): text for text in doubts(body)} for body in (before, now))
    new = [Difference("New doubt", "", _line(text)) for key, text in later.items() if key not in earlier]
    removed = [key for key in earlier if key not in later]
    return new + [Difference("No doubt any more", _line(earlier[key]), "") for key in removed]


def _signals(before: Body, now: Body) -> list[Difference]:
    """Return the tickers whose call is another one, in one row; calls about different outcomes are not compared."""
    if Label.of(before) != Label.of(now):
        return []
    earlier = {s["ticker"]: s["direction"] or "withheld" for s in before["signals"]}
    later = {s["ticker"]: s["direction"] or "withheld" for s in now["signals"]}
    turned = sorted(ticker for ticker in earlier.keys() & later.keys() if earlier[ticker] != later[ticker])
    if not turned:
        return []
    texts = (listed([f"{ticker} {calls[ticker]}" for ticker in turned]) for calls in (earlier, later))
    return [Difference("Signals that turned", *map(_line, texts))]


def _settings(before: Body, now: Body) -> list[Difference]:
    earlier, later = before["settings"], now["settings"]
    # the champion that a candidate is compared with is in the lines of model and advice
    names = sorted((earlier.keys() & later.keys()) - {"champion_id"})
    return [
        Difference(f"Setting: {spaced(name)}", _line(word(earlier[name])), _line(word(later[name])))
        for name in names
        if earlier[name] != later[name]
    ]
