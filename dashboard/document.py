"""The report drawn as a document: sections with their pictures, and those that people write edited in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape, unescape
from urllib.parse import urlencode

import streamlit as st

from core.fingerprint import sha256
from core.queries.reports.document import CHANGED, PAGE, WRITTEN, DocumentSection, document
from core.queries.runs.run_labels import ID_DIGITS
from core.report.formatting import counted, minute
from core.report.page_charts import EQUITY
from core.report.sections import ADVICE, CHAMPION, DECISION, PLACEHOLDER
from core.report.style import CSS
from core.review.comments import SectionComment
from core.review.drafts import generated_body
from core.store.checkpoints import Slot
from core.tables import Body
from dashboard import compact, report_tables, said_once, shell
from dashboard.checking import ChampionNow

WIDTHS = (13, 6)
"""Of the document, where a line of 95 characters fits, and of what stands at its side."""

SIDE = "at-the-side"
"""Place on the page where sign-off, contents and evidence begin: on a phone they come below the document."""


def sections(report_key: str, text: str) -> list[DocumentSection]:
    """Return the sections of a report's text as it stands; the page behind it is verified as it is read."""
    store = shell.store()
    page = store.read(Slot("report", report_key), "report.html").decode()
    return _sections(sha256(page.encode()), page, generated_body(store, report_key), text)


@st.cache_data(max_entries=16, show_spinner=False)
def _sections(digest: str, _page: str, generated: str, text: str) -> list[DocumentSection]:
    del digest  # stands for the page, which is long
    return document(_page, generated, text)


def anchor(title: str) -> str:
    """Return the name of a section's place on the page.

    >>> anchor("Business implications")
    'section-business-implications'
    """
    return "section-" + re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def contents(several: Sequence[DocumentSection], remarks: Mapping[str, Sequence[SectionComment]]) -> None:
    """Draw the list of contents; what is still to be written (○), was changed or was commented on is marked."""
    items = "".join(
        f'<li><a href="#{anchor(each.title)}" target="_self">{escape(each.title)}</a>'
        f"{_mark(each, len(remarks.get(each.title, ())))}</li>"
        for each in said_once.in_reading_order(several)
        if each.title
    )
    key = f" {compact.quiet(f'{_UNWRITTEN} to be written')}" if _UNWRITTEN in items else ""
    st.html(
        f'<nav class="report-contents" aria-label="Contents"><p><strong>Contents</strong>{key}</p>'
        f"<ol>{items}</ol></nav>"
    )


_UNWRITTEN = "○"


def _mark(section: DocumentSection, comments: int) -> str:
    words = [
        _UNWRITTEN if section.kind == WRITTEN and section.text.strip() in ("", PLACEHOLDER) else "",
        "changed" if section.kind == CHANGED else "",
        counted(comments, "comment") if comments else "",
    ]
    text = ", ".join(filter(None, words))
    return f" {compact.quiet(text)}" if text else ""


