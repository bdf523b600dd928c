"""Dates as files write them, made ISO; what can be read in two ways is asked back, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from core.errors import SourceError
from core.sources.tabular.columns import unguarded_text
from core.sources.tabular.date_forms import (
    FORMS,
    LATEST_MIDNIGHT_BEHIND,
    SHORT_READINGS,
    DateRead,
    kind_of,
    without_weekday,
)
from core.sources.tabular.options import AUTO

if TYPE_CHECKING:
    import pandas as pd

    from core.sources.tabular.linenumbers import Lines

_LARGEST_UNREAD = 0.5
"""With more cells than this share in no form that is read, the column is not understood."""

_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 4, 5, 6
"""A market's midnights that are a day early in UTC fall on Sundays and on no Friday; its closes the other way round."""

_MOST_TIMES = 4
"""Times of day of one market's sessions: a midnight or a close, in summer and in winter."""

_DAYS_TO_1904 = 1462
"""Between day 0 of Excel's two systems (https://learn.microsoft.com/office/troubleshoot/excel/1900-and-1904-date-system)."""

_FIRST_EXCHANGE = "1602"
"""Amsterdam's; the first daily prices that are kept are of the 1690s."""

_DATES_THAT_PROVE, _WEEKENDS_THAT_PROVE = 15, 3

_ORDERS = {"us": "month first", "eu": "day first", "ymd": "year first"}


def iso_dates(
    cells: pd.Series, name: str, date_format: str = AUTO, *, lines: Sequence[int] | Lines | None = None
) -> tuple[pd.Series, str]:
    """Return a column of dates as ISO text, and the format that was found.

    A column has one format, the one most of its cells have. A cell of another format, or an impossible
    day, stays as it is written: the gate names it with its value. A midnight is no time of day; any
    other time stays beside its date, and the gate says so. Instants in UTC at whole hours up to ten are
    midnights of a market behind UTC: their date stands.

    Parameters
    ----------
    cells : Series of str, n_rows
    name : str
        The file, for messages.
    date_format : str
        As ``--date-format`` takes it: month first is ``us``, day first is ``eu``; ``ymd`` is 20210403 or 2021/4/3.
    lines : sequence of int, n_rows, optional
        Line of each cell in the file; from the second one on unless said otherwise.

    Raises
    ------
    SourceError
        If days and months cannot be told apart, with both readings; if the column is in no form that is
        read; or if it holds midnights, in UTC, of a market ahead of it, whose dates would be a day early.
    """
    import pandas as pd

    codes, distinct = pd.factorize(cells.astype(object))
    texts = [without_weekday(unguarded_text(str(cell))) for cell in distinct]
    column = _Column([str(cell) for cell in distinct], texts, codes.tolist(), name, lines)
    form = column.form() if date_format == AUTO else date_format
    if form == "":
        return cells, ""
    read = [FORMS[form](text) for text in texts]
    column.judge_years(read)
    _refuse_midnights_elsewhere(read, name)
    _refuse_days_beside(read, name)
    written = [str(cell) if day is None else day.text() for cell, day in zip(distinct, read, strict=True)]
    values = pd.Series([*written, None], dtype=object).to_numpy()[codes]
    return pd.Series(values, index=cells.index, dtype=object), form


def _refuse_midnights_elsewhere(read: list[DateRead | None], name: str) -> None:
    """Refuse instants that are midnights of a market ahead of UTC: their day in UTC is the day before."""
    hours = {day.hour for day in read if day is not None and day.is_utc}
    if not hours or None in hours or hours == {0}:
        return
    late = {hour for hour in hours if hour is not None and hour > LATEST_MIDNIGHT_BEHIND}
    weekdays = {date.fromisoformat(day.day).weekday() for day in read if day is not None}
    if late and len(hours) <= 2 and not (_FRIDAY in weekdays and _SUNDAY not in weekdays):
        example = next(day for day in read if day is not None and day.hour in late)
        raise SourceError(
            f"{name} has instants in UTC such as {example.day} {max(late):02}:00, which are midnights of another time zone",
            expected="the dates of the market's sessions",
            remedy="Taken as they are, its sessions would be a day early: write each date in the market's own time zone.",
        )


def _refuse_days_beside(read: list[DateRead | None], name: str) -> None:
    """Refuse dates with a time of day that are those of the sessions a day early or late, whatever zone they are in."""
    timed = [day for day in read if day is not None and day.time and day.text() != day.day]
    weekdays = {date.fromisoformat(day.day).weekday() for day in timed}
    early = _SUNDAY in weekdays and _FRIDAY not in weekdays
    late = _SATURDAY in weekdays and _MONDAY not in weekdays
    if len({day.time for day in timed}) > _MOST_TIMES or not (early or late):
        return
    rest_day, weekday, missing = (_SUNDAY, "Sunday", "Friday") if early else (_SATURDAY, "Saturday", "Monday")
    example = next(day for day in timed if date.fromisoformat(day.day).weekday() == rest_day)
    raise SourceError(
        f"{name} has dates with a time such as {example.day} {example.time[:5]}, a {weekday}, and none on a {missing}: "
        f"midnights or closes of another time zone, whose sessions would be a day {'early' if early else 'late'}",
        expected="the dates of the market's sessions",
        remedy="Write each date in the market's own time zone and without its time.",
    )


