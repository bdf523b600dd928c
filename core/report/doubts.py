"""What is doubtful about this very report, and what it may be used for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.errors import listed
from core.label import Label
from core.report import sections
from core.report.about_data import SAMPLE
from core.report.blocks import Bullets, Paragraph, Section
from core.report.formatting import HOLDINGS, count, counted, name, ratio, share, word
from core.report.readings import has_verdict, trained_here
from core.report.universes import without_prices
from core.tables import Body

WIDE_INTERVAL = 0.1
"""An AUC interval of this width cannot tell .55, which would be remarkable, from a coin toss."""

FEW_ROWS = 1_000
"""Below about 1,000 rows the 95 % interval near AUC .5 is more than .036 to either side (measured)."""

FEW_FOLDS = 3
"""Fewer test periods than this say nothing about whether a result holds over time."""

OLD_SESSIONS = 252
"""Sessions in a year of US exchanges."""

MUCH_REMOVED = 0.01
"""A share of removed rows from which cleaning itself may move the result."""

_FINE = frozenset({"ok", "not recorded"})

_LIMITS = (
    "Figures describe the sessions judged. They are no promise for later ones.",
    "Prices alone go in: no news, fundamentals, order book or interest rates.",
)
_INTENDED = (
    "Intended use: evidence for a person who decides whether to keep, replace or distrust a model. Not "
    "intended: investment advice, or orders placed without a person's judgement."
)


def limits(body: Body) -> Section:
    """Return the doubts that this evaluation gives reason for, the limits that always hold, and the use."""
    sentences = (*_verdict(body), *doubts(body))
    listed_doubts: tuple[Paragraph | Bullets, ...] = (Paragraph("Doubts about this run:"), Bullets(sentences))
    if not sentences:
        listed_doubts = (Paragraph("Nothing in this run gave reason for a particular doubt."),)
    always = (
        Paragraph("Limits that always hold:"),
        Bullets((*_LIMITS, Label.of(body).limits)),
        Paragraph(_INTENDED),
    )
    return Section(sections.LIMITS, (*listed_doubts, *always))


def doubts(body: Body) -> tuple[str, ...]:
    """Return the doubts beside the verdict itself, the gravest first."""
    return tuple(sentence for doubt in _DOUBTS for sentence in doubt(body))


def _verdict(body: Body) -> list[str]:
    if not has_verdict(body):
        return ["There is too little data for a judgement: neither trust nor distrust is supported."]
    if body["verdict"] == "better than chance":
        return []
    return [f'The verdict is "{body["verdict"]}": nothing here supports acting on the signals.']


def _leak(body: Body) -> list[str]:
    if not body["leak_alarm"]["raised"]:
        return []
    return [f"The leak alarm is raised: {body['leak_alarm']['reason']} Look into it before anything else."]


def _rules(body: Body) -> list[str]:
    ours = (body["performance"]["auc"] or {}).get("value")
    aucs = {
        name(key): measures.get("auc") for key, measures in body["baselines"].items() if key not in HOLDINGS
    }
    better = [
        f"{rule} ({ratio(auc)})" for rule, auc in aucs.items() if None not in (auc, ours) and auc >= ours
    ]
    if not better:
        return []
    return [
        f"Rules that need no model had an AUC at least as high as its {ratio(ours)}: {', '.join(better)}."
    ]


def _retained(body: Body) -> list[str]:
    if not body["model"].get("retained"):
        return []
    return ["Training failed in this run; every figure is that of the previous model."]


def _sample(body: Body) -> list[str]:
    if (body["data"].get("source") or {}).get("name") != "sample":
        return []
    return [
        (
            f"{SAMPLE} Its five companies are known to have lasted, so figures for holding them are "
            "flattered by hindsight."
        )
    ]


def _survivorship(body: Body) -> list[str]:
    """Return that whoever chose the tickers knew which companies lasted; of the sample it is said elsewhere."""
    source = (body["data"].get("source") or {}).get("name")
    tickers = body["data"]["tickers"]
    if source == "sample" or not tickers:
        return []
    if "membership" in body["data"]:
        return without_prices(body["data"]["membership"])
    lasts = [ticker.get("last") for ticker in tickers.values()]
    ended = sum(last is not None and last < body["data"]["to"] for last in lasts) if body["data"]["to"] else 0
    reach = f"{count(ended)} of them end before the last session" if ended else "all reach the last session"
    sentence = (
        f"Somebody chose the {counted(len(tickers), 'ticker')}, knowing which companies lasted; {reach}. Companies "
        "that vanished are missing, so figures for holding, and of all that is learnt here, are flattered by "
        "hindsight (survivorship)."
    )
    return [sentence]


def _adjustment(body: Body) -> list[str]:
    sentences = []
    if body["data"].get("adjusted_close") == "copied_from_close":
        sentences.append(
            "The source has no adjusted close: dividends, and splits that the source left in, look like "
            "moves of the price and are in returns, labels and features."
        )
    if body["data"].get("price_basis") == "unknown":
        sentences.append("The source does not say whether prices are adjusted for splits.")
    return sentences


def _findings(body: Body) -> list[str]:
    warnings = sum(f["count"] for f in body["data"]["findings"] if f["severity"] == "warning")
    if not warnings:
        return []
    verb = "was" if warnings == 1 else "were"
    return [f"The checks gave {counted(warnings, 'warning')} that {verb} not waived; see Data quality."]


def _waivers(body: Body) -> list[str]:
    waived = body["data"].get("waivers") or []
    if waived and all(isinstance(entry, Mapping) for entry in waived):
        rules = sorted({str(entry.get("rule")) for entry in waived} - {"beyond"})
        return [f"Findings were waived by a person, of rule {listed(rules)}; see Data quality."]
    return [f"Findings were waived: {word(waived)}."] if waived else []


def _removed(body: Body) -> list[str]:
    prices = body["data"]
    removed = prices["rows_in"] - prices["rows_clean"]
    if not prices["rows_in"] or removed / prices["rows_in"] <= MUCH_REMOVED:
        return []
    return [
        f"Cleaning removed {share(removed / prices['rows_in'])} of the rows, enough to move results by itself."
    ]


def _tickers(body: Body) -> list[str]:
    tickers = body["data"]["tickers"]
    poor = sorted(t for t, ticker in tickers.items() if ticker.get("outcome", "ok") not in _FINE)
    if not poor:
        return []
    return [
        f"Not every one of {counted(len(tickers), 'ticker')} came through: {listed(poor)}; see Data quality."
    ]


def _rows(body: Body) -> list[str]:
    if not has_verdict(body) or body["rows"] >= FEW_ROWS:
        return []
    return [
        f"Only {counted(body['rows'], 'row')} were judged; chance alone moves figures that rest on so few."
    ]


def _interval(body: Body) -> list[str]:
    low, high = (body["performance"]["auc"].get(k) for k in ("low", "high"))
    if low is None or high is None or high - low <= WIDE_INTERVAL:
        return []
    return [
        (
            f"The interval of the AUC is wide, {ratio(low)} to {ratio(high)}: a useful model and a useless "
            "one would both fit in it."
        )
    ]


def _folds(body: Body) -> list[str]:
    folds = len(body["by_fold"])
    if not trained_here(body) or not 0 < folds < FEW_FOLDS:
        return []
    verb = "is" if folds == 1 else "are"
    return [
        f"There {verb} only {counted(folds, 'test period')}: a result may be that of one mood of the market."
    ]


def _open(body: Body) -> list[str]:
    missing = [key for key, estimate in body["performance"].items() if estimate.get("value") is None]
    if not missing or not has_verdict(body):
        return []
    return [f"{counted(len(missing), 'measure')} could not be computed; the reason stands below the table."]


def _drift(body: Body) -> list[str]:
    by_severity: dict[str, list[str]] = {}
    for column, row in body["drift"].items():
        by_severity.setdefault(str(row.get("severity")), []).append(column)
    sentences = []
    if "alarm" in by_severity:
        sentences.append(
            f"The latest sessions are unlike nearly all of the past in {', '.join(by_severity['alarm'])}."
        )
    if "warn" in by_severity:
        sentences.append(f"The latest sessions are unusual in {', '.join(by_severity['warn'])}.")
    if "insufficient" in by_severity:
        sentences.append("Drift could not be ranked for every column: too little history.")
    return sentences


def _new_tickers(body: Body) -> list[str]:
    names = body["model"].get("new_tickers") or []
    if not names:
        return []
    verb = "was" if len(names) == 1 else "were"
    return [
        f"The model was trained without {listed(names)}, which {verb} scored: nothing shows that it holds there."
    ]


def _age(body: Body) -> list[str]:
    age = body["model"].get("age_sessions")
    if age is None or age < OLD_SESSIONS:
        return []
    return [f"The model is {count(age)} sessions old, a year or more; markets may have changed since."]


_DOUBTS: tuple[Callable[[Body], list[str]], ...] = (
    _leak, _retained, _new_tickers, _rules, _adjustment, _drift, _rows, _interval, _folds, _age, _tickers, _removed,
    _sample, _survivorship, _waivers, _findings, _open,
)  # fmt: skip