def draw(
    several: Sequence[DocumentSection],
    remarks: Mapping[str, Sequence[SectionComment]],
    edit: Callable[[str], None],
    *,
    evaluation: Body,
    narrow_equity: str = "",
    now: ChampionNow | None = None,
    signed: bool = False,
) -> None:
    """Draw decision, evidence, and what people write below it; ``edit`` draws the box of one of theirs.

    ``evaluation`` is what the report was drawn from, empty where that cannot be read. ``narrow_equity`` is the drawing
    of money for a phone, where the wide one could not be read. ``now`` says what is so since the report was made: it
    leads the first section that has words true of their time, and those follow at its end. ``signed``: it asks no more.
    """
    st.html(f"<style>{looks()}</style>")
    page: list[str] = []
    several = said_once.in_reading_order(said_once.said_once(several))
    for number, section in enumerate(several):
        if section.kind == WRITTEN:
            if page:
                page.append(f'<p class="note" id="{WRITTEN_PLACE}">{_BY_PEOPLE}</p>')
            _flush(page, number)
            with st.container(key=f"written-{number}"):
                st.html(
                    f'<h2 class="report-heading" id="{anchor(section.title)}">{escape(section.title)}</h2>'
                )
                edit(section.title)
                with st.container(key=f"remarks-{number}"):  # always there: what follows keeps its place
                    if section.title in remarks:
                        st.html(_remarks(remarks[section.title]))
        else:
            lead, now = (now, None) if section.title in _OF_ITS_TIME else (None, now)
            repeated = section.title == ADVICE and _says_the_advice(several[0])
            drawn = replace(section, markup=_ADVICE.sub("", section.markup, count=1)) if repeated else section
            if section.title == ADVICE:
                drawn = replace(drawn, markup=report_tables.with_advice_rows(drawn.markup, evaluation))
            if section.title == CHAMPION:
                drawn = replace(
                    drawn, markup=report_tables.with_figures_that_add_up(drawn.markup, evaluation)
                )
            markup = _markup(drawn, narrow_equity, lead)
            if signed:
                markup = markup.replace(_BELOW, _ANSWERED)
            page.append(markup + _remarks(remarks.get(section.title, ())))
    _flush(page, len(several))


def _flush(page: list[str], number: int) -> None:
    """Draw what was collected as one element: each costs the browser time."""
    if page:
        with st.container(key=f"page-{number}"):
            st.html(f'<div class="report-page">{"".join(page)}</div>')
        page.clear()


def _markup(section: DocumentSection, narrow_equity: str, now: ChampionNow | None) -> str:
    heading = f'<h2 id="{anchor(section.title)}">{escape(section.title)}</h2>' if section.title else ""
    lead = _lead(now) if now else ""
    if section.kind == PAGE:
        dark = st.context.theme.type == "dark"
        markup = _SVG.sub(lambda match: _for_both(match[0], narrow_equity, dark=dark), section.markup)
        markup = report_tables.drawn(markup).replace(_NEXT, _BELOW)
        if now:
            markup = _then(markup, now)
        return f"<section>{heading}{lead}{_DAY.sub(_UNBROKEN, markup)}</section>"
    since = f'<p class="report-remark">{escape(now.since)}</p>' if now else ""
    return (
        f'<section>{heading}{lead}{since}<p class="note">Changed by hand: the text as it stands.</p>'
        f"<pre>{escape(section.text)}</pre></section>"
    )


def _lead(now: ChampionNow) -> str:
    """Return what is so now, and the way to decide about it."""
    way = f'<a href="model?{escape(urlencode(shell.address()))}" target="_self" class="to-page">Decide on Model</a>'
    return f'<p class="now"><strong>{escape(now.lead)}</strong> {escape(now.advice)} {way}</p>'


def _then(markup: str, now: ChampionNow) -> str:
    """Return a section with what it asked and advised at its time, said to be so, behind its other facts."""
    request, advice = _QUESTION.search(markup), _ADVICE_FACT.search(markup)
    if not request or _BELOW not in request[1]:
        return f'<p class="report-remark">{escape(now.since)}</p>{markup}'
    question, _, way_on = request[1].partition(_BELOW)
    then = [escape(now.since), f"Asked: {question.strip()}", *([f"Advised: {advice[1]}"] if advice else [])]
    rest = markup.replace(request[0], f"<dt>Asked of you</dt><dd>{_BELOW}{way_on}</dd>", 1)
    rest = rest.replace(advice[0], "", 1) if advice else rest
    words = _MODEL_ID.sub(lambda match: match[0][:ID_DIGITS], " ".join(then))
    return rest.replace("</dl>", f'<dt>Then</dt><dd class="note">{words}</dd></dl>', 1)


def _says_the_advice(first: DocumentSection) -> bool:
    """Return whether the advice stands on the first page, as the program wrote it; below only its reasons follow."""
    return first.title == DECISION and first.kind == PAGE and "<dt>Advice</dt>" in first.markup


_ADVICE = re.compile(r'<p class="verdict">Advice: [^<]*</p>\n?')