class _Column:
    """The distinct cells of a column of dates, and how they are to be read."""

    def __init__(
        self,
        cells: list[str],
        texts: list[str],
        codes: list[int],
        name: str,
        lines: Sequence[int] | Lines | None,
    ) -> None:
        self._cells, self._texts, self._codes = cells, texts, codes
        self._weights = Counter(code for code in codes if code >= 0)
        self._name, self._lines = name, lines

    def form(self) -> str:
        """Return the form that most cells have, empty where there is no cell."""
        kinds = [kind_of(text, loosely=True) for text in self._texts]
        counts: Counter[str] = Counter()
        for number, kind in enumerate(kinds):
            counts[kind or ""] += self._weights[number]
        total, unread = sum(counts.values()), counts.pop("", 0)
        if not total:
            return ""
        if not counts or unread > _LARGEST_UNREAD * total:
            raise self._not_understood(next(n for n, kind in enumerate(kinds) if not kind), unread, total)
        kind = max(sorted(counts), key=lambda k: counts[k])
        rows = [number for number, k in enumerate(kinds) if k == kind]
        if kind == "numbered":
            return self._order(rows, {"us": "us", "eu": "eu"})
        if kind in SHORT_READINGS:
            return self._order(rows, SHORT_READINGS[kind])
        if kind == "excel":
            self._refuse_other_day_0(rows)
        return kind

    def judge_years(self, read: Sequence[DateRead | None]) -> None:
        """Refuse years before any exchange: those of another calendar, or what stands for no date.

        Parameters
        ----------
        read : sequence of DateRead or None
            Of each distinct cell.
        """
        row = next((n for n, day in enumerate(read) if day is not None and day.day < _FIRST_EXCHANGE), None)
        if row is not None:
            raise SourceError(
                f"{self._name}: the date {self._cells[row]} (line {self._line(row)}) is before there was any exchange",
                expected="years of the Gregorian calendar, such as 2022",
                remedy="A year near 1400 is of the Persian calendar or the Islamic one: write the dates as YYYY-MM-DD of the "
                "Gregorian one. A first day of year 1 stands for no date: take the row out.",
            )

    def _refuse_other_day_0(self, rows: list[int]) -> None:
        """Refuse day numbers that fall on weekends, where those of a workbook that counts from 1904 would not."""
        days = [date.fromisoformat(day.day) for row in rows if (day := FORMS["excel"](self._texts[row]))]
        later = [day + timedelta(days=_DAYS_TO_1904) for day in days]
        weekends, others = (sum(day.weekday() > _FRIDAY for day in of) for of in (days, later))
        if len(days) >= _DATES_THAT_PROVE and weekends >= _WEEKENDS_THAT_PROVE and not others:
            raise SourceError(
                f"{self._name}: day number {self._texts[rows[0]]} (line {self._line(rows[0])}) is {days[0]} in a workbook "
                f"that counts from 1900 and {later[0]} in one that counts from 1904; only with the latter is every date a weekday",
                expected="dates that say their year",
                remedy="Write the dates as YYYY-MM-DD.",
            )

    def _order(self, rows: list[int], readings: dict[str, str]) -> str:
        """Return the form of cells whose parts could stand in several orders, by those that leave no choice."""
        fitting = {
            order: form for order, form in readings.items() if all(FORMS[form](self._texts[r]) for r in rows)
        }
        if not fitting:
            raise self._mixed(rows, readings)
        if all("." in self._texts[row] for row in rows):
            fitting.pop("us", None)  # no country writes month.day.year with dots
            if not fitting:
                raise self._not_understood(rows[0], len(rows), len(rows))
        if len(fitting) > 2 or (len(fitting) == 2 and "ymd" in fitting):
            fitting = self._on_weekdays(rows, fitting)
        if len(fitting) > 1:
            days = {row: {FORMS[form](self._texts[row]) for form in fitting.values()} for row in rows}
            if (doubtful := next((row for row in rows if len(days[row]) > 1), None)) is not None:
                raise self._ambiguous(doubtful, fitting)
        order = next(iter(fitting))
        if order in ("us", "eu"):
            self._refuse_swapped(rows, readings, order)
        return fitting[order]

    def _on_weekdays(self, rows: list[int], fitting: dict[str, str]) -> dict[str, str]:
        """Return the one reading of years with two digits in which every date is a weekday; all, if that decides nothing.

        Read in a wrong order, the parts of dates fall on any day of the week: of fifteen dates four on a weekend.
        """
        if len(rows) < _DATES_THAT_PROVE:
            return fitting
        weekends = {
            order: sum(
                day is not None and date.fromisoformat(day.day).weekday() > _FRIDAY
                for day in (FORMS[form](self._texts[row]) for row in rows)
            )
            for order, form in fitting.items()
        }
        clean = [order for order, count in weekends.items() if not count]
        others = [count for order, count in weekends.items() if order not in clean]
        if len(clean) == 1 and min(others) >= _WEEKENDS_THAT_PROVE:
            return {clean[0]: fitting[clean[0]]}
        return fitting

    def _refuse_swapped(self, rows: list[int], readings: dict[str, str], order: str) -> None:
        """Refuse a column in which cells that could be read either way stand in the other order than the rest.

        A spreadsheet that takes days for months does so up to the twelfth: read in one order its dates jump back
        and forth, while with those cells turned round they run on.
        """
        other = "eu" if order == "us" else "us"
        texts, chosen, turned = self._texts, [], []
        ambiguous = set(rows)
        for code in self._codes:
            if code in ambiguous:
                straight, around = FORMS[readings[order]](texts[code]), FORMS[readings[other]](texts[code])
                assert straight is not None, "every cell fits the chosen order"
                chosen.append(straight.day)
                turned.append(around.day if around is not None else straight.day)
        if _breaks(chosen) > 2 and _breaks(turned) == 0:
            either = next(row for row in rows if FORMS[readings[other]](texts[row]))
            raise SourceError(
                f"{self._name} mixes two orders: read {_ORDERS[order]} its dates jump, and they run on when those up to "
                f"the twelfth ({texts[either]}, line {self._line(either)}) are read {_ORDERS[other]}",
                expected="one date format",
                remedy="Export the file again with ISO dates, or correct it; --date-format us or eu reads it in one order.",
            )

    def _not_understood(self, row: int, unread: int, total: int) -> SourceError:
        return SourceError(
            f"{self._name}: {unread} of {total} dates are written like {self._cells[row]!r} (line {self._line(row)})",
            expected="read are 2021-04-03, 20210403, 4/3/2021, 3-Apr-2021 or 3-Apr-21, April 3, 2021, Excel's day numbers and "
            "seconds since 1970",
            remedy="Write the dates as YYYY-MM-DD, or say --date-format where days and months could be exchanged.",
        )

    def _mixed(self, rows: list[int], readings: dict[str, str]) -> SourceError:
        firsts = {}
        for order in ("eu", "us"):
            others = [form for o, form in readings.items() if o != order]
            only = [
                r
                for r in rows
                if FORMS[readings[order]](self._texts[r])
                and not any(FORMS[f](self._texts[r]) for f in others)
            ]
            if only:
                firsts[order] = only[0]
        if len(firsts) < 2:
            return self._not_understood(rows[0], len(rows), len(rows))
        eu, us = firsts["eu"], firsts["us"]
        return SourceError(
            f"{self._name} mixes day first ({self._texts[eu]}, line {self._line(eu)}) "
            f"and month first ({self._texts[us]}, line {self._line(us)})",
            expected="one date format",
            remedy="Correct the file, or say --date-format us or eu: the gate then names the other cells.",
        )

    def _ambiguous(self, row: int, fitting: dict[str, str]) -> SourceError:
        text = self._texts[row]
        read = {order: FORMS[form](text) for order, form in fitting.items()}
        parts = [
            f"{day.day} with the {_ORDERS[order].replace(' first', '')} first"
            for order, day in read.items()
            if day
        ]
        options = " or ".join(f"--date-format {order} ({_ORDERS[order]})" for order in fitting)
        ways = "two ways" if len(fitting) == 2 else f"{len(fitting)} ways"
        short = "" if text[-4:].isdigit() and set(fitting) == {"us", "eu"} else "; its years have two digits"
        return SourceError(
            f"{self._name}: every date can be read in {ways}; {text} (line {self._line(row)}) is {' and '.join(parts)}{short}",
            expected="dates of which at least one decides",
            remedy=f"Say which: {options}.",
        )

    def _line(self, row: int) -> int:
        place = self._codes.index(row)
        return place + 2 if self._lines is None else int(self._lines[place])


def _breaks(days: list[str]) -> int:
    """Return how often a list of days turns back; 0 for one that rises or falls throughout, ticker after ticker."""
    rises = sum(later > earlier for earlier, later in pairwise(days))
    falls = sum(later < earlier for earlier, later in pairwise(days))
    return min(rises, falls)
