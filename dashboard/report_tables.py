"""Tables of a report as the desk draws them: what every row says stands above, numbers are plain, rows are cards.

The report's own bytes stay as they are: its text has every digit and every column.
"""

from __future__ import annotations

import re
from html import escape
from itertools import cycle

from core.queries.models.written_differences import contest
from core.queries.reports.advice_rows import advice_rows, in_short
from core.queries.reports.document import markup_of
from core.report.about_models import contest_grid, reasons_grid
from core.tables import Body
from dashboard import compact, folding, wrapped

_FIGURE = re.compile(r"<figure>(?:(?!</figure>).)*<table.*?</figure>", re.DOTALL)
_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[hd]\b([^>]*)>(.*?)</t[hd]>", re.DOTALL)
_HEAD, _OPEN_CELL = re.compile(r"<th\b([^>]*)>(.*?)</th>", re.DOTALL), re.compile(r"<td\b")
_WORDS = re.compile(r'class="(?:l|l [^"]*)"')
_WINDOW = re.compile(r'<figcaption>([^<]*)</figcaption><div class="scroll">')
_REACHED = r'<figcaption>\1</figcaption><div class="scroll" tabindex="0" role="region" aria-label="\1">'
"""A table that scrolls sideways where it is narrow: what scrolls must be reached by keyboard."""
_LEAST_COLUMNS, _LEAST_ROWS, _LEAST_LEFT = 5, 3, 3
_SAYS_NOTHING = ("", "-", "n/a")


def drawn(markup: str) -> str:
    """Return the HTML of a section with its tables as the desk draws them."""
    markup = _FIGURE.sub(lambda match: _without_repetition(match[0]), markup)
    markup = _TABLE.sub(lambda match: as_cards(match[0]), markup)
    return _WINDOW.sub(_REACHED, markup)


def with_advice_rows(markup: str, evaluation: Body) -> str:
    """Return the section of the advice with its reasons as the desk shows them: in a sentence, and each ok or not.

    They are made anew from the evaluation that the report was drawn from. Where the page has another table, as a
    report by an earlier version may, it stays as it came.
    """
    reasons = (evaluation.get("advice") or {}).get("reasons") or []
    table = markup_of(reasons_grid(reasons))
    return markup.replace(table, advice_table(evaluation, folded=True), 1) if table in markup else markup


def advice_table(evaluation: Body, *, folded: bool = False) -> str:
    """Return what an advice rests on as HTML: a sentence, and the rows, which a phone folds where they are to be."""
    rows = advice_rows(evaluation)
    cells: dict[str, list[object]] = {
        "Result": [wrapped.Drawn(compact.badge(row.state)) for row in rows],
        "Reason": [wrapped.Drawn(f"{escape(row.name)}<small>{escape(row.note)}</small>") for row in rows],
        "Found": [row.value for row in rows],
        "Needed": [row.needed for row in rows],
    }
    fold = folding.line(f"What was found of each of {len(rows):,}") if folded else ""
    return f'<p>{escape(in_short(rows))}</p><div class="advice-rows">{fold}{wrapped.markup(cells)}</div>'


def with_figures_that_add_up(markup: str, evaluation: Body) -> str:
    """Return the section about the champion with both models' figures and their differences adding up.

    As :func:`with_advice_rows`: made anew from the evaluation, and left where the page has another table.
    """
    champion = evaluation.get("champion") or {}
    if not champion.get("compared"):
        return markup
    return markup.replace(
        markup_of(contest_grid(evaluation, champion)), markup_of(contest(evaluation, champion)), 1
    )


def _without_repetition(figure: str) -> str:
    """Return a table without the columns in which every row says the same: that stands once, above it.

    >>> rows = "".join(f"<tr><td>{n}</td><td>then</td><td>{n}</td><td>{n}</td></tr>" for n in range(3))
    >>> head = "<tr><th>N</th><th>Time</th><th>A</th><th>B</th></tr>"
    >>> table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    >>> made = _without_repetition(f"<figure><figcaption>All</figcaption>{table}</figure>")
    >>> made.partition("<tbody>")[0]
    '<figure><figcaption>All. Time: then</figcaption><table><thead><tr><th>N</th><th>A</th><th>B</th></tr></thead>'
    """
    rows = [[cell[2] for cell in _CELL.finditer(row)] for row in _ROW.findall(figure)]
    if len(rows) <= _LEAST_ROWS or len({len(row) for row in rows}) != 1 or "</figcaption>" not in figure:
        return figure
    columns = list(zip(*rows, strict=True))
    same = [
        place
        for place, (_, first, *others) in enumerate(columns)
        if 0 < place < len(columns) - 1 and first not in _SAYS_NOTHING and {*others} == {first}
    ][: len(columns) - _LEAST_LEFT]
    if not same:
        return figure
    words = "; ".join(f"{columns[place][0]}: {columns[place][1]}" for place in same)
    figure = figure.replace("</figcaption>", f". {words}</figcaption>", 1)
    return _ROW.sub(lambda row: _row_without(row[1], same), figure)


def _row_without(row: str, places: list[int]) -> str:
    cells = [cell[0] for cell in _CELL.finditer(row)]
    return f"<tr>{''.join(cell for place, cell in enumerate(cells) if place not in places)}</tr>"


def as_cards(table: str) -> str:
    r"""Return a table that ends with a column of words so that a phone can draw each row as a card.

    >>> row = "<tr><td>a</td><td>1</td><td>2</td><td>3</td><td class=\"l\">why</td></tr>"
    >>> head = "<tr><th>N</th><th>A</th><th>B</th><th>C</th><th class=\"l\">Note</th></tr>"
    >>> made = as_cards(f'<table class="figures"><thead>{head}</thead><tbody>{row}</tbody></table>')
    >>> made.partition("<tbody>")[2].partition("</tbody>")[0][:49]
    '<tr><td data-label="N">a</td><td data-label="A">1'
    >>> as_cards("<table><thead><tr><th>N</th></tr></thead></table>")
    '<table><thead><tr><th>N</th></tr></thead></table>'
    """
    heads = _HEAD.findall(table)
    if len(heads) < _LEAST_COLUMNS or not _WORDS.search(heads[-1][0]):
        return table
    names = cycle(name for _, name in heads)
    opening, body = table.split("<tbody>", 1)
    opening = opening.replace("<table", "<table data-cards", 1)
    return f"{opening}<tbody>" + _OPEN_CELL.sub(lambda _: f'<td data-label="{next(names)}"', body)
