"""The sections on what was done, on which data, with which features and which model."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import listed
from core.parameters import AUTO
from core.report import sections
from core.report.blocks import Block, Command, Facts, Grid, Paragraph, Section
from core.report.formatting import (
    ROWS_SHOWN,
    count,
    counted,
    left_out,
    name,
    period,
    short_number,
    spaced,
    word,
)
from core.report.importance_sheets import importance, importance_words
from core.report.readings import has_verdict, retained, trained_here, without_model
from core.report.universes import universe_facts
from core.tables import Body

SAMPLE = "The sample holds real daily prices of five US stocks, 2000 to 2013. It is not current."

_JUDGEMENTS = {
    "train": "a candidate model was trained step by step through time, each period judged by a model that "
    "had seen only earlier ones (train_or_score)",
    "score": "a model trained before gave its probabilities for the sessions after its training "
    "(train_or_score)",
}
_UNJUDGED = "Nothing is known about how well this candidate predicts: there was no history to judge it on."
_BASIS = {
    "raw": "as traded, not adjusted for splits",
    "split_adjusted": "adjusted for splits by the source",
    "unknown": "unknown: the source does not say whether splits are taken out",
}
_ADJUSTED = {
    "source": "given by the source, adjusted for splits and dividends",
    "copied_from_close": "none in the source: the plain close stands in for it",
}


def done(body: Body) -> Section:
    """Return what the seven stages did, in two sentences."""
    judgement = _JUDGEMENTS["train" if trained_here(body) else "score"]
    text = (
        "Seven stages ran, each on what the one before it had made: prices were read from the source as "
        "they are (ingest), every row was checked (validate), what the rules name was removed or flagged "
        "on record (clean), and features of each session were computed from data up to that session "
        f"(feature_engineer). Then {judgement}, the result was measured against simple rules (evaluate), and "
        "this draft was written (report)."
    )
    return Section(sections.DONE, (Paragraph(text),))


def data(body: Body) -> Section:
    """Return the source of the prices, their dates, tickers and rows, and how they are adjusted."""
    prices = body["data"]
    source = prices.get("source") or {}
    blocks: list[Block] = [Paragraph(SAMPLE)] if source.get("name") == "sample" else []
    tickers = sorted(prices["tickers"])
    pairs = (
        ("Source", _recorded(source.get("name"))),
        ("Location", _recorded(source.get("uri"))),
        *_read_as(source.get("files") or ()),
        ("Sessions", period(prices["from"], prices["to"])),
        ("Tickers", f"{count(len(tickers))}: {_some(tickers)}"),
        ("Rows received", count(prices["rows_in"])),
        ("Rows after cleaning", count(prices["rows_clean"])),
        ("Prices", _worded(_BASIS, prices.get("price_basis"))),
        ("Adjusted close", _worded(_ADJUSTED, prices.get("adjusted_close"))),
        ("Findings waived", _how_many_waived(prices.get("waivers"))),
        *universe_facts(prices),
    )
    return Section(sections.DATA, (*blocks, Facts(pairs)))


def _read_as(files: Sequence[Body]) -> tuple[tuple[str, str], ...]:
    """Return how the source's files were read, each way once, when they do not go without saying."""
    ways: dict[str, int] = {}
    for file in files:
        options = {key: value for key, value in file.items() if key not in ("name", "sha256", "rows")}
        ways[word(options)] = ways.get(word(options), 0) + 1
    return tuple((f"{counted(number, 'file')} read as", way) for way, number in sorted(ways.items()))


def _recorded(value: Any) -> str:
    return "not recorded" if value is None else word(value)


def _some(tickers: list[str]) -> str:
    most = 12
    start = ", ".join(tickers[:most])
    return start if len(tickers) <= most else f"{start} and {count(len(tickers) - most)} more"


def _worded(words: Mapping[str, str], value: Any) -> str:
    return "not recorded" if value is None else words.get(str(value), str(value))