_OF_ITS_TIME = (DECISION, ADVICE)
"""Sections that speak of the champion of the day on which the report was made."""

_MODEL_ID = re.compile(r"\b[0-9a-f]{12}\b")
_QUESTION = re.compile(r"<dt>Asked of you</dt><dd[^>]*>(.*?)</dd>")
_ADVICE_FACT = re.compile(r"<dt>Advice</dt><dd[^>]*>(.*?)</dd>")

WRITTEN_PLACE = "written-by-people"
"""Place on the page where the sections begin that people write."""

_BY_PEOPLE = "What people write, below the evidence for it; in the report it follows the decision."
_NEXT = "Answer under the next headings, and sign."
_WAY = f'<a href="#{WRITTEN_PLACE}" target="_self">below the evidence</a>'
_BELOW, _ANSWERED = f"Answer {_WAY}, and sign.", f"It is signed; what people wrote stands {_WAY}."
"""On the desk, where people write after they have read: the headings are not the next ones."""


def _for_both(svg: str, narrow_equity: str, *, dark: bool) -> str:
    """Return a drawing as a picture; that of money as two, of which a screen or a phone shows its own."""
    wide = picture(svg, dark=dark)
    if not narrow_equity or EQUITY not in svg:
        return wide
    narrow = picture(narrow_equity, dark=dark)
    return f'<span class="on-screen">{wide}</span><span class="on-phone">{narrow}</span>'


def _remarks(several: Sequence[SectionComment]) -> str:
    return "".join(
        f'<p class="report-remark"><strong>{escape(each.who)}</strong>, {minute(each.at_utc)}, record {each.record}: '
        f"{escape(each.text)}</p>"
        for each in several
    )


def picture(svg: str, *, dark: bool) -> str:
    """Return a drawing as a picture with its looks inside: Streamlit takes drawings out of HTML."""
    label = re.search(r'aria-label="([^"]*)"|<title>([^<]*)</title>', svg)
    colours = ";".join(f"{name}:{value}" for name, value in _colours()[int(dark)].items())
    rules = " ".join(_SVG_RULE.findall(CSS[: CSS.index("@media (max-width")]))
    style = f"<style>svg {{ {colours}; font-family: system-ui, sans-serif }} {rules}</style>"
    opening, rest = svg.split(">", 1)
    with_namespace = opening if "xmlns" in opening else f'{opening} xmlns="http://www.w3.org/2000/svg"'
    words = unescape(next(filter(None, label.groups()), "")) if label else "Picture of the report"
    return compact.picture(f"{with_namespace}>{style}{rest}", words)


def _colours() -> tuple[dict[str, str], dict[str, str]]:
    """Return the report's colours in light, and in dark."""
    light, dark = (dict(_VARIABLE.findall(block)) for block in _ROOT.findall(CSS)[:2])
    return light, {**light, **dark}


def looks() -> str:
    """Return the report's own looks for sections inside a page of the desk, in the desk's theme.

    Its colours are chosen by the reader's system; the desk may be set otherwise.
    """
    light, dark = _colours()
    colours = ";".join(f"{name}:light-dark({value},{dark[name]})" for name, value in light.items())
    rules = CSS[CSS.index("p { margin") : CSS.index("@media (max-width")]
    narrow = ".gallery { display: block; } dl:not(.tiles) { grid-template-columns: 1fr; gap: 0; }"
    return f".report-page {{ {colours}; {rules} @media (max-width: 60rem) {{ {narrow} }} }}"


_DAY = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])(?=[^<>]*<)")
"""A date in the words of a page, never within a tag: browsers break a line behind a hyphen."""

_UNBROKEN = r'<bdi class="unbroken">\g<0></bdi>'
_SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
_SVG_RULE = re.compile(r"svg[^{}]*\{[^}]*\}")
_ROOT = re.compile(r":root \{(.*?)\}", re.DOTALL)
_VARIABLE = re.compile(r"(--[a-z-]+): ([^;]+);")
