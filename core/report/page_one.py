"""The first page: what is asked of the reader, how good the model is, how sure that is, and what is doubtful.

It has at most :data:`MOST_LINES` lines of text, title included, whatever the evaluation holds: doubts that would not
fit are counted and stand in the appendix. It depends on the evaluation alone. What changed since the report that was
signed last is known to the journal only; the desk, ``afterclose review`` and the published form say it.
"""

from __future__ import annotations

from core.label import Label
from core.report import page_charts, sections
from core.report.about_data import accepted
from core.report.as_text import lines_of
from core.report.blocks import Block, Bullets, Facts, Gallery, Grid, Paragraph, Picture, Section
from core.report.doubts import doubts
from core.report.formatting import HOLD, NA, count, counted, period, ratio, share, short_number, span
from core.report.readings import confidence, has_verdict, retained, trained_here, without_model
from core.report.sheets import BASELINE, Predictor, predictors
from core.tables import Body

MOST_LINES = 45
"""What a person reads on one screen and one sheet."""

_TITLE_LINES = 7
"""Title, its rule, the source, the status and what is empty between them."""

_LONGEST = 150
"""Characters of a value from outside, such as a ticker: the rest of it stands in the appendix."""

AUC_WORDS = "AUC: how often a day before a rise is ranked above one before a fall; 0.500 is a coin toss, 1.000 perfect."
"""What the figure is that comes first: said once on a page, at the first place that has it."""

SINCE = "Changed since the last signed report: see the desk, or afterclose review."


def decision(body: Body) -> Section:
    """Return the first page: as many doubts as fit."""
    sentences = doubts(body)
    page = _page(body, sentences, len(sentences))
    for fitting in range(len(sentences) - 1, -1, -1):
        if length(page) <= MOST_LINES:
            break
        page = _page(body, sentences, fitting)
    return page


def length(page: Section) -> int:
    """Return the lines of text from the title to the page's last line."""
    return _TITLE_LINES + len(lines_of(page)) - 1


def _page(body: Body, sentences: tuple[str, ...], fitting: int) -> Section:
    blocks: list[Block] = [Paragraph(_cut(body["verdict_sentence"], 5 * _LONGEST), "verdict")]
    if body["leak_alarm"]["raised"]:
        blocks.append(Paragraph(_cut(f"Leak alarm: {body['leak_alarm']['reason']}"), "alarm"))
    if sentence := retained(body):
        blocks.append(Paragraph(_cut(sentence, 2 * _LONGEST), "alarm"))
    facts = (
        ("Asked of you", _question(body)),
        *_advice(body),
        *_label(body),
        ("How sure", _how_sure(body)),
        ("Data", _data(body)),
    )
    blocks += [Facts(facts), *_how_good(body), Gallery(pictures(body))]
    blocks += [_doubtful(sentences, fitting), Paragraph(SINCE, "note")]
    return Section(sections.DECISION, tuple(blocks), first=True)


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most - 4].rstrip() + " ..."


def _question(body: Body) -> str:
    if without_model(body):
        return "Whether to bring more history: no model came out of this run. The program decides nothing."
    model = _cut(str(body["model"]["model_id"] or "judged here"), 40)
    if trained_here(body):
        what = f"Is candidate {model}, which nobody uses yet, good enough to be used"
    else:
        what = f"May model {model} stay in use"
    return f"{what}? Answer under the next headings, and sign. The program decides nothing."


def _advice(body: Body) -> tuple[tuple[str, str], ...]:
    advised = body.get("advice")
    if advised is None:
        return ()
    sentence = str(advised["sentence"]).replace("champion", "champion (the model in use)", 1)
    return (("Advice", _cut(f"{advised['decision'].capitalize()}. {sentence}", 2 * _LONGEST)),)


def _label(body: Body) -> tuple[tuple[str, str], ...]:
    label = Label.of(body)
    return () if label.is_default else (("Predicted", f"{label.name}: whether {label.outcome}."),)


