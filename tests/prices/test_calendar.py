"""Sessions are those of exchange_calendars, for any span, and mistakes are answered in words."""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import pytest

from core.errors import DataError, ParameterError
from core.prices.calendar import check_calendar, known_span, next_session, session_numbers, sessions_between
from tests.prices.conftest import gate, quiet_frame


@pytest.mark.parametrize("name", ["XNYS", "XLON", "XTKS", "XHKG", "24/7", "CMES"])
def test_sessions_are_those_of_the_whole_calendar(name):
    """The short way (one small calendar, its offset) gives what the library's own full calendar gives."""
    import exchange_calendars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = exchange_calendars.get_calendar(name, start="1998-01-01", end="2024-12-31")
    ours = sessions_between(name, date(1998, 1, 1), date(2024, 12, 31))
    assert ours.tolist() == [day.date() for day in whole.sessions]


def test_both_ends_are_inclusive_and_a_reversed_span_is_empty():
    """2012-01-16 was a holiday."""
    days = sessions_between("XNYS", date(2012, 1, 13), date(2012, 1, 17))
    assert days.tolist() == [date(2012, 1, 13), date(2012, 1, 17)]
    assert sessions_between("XNYS", date(2012, 1, 13), date(2012, 1, 13)).tolist() == [date(2012, 1, 13)]
    assert len(sessions_between("XNYS", date(2012, 1, 14), date(2012, 1, 13))) == 0


def test_the_next_session_skips_weekends_holidays_and_closures():
    """A weekend, Independence Day, the week after 2001-09-10, and a market that never closes."""
    assert next_session("XNYS", date(2013, 3, 1)) == date(2013, 3, 4)
    assert next_session("XNYS", date(2012, 7, 3)) == date(2012, 7, 5)
    assert next_session("XNYS", date(2001, 9, 10)) == date(2001, 9, 17)
    assert next_session("24/7", date(2013, 3, 1)) == date(2013, 3, 2)


def test_an_unknown_calendar_is_answered_with_the_nearest_name():
    """Both the cheap check and the real use refuse it."""
    assert check_calendar("XNYS") == "XNYS"
    with pytest.raises(ParameterError, match="Did you mean XNYS"):
        check_calendar("XNYSE")
    with pytest.raises(ParameterError, match="zzzzzz"):
        next_session("zzzzzz", date(2013, 3, 1))


def test_an_exchange_may_be_named_by_its_alias():
    """NYSE is what people call XNYS: both are the same sessions."""
    assert check_calendar("NYSE") == "NYSE"
    span = (date(2024, 7, 1), date(2024, 7, 8))
    assert sessions_between("NYSE", *span).tolist() == sessions_between("XNYS", *span).tolist()


def test_days_beyond_the_calendar_are_refused_and_named():
    """Hong Kong's calendar begins in 1960: the message says what it knows."""
    with pytest.raises(DataError, match="1960-01-01 to 2049-12-31"):
        sessions_between("XHKG", date(1959, 1, 1), date(1961, 1, 1))
    with pytest.raises(DataError, match="no session after 2049-12-31"):
        next_session("XHKG", date(2049, 12, 31))
    assert known_span("XHKG", date(1959, 1, 1), date(1961, 1, 1)) == (date(1960, 1, 1), date(1961, 1, 1))
    assert known_span("XHKG", date(1950, 1, 1), date(1951, 1, 1)) is None


def test_session_numbers_count_across_the_edge_of_the_calendar():
    """Monday to Thursday are three weekdays in 1959; Monday to Tuesday is one session in 1960."""
    days = np.array(["1959-12-28", "1959-12-31", "1960-01-04", "1960-01-05"], dtype="datetime64[D]")
    numbers = session_numbers("XHKG", days)
    assert np.diff(numbers).tolist()[::2] == [3, 1]
    assert session_numbers("XHKG", days[:0]).tolist() == []


def test_a_calendar_that_cannot_be_built_is_a_parameter_error(monkeypatch):
    """A fault of the library with one calendar is told as a matter of that setting."""
    import exchange_calendars

    from core.prices import calendar

    def fail(*_: object, **__: object) -> None:
        raise NotImplementedError("no such rule")

    monkeypatch.setattr(exchange_calendars, "get_calendar", fail)
    calendar.exchange.cache_clear()
    with pytest.raises(ParameterError, match="cannot build"):
        calendar.exchange("ASEX")
    calendar.exchange.cache_clear()


def test_a_gate_that_misses_sessions_names_the_calendar_that_fits():
    """London traded on days that New York did not: the remedy says which calendar has these days."""
    london = sessions_between("XLON", date(2024, 5, 1), date(2024, 8, 30))
    findings = gate(quiet_frame(days=[str(day) for day in london]), today=date(2024, 9, 1))
    actions = {finding["rule"]: finding["action"] for finding in findings}
    assert "choose it with --calendar XLON" in actions["missing_session_everywhere"]