def quality(body: Body) -> Section:
    """Return findings by rule, repairs by rule and the coverage of each ticker."""
    prices = body["data"]
    removed = prices["rows_in"] - prices["rows_clean"]
    fate = "none was removed" if not removed else f"{count(removed)} removed, each on record in repairs.json"
    filled = prices.get("cells_filled") or 0
    with_fill = f"; {counted(filled, 'missing cell')} filled from the row before, on record" if filled else ""
    intro = (
        f"Of {counted(prices['rows_in'], 'row')} received, {count(prices['rows_clean'])} remain after "
        f"cleaning, {fate}{with_fill}. "
        "A finding of severity error would have stopped the run, unless a person had accepted it."
    )
    blocks = (Paragraph(intro), _findings(prices), *_waived(prices), *_unchecked(prices), _repairs(prices))
    return Section(sections.QUALITY, (*blocks, _coverage(prices["tickers"])))


def _how_many_waived(waivers: Any) -> str:
    # what stands in a findings file of others may be anything: it is shown as it is
    if waivers and all(isinstance(entry, Mapping) for entry in waivers):
        return f"{counted(accepted(waivers), 'finding')}; see Data quality"
    return word(waivers or "none")


def accepted(waivers: Any) -> int:
    """Return how many findings were accepted: a last entry may stand for those that are not listed.

    What stands in a findings file of others may be anything: one thing is one finding.
    """
    entries = waivers if isinstance(waivers, list | tuple) else [waivers] if waivers else []
    beyond = (entry for entry in entries if isinstance(entry, Mapping) and entry.get("rule") == "beyond")
    return len(entries) + sum(int(entry.get("value") or 0) - 1 for entry in beyond)


def _waived(prices: Body) -> tuple[Block, ...]:
    """Return what people accepted, by whom, why and until when; and waivers that did nothing."""
    blocks: list[Block] = []
    waivers = [w for w in prices.get("waivers") or () if isinstance(w, Mapping) and w.get("rule") != "beyond"]
    rows = [
        (spaced(str(w.get("rule"))), *(word(w.get(k)) for k in ("ticker", "date", "who", "why", "until")))
        for w in waivers
    ]
    if rows:
        head = ("Rule", "Ticker", "Date", "Accepted by", "Because", "Until")
        notes = left_out(len(rows), "by rule, ticker and date")
        texts = frozenset(range(len(head)))
        blocks.append(Grid("Findings that a person accepted", head, tuple(rows[:ROWS_SHOWN]), texts, notes))
    idle = (prices.get("source") or {}).get("waivers_without_effect") or ()
    if idle:
        idle_waivers = [
            f"{w['rule']} of {w['ticker'] or 'no ticker'} ({w['state']}, until {w['until']})" for w in idle
        ]
        blocks.append(Paragraph(f"Waivers without effect here: {listed(idle_waivers)}.", "note"))
    return tuple(blocks)


def _unchecked(prices: Body) -> tuple[Block, ...]:
    """Return the checks that could not do their work on these prices, and why."""
    unchecked = (prices.get("source") or {}).get("not_checked") or ()
    if not unchecked:
        return ()
    rows = tuple((spaced(str(entry["rule"])), word(entry["reason"])) for entry in unchecked)
    return (Grid("Not checked", ("Rule", "Why"), rows, frozenset({0, 1})),)


def _findings(prices: Body) -> Block:
    rows = [(spaced(f["rule"]), f["severity"], count(f["count"])) for f in prices["findings"]]
    if not rows:
        return Paragraph("The checks found nothing to point out.")
    return Grid("Findings by rule", ("Rule", "Severity", "Count"), tuple(rows), frozenset({0, 1}))


def _repairs(prices: Body) -> Block:
    rows = [(spaced(r["rule"]), count(r["count"])) for r in prices["repairs"]]
    if not rows:
        return Paragraph("Nothing had to be repaired.")
    return Grid("Repairs by rule", ("Rule", "Count"), tuple(rows))