def _how_sure(body: Body) -> str:
    if not has_verdict(body):
        return "There is too little to judge: neither trust nor distrust is supported."
    how = (
        "by models that knew earlier sessions only" if trained_here(body) else "all of it after its training"
    )
    covering, once = confidence(body).removesuffix("%"), ", at one look" if body.get("sequential") else ""
    judged_in = period(body["from"], body["to"])
    return f"Judged {judged_in} {how}; {covering} of 100 such intervals hold the true figure{once}."


def _how_good(body: Body) -> tuple[Block, ...]:
    if not has_verdict(body):
        return ()
    rows = tuple(
        (
            _cut(p.name, 36),
            ratio(p.value("auc")),
            span(p.estimate("auc"), ratio),
            share(p.value("hit_rate")),
            share(p.value("long_flat_return")),
        )
        for p in _rows_of_interest(body)
    )
    head = ("Follow", "AUC", f"{confidence(body)} interval", "Calls right", "Return a year")
    return (
        Grid(
            "How good, beside the best rule without a model, and holding; after costs",
            head,
            rows,
            notes=(_words(body),),
        ),
    )


def _words(body: Body) -> str:
    words = AUC_WORDS
    evidence = body.get("sequential")
    if evidence:
        enough = short_number(evidence["threshold"])
        words += f" E-value: evidence that may be read daily; without skill 1 model in {enough} ever reaches {enough}."
    return words


def _rows_of_interest(body: Body) -> list[Predictor]:
    """Return this model, those beside it, the rule with the best AUC, and holding."""
    everyone = predictors(body)
    rules = [p for p in everyone if p.group == BASELINE and p.value("auc") is not None]
    best = max(rules, key=lambda p: p.value("auc") or 0.0, default=None)
    return [p for p in everyone if p.group != BASELINE or p is best or p.key == HOLD]


def pictures(body: Body) -> tuple[Picture, ...]:
    """Return the first page's pictures, the wide one first; those that there is something to draw for."""
    money = "What 1 became, after costs, by following the model and by holding; each step is twice as much."
    prices = f"Prices from {body['data']['from'] or NA} to {body['data']['to'] or NA}."
    judged_rows = [p for p in _rows_of_interest(body) if p.key != HOLD]
    drawn = (
        Picture(page_charts.equity(body), money, wide=True),
        Picture(page_charts.interval(judged_rows), "AUC, its interval, and a coin toss."),
        Picture(page_charts.coverage(body), prices),
    )
    return tuple(picture for picture in drawn if picture.svg)


def _doubtful(sentences: tuple[str, ...], fitting: int) -> Block:
    if not sentences:
        return Paragraph("Nothing in this run gave reason for a particular doubt.")
    # the first sentence of each says what it is; the rest stands in the appendix
    items = [_cut(_first_sentence(sentence), 2 * _LONGEST) for sentence in sentences[:fitting]]
    rest = len(sentences) - fitting
    if rest:
        more = " more" if fitting else ""
        items.append(f"{count(rest)}{more}: see {sections.LIMITS}.")
    return Bullets(tuple(items), "What is doubtful:")


def _first_sentence(text: str) -> str:
    head, dot, _ = text.partition(". ")
    return head + "." if dot else text


def _data(body: Body) -> str:
    prices = body["data"]
    warnings = sum(f["count"] for f in prices["findings"] if f["severity"] == "warning")
    removed = prices["rows_in"] - prices["rows_clean"]
    waived = counted(accepted(prices.get("waivers")), "finding")
    return (
        f"{counted(prices['rows_in'], 'row')} of {counted(len(prices['tickers']), 'ticker')}, "
        f"{period(prices['from'], prices['to'])}; {counted(removed, 'row') if removed else 'none'} removed, "
        f"{counted(warnings, 'warning')}, {waived} accepted by a person."
    )
