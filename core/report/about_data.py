"""The sections on what was done, on which data, with which features and which model."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from core.report import sections
from core.report.about_models import feature_changes
from core.report.blocks import Block, Command, Facts, Grid, Paragraph, Section
from core.report.figures import ROWS_SHOWN, count, counted, left_out, name, period, plain, spaced, word
from core.report.readings import judged, trained_here, without_model

Body = Mapping[str, Any]

SAMPLE = "The sample holds real daily prices of five US stocks, 2000 to 2013. It is not current."

_JUDGED = {
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
    judged = _JUDGED["train" if trained_here(body) else "score"]
    text = (
        "Seven stages ran, each on what the one before it had made: prices were read from the source as "
        "they are (ingest), every row was checked (validate), what the rules name was removed or flagged "
        "on record (clean), and features of each session were computed from data up to that session "
        f"(feature_engineer). Then {judged}, the result was measured against simple rules (evaluate), and "
        "this draft was written (report)."
    )
    return Section(sections.DONE, (Paragraph(text),))


def data(body: Body) -> Section:
    """Return the source of the prices, their dates, tickers and rows, and how they are adjusted."""
    held = body["data"]
    source = held.get("source") or {}
    blocks: list[Block] = [Paragraph(SAMPLE)] if source.get("name") == "sample" else []
    tickers = sorted(held["tickers"])
    pairs = (
        ("Source", _recorded(source.get("name"))),
        ("Location", _recorded(source.get("uri"))),
        ("Sessions", period(held["from"], held["to"])),
        ("Tickers", f"{count(len(tickers))}: {_some(tickers)}"),
        ("Rows received", count(held["rows_in"])),
        ("Rows after cleaning", count(held["rows_clean"])),
        ("Prices", _worded(_BASIS, held.get("price_basis"))),
        ("Adjusted close", _worded(_ADJUSTED, held.get("adjusted_close"))),
        ("Findings waived", word(held.get("waivers") or "none")),
    )
    return Section(sections.DATA, (*blocks, Facts(pairs)))


def _recorded(value: Any) -> str:
    return "not recorded" if value is None else word(value)


def _some(tickers: list[str]) -> str:
    most = 12
    shown = ", ".join(tickers[:most])
    return shown if len(tickers) <= most else f"{shown} and {count(len(tickers) - most)} more"


def _worded(words: Mapping[str, str], value: Any) -> str:
    return "not recorded" if value is None else words.get(str(value), str(value))


def quality(body: Body) -> Section:
    """Return findings by rule, repairs by rule and the coverage of each ticker."""
    held = body["data"]
    removed = held["rows_in"] - held["rows_clean"]
    fate = "none was removed" if not removed else f"{count(removed)} removed, each on record in repairs.json"
    intro = (
        f"Of {counted(held['rows_in'], 'row')} received, {count(held['rows_clean'])} remain after "
        f"cleaning, {fate}. "
        "A finding of severity error would have stopped the run."
    )
    return Section(
        sections.QUALITY, (Paragraph(intro), _findings(held), _repairs(held), _coverage(held["tickers"]))
    )


def _findings(held: Body) -> Block:
    rows = [(spaced(f["rule"]), f["severity"], count(f["count"])) for f in held["findings"]]
    if not rows:
        return Paragraph("The checks found nothing to point out.")
    return Grid("Findings by rule", ("Rule", "Severity", "Count"), tuple(rows), frozenset({0, 1}))


def _repairs(held: Body) -> Block:
    rows = [(spaced(r["rule"]), count(r["count"])) for r in held["repairs"]]
    if not rows:
        return Paragraph("Nothing had to be repaired.")
    return Grid("Repairs by rule", ("Rule", "Count"), tuple(rows))


def _coverage(tickers: Body) -> Grid:
    # Of very many tickers, those with trouble and those with little history are worth the space.
    order = sorted(tickers, key=lambda t: (tickers[t].get("outcome", "ok") == "ok", tickers[t]["rows"], t))
    chosen = sorted(order[:ROWS_SHOWN])
    rows = tuple(
        (t, count(tickers[t]["rows"]), *(word(tickers[t].get(k)) for k in ("first", "last", "outcome")))
        for t in chosen
    )
    head = ("Ticker", "Rows", "First session", "Last session", "Outcome")
    notes = left_out(len(tickers), "those with trouble first, then those with fewest rows")
    return Grid("Coverage by ticker", head, rows, frozenset({0, 2, 3, 4}), notes)


def features(body: Body) -> Section:
    """Return what the features are, their version, and how many rows are warm-up."""
    held = body["features"]
    warm_up = held["rows"] - held["complete_rows"]
    intro = (
        f"Feature set: {_recorded(held['feature_set'])}. {counted(held['complete_rows'], 'row')} of "
        f"{count(held['rows'])} have every feature; {count(warm_up)} "
        f"{'lacks' if warm_up == 1 else 'lack'} at least one, as the first sessions of each ticker do "
        "until its longest window is full (warm-up). Each feature uses data up to its own session only."
    )
    label = Paragraph(f"What is predicted: {held['label'].rstrip('.')}.")
    return Section(
        sections.FEATURES,
        (Paragraph(intro), *feature_changes(body), _definitions(held["definitions"]), label),
    )


def _definitions(definitions: Sequence[Body]) -> Block:
    if not definitions:
        return Paragraph("The features were made by others; what they mean is not recorded.")
    rows = tuple((d["name"], d["text"]) for d in definitions)
    return Grid("Definitions", ("Feature", "Meaning"), rows, frozenset({0, 1}))


def model(body: Body) -> Section:
    """Return which model stands behind the figures, its training window, its age, and what may follow."""
    held = body["model"]
    if without_model(body):
        return Section(sections.MODEL, (Paragraph("There is no model: nothing could be trained."),))
    training = held.get("training") or {}
    kind = held["model_kind"]
    pairs = (
        ("Model", _recorded(held["model_id"])),
        ("Kind", "not recorded" if kind is None else name(kind)),
        ("Inputs", ", ".join(held.get("features") or ()) or "not recorded"),
        ("Training window", period(training.get("from"), training.get("to"))),
        ("Training rows", count(training.get("rows"))),
        ("Training sessions", count(training.get("sessions"))),
        ("Age", _age(held.get("age_sessions"))),
    )
    return Section(sections.MODEL, (*_retained(held), Facts(pairs), *_next_step(body)))


def _age(sessions: int | None) -> str:
    return (
        "not recorded"
        if sessions is None
        else f"{counted(sessions, 'session')} from training to the last row"
    )


def _retained(held: Body) -> tuple[Block, ...]:
    if not held.get("retained"):
        return ()
    return (Paragraph(f"Training failed and the previous model was kept: {word(held['retained'])}", "alarm"),)


def _next_step(body: Body) -> tuple[Block, ...]:
    if body["model"]["model_id"] is None:
        return ()
    if not trained_here(body):
        return (Paragraph("Scoring used this model as it was; it was not trained again."),)
    doubt = () if judged(body) else (Paragraph(_UNJUDGED, "alarm"),)
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
    return plain(value) if isinstance(value, int | float) and not isinstance(value, bool) else word(value)