def _coverage(tickers: Body) -> Grid:
    # Of very many tickers, those with trouble and those with little history are worth the space.
    order = sorted(tickers, key=lambda t: (tickers[t].get("outcome", "ok") == "ok", tickers[t]["rows"], t))
    chosen = sorted(order[:ROWS_SHOWN])
    rows = tuple(
        (
            t,
            count(tickers[t]["rows"]),
            count(tickers[t].get("rows_clean")),
            *(word(tickers[t].get(k)) for k in ("first", "last", "outcome")),
        )
        for t in chosen
    )
    head = ("Ticker", "Rows", "After cleaning", "First session", "Last session", "Outcome")
    notes = left_out(len(tickers), "those with trouble first, then those with fewest rows")
    return Grid("Coverage by ticker", head, rows, frozenset({0, 3, 4, 5}), notes)


def model(body: Body) -> Section:
    """Return which model stands behind the figures, its training window, its age, and what may follow."""
    details = body["model"]
    if without_model(body):
        return Section(sections.MODEL, (Paragraph("There is no model: nothing could be trained."),))
    sentence = retained(body)
    alarms = (Paragraph(sentence, "alarm"),) if sentence else ()
    training = details.get("training") or {}
    kind = details["model_kind"]
    pairs = (
        ("Model", _recorded(details["model_id"])),
        ("Kind", "not recorded" if kind is None else name(kind)),
        ("Inputs", ", ".join(details.get("features") or ()) or "not recorded"),
        ("Training window", period(training.get("from"), training.get("to"))),
        ("Training rows", count(training.get("rows"))),
        ("Training sessions", count(training.get("sessions"))),
        ("Age", _age(details.get("age_sessions"))),
        *_first_judged(details.get("min_train_sessions")),
    )
    return Section(sections.MODEL, (*alarms, Facts(pairs), *_worth(body), *_next_step(body)))


def _worth(body: Body) -> tuple[Block, ...]:
    """Return what the inputs were worth; nothing of a run that trained nothing, or of an earlier evaluation."""
    words = importance_words(body)
    return (Paragraph(words), importance(body).grid("the most and the least useful")) if words else ()


def _first_judged(first: Body | None) -> tuple[tuple[str, str], ...]:
    """Return after how many sessions the walk forward began, and who chose that; nothing where it is not recorded."""
    if not first:
        return ()
    by = {AUTO: ", chosen to fit the history (min_train_sessions = auto)", None: ""}
    how = by.get(first["setting"], f" (min_train_sessions = {first['setting']})")
    return (("Judged after", counted(first["sessions"], "session") + how),)


def _age(sessions: int | None) -> str:
    return (
        "not recorded"
        if sessions is None
        else f"{counted(sessions, 'session')} from training to the last row"
    )


def _next_step(body: Body) -> tuple[Block, ...]:
    if body["model"]["model_id"] is None:
        return ()
    if not trained_here(body):
        return (Paragraph("Scoring used this model as it was; it was not trained again."),)
    doubt = () if has_verdict(body) else (Paragraph(_UNJUDGED, "alarm"),)
    text = (
        "This is a candidate: nothing uses it until a person promotes it. To do so, and to put the "
        "reason on record:"
    )
    model_id = shlex.quote(body["model"]["model_id"])
    return (*doubt, Paragraph(text), Command(f'afterclose promote {model_id} --why "..."'))


def appendix(body: Body) -> Section:
    """Return the digests and settings that tie the figures to bytes."""
    digests = tuple((file, digest) for file, digest in body["digests"].items())
    blocks: list[Block] = []
    if digests:
        blocks.append(Grid("What was evaluated", ("File", "SHA-256"), digests, frozenset({0, 1})))
    blocks.append(Facts(_traces(body)))
    settings = tuple((spaced(key), _setting(value)) for key, value in body["settings"].items())
    blocks.append(Grid("Settings of the evaluation", ("Setting", "Value"), settings))
    return Section(sections.APPENDIX, tuple(blocks))


def _traces(body: Body) -> tuple[tuple[str, str], ...]:
    training = body["model"].get("training") or {}
    traces = (
        ("Source bytes", (body["data"].get("source") or {}).get("sha256")),
        ("Feature definitions", body["features"].get("definition_digest")),
        ("Features trained on", training.get("features_sha256")),
        ("Training seed", training.get("seed")),
        ("Libraries", training.get("libraries")),
    )
    return tuple((title, _recorded(value)) for title, value in traces)


def _setting(value: Any) -> str:
    return (
        short_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else word(value)
    )
