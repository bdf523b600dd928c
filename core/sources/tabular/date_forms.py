"""The forms in which files write a date, each with its reader; nothing is decided here between two of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_ZONE = r"(?:Z|UTC|GMT|[A-Z]{2,4}T|[+-]\d{2}(?::?\d{2})?)"
_TIME = r"(?:[T ,]+(?P<time>\d{1,2}:\d{2}.*))?"
_MIDNIGHT = re.compile(
    rf"(?:0{{1,2}}:?00(?::?00(?:\.0+)?)?|12:00(?::00(?:\.0+)?)? ?[Aa]\.? ?[Mm]\.?)(?P<zone> ?{_ZONE})?"
)
_CLOCK = re.compile(
    rf"(?P<h>\d{{1,2}}):(?P<rest>\d{{2}}(?::\d{{2}}(?:\.\d+)?)?)(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?(?P<zone> ?{_ZONE})?"
)
_UTC = re.compile(r" ?(?:Z|UTC|GMT|[+-]00(?::?00)?)")

_DAY_NAMES = (
    "mon tue wed thu fri sat sun mo di mi do fr sa so lun mar mer jeu ven sam dim mie mi\u00e9 jue vie sab s\u00e1b dom gio seg ter qua "
    "qui sex maa din woe don vri zat zon"
)
"""Beginnings of the weekdays' names in English, German, French, Spanish, Italian, Portuguese and Dutch."""
_DAY_NAME = re.compile(rf"(?:{'|'.join(_DAY_NAMES.split())})[^\W\d_]*\.?,?\s+(?=\S)", re.IGNORECASE)
_DAY_NAME_BEHIND = re.compile(
    rf"\s*[(,]?\s*(?:(?:{'|'.join(_DAY_NAMES.split())})[^\W\d_]*\.?|[\u6708\u706b\u6c34\u6728\u91d1\u571f\u65e5\uc6d4\ud654\uc218\ubaa9\uae08\ud1a0\uc77c])\)?$",
    re.IGNORECASE,
)
_FLOAT = re.compile(r"(\d{5,8})\.0+")

_ISO = re.compile(rf"(?P<y>\d{{4}})-(?P<m>\d{{2}})-(?P<d>\d{{2}}){_TIME}")
_YMD = re.compile(
    rf"(?P<y>\d{{4}})(?:[/.-](?P<m>\d{{1,2}})[/.-](?P<d>\d{{1,2}}){_TIME}|(?P<md>\d{{4}})(?:[T ](?P<clock>\d{{2}}:?\d{{2}}.*))?)"
)
_NUMBERED = re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[/.-])(?P<b>\d{{1,2}})(?P=mark)(?P<y>\d{{4}}){_TIME}")
_SHORT = re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[/.-])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{2}}){_TIME}")
_COMPACT = re.compile(r"(?P<a>\d{2})(?P<b>\d{2})(?P<c>\d{2})")
_MONTH_NAME = re.compile(
    r"(?:(?P<d>\d{1,2})(?:st|nd|rd|th|er)?\.?(?:[ /-]|\s+de\s+)?(?P<m>[^\W\d_]{3,10})\.?(?:[ ,/-]*|\s+del?\s+)(?P<y>\d{4}|\d{2})"
    r"|(?P<y3>\d{4})[ /-]?(?P<m3>[^\W\d_]{3,10})\.?[ /-]?(?P<d3>\d{1,2})"
    rf"|(?P<m2>[^\W\d_]{{3,9}})\.?[ -](?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?[ -](?P<y2>\d{{4}}|\d{{2}})){_TIME}"
)
_HAN = re.compile(
    rf"(?P<y>(?:\u6c11\u570b)\d{{2,3}}|\d{{3,4}})[\u5e74\ub144]\s*(?P<m>\d{{1,2}})[\u6708\uc6d4]\s*(?P<d>\d{{1,2}})[\u65e5\uc77c]?{_TIME}"
)
_MINGUO = re.compile(
    rf"(?:\u6c11\u570b)?(?P<y>\d{{3}})(?:[/.-](?P<m>\d{{1,2}})[/.-](?P<d>\d{{1,2}}){_TIME}|(?P<md>(?:0[1-9]|1[0-2])[0-3]\d))"
)
_EXCEL = re.compile(r"[2-6]\d{4}")
_EPOCH = re.compile(r"(?P<s>-?\d{9,10})(?:\d{3}|\d{6}|\d{9})?(?:\.0+)?|-\d{1,8}(?:\.0+)?")
_SECONDS = re.compile(r"-?\d{1,10}(?:\.0+)?")

_MONTHS: Mapping[str, int] = {
    prefix: number
    for number, prefixes in enumerate(
        (
            "jan ene gen janv", "feb fev f\u00e9v", "mar m\u00e4r", "apr avr abr", "may mai mag", "jun giu juin", "jul lug juil",
            "aug ago ao\u00fb", "sep set", "oct okt ott out", "nov", "dec dez d\u00e9c dic",
        ),
        start=1,
    )
    for prefix in prefixes.split()
}  # fmt: skip
"""Beginnings of the months' names in English, German, French, Spanish, Italian and Portuguese."""

LATEST_MIDNIGHT_BEHIND = 10
"""Hours in UTC of a midnight in Hawaii; from 11 on it is one in New Zealand, of the day after."""

_MINGUO_YEAR_0 = 1911
_EXCEL_DAY_0 = date(1899, 12, 30)
_EARLIEST_SHORT_YEAR = 70
"""Years of two digits from here on are of the last century: daily prices of vendors begin later than that."""


@dataclass(frozen=True)
class DateRead:
    """A date read from a cell.

    Parameters
    ----------
    day : str
        ISO.
    time : str
        The time of day as ``HH:MM...``, empty for none or midnight.
    is_utc : bool
        Whether the cell says that it is an instant in UTC.
    """

    day: str
    time: str = ""
    is_utc: bool = False

    @property
    def hour(self) -> int | None:
        """The whole hour, None where minutes or seconds stand beside it."""
        if not self.time:
            return 0
        match = re.fullmatch(r"(\d{2}):00(?::00(?:\.0+)?)?.*", self.time)
        return int(match[1]) if match else None

    def text(self) -> str:
        """Return the date, with its time of day where it says more than the date."""
        midnight_behind = self.is_utc and self.hour is not None and self.hour <= LATEST_MIDNIGHT_BEHIND
        return f"{self.day}T{self.time}" if self.time and not midnight_behind else self.day


Reader = Callable[[str], DateRead | None]


def without_weekday(text: str) -> str:
    """Return a cell without a weekday's name before it and without the ``.0`` of a number that went through a float.

    >>> [without_weekday(text) for text in ("Monday, January 3, 2022", "20220103.0", "Mar 3, 2022", "mar. 3 janv. 2022")]
    ['January 3, 2022', '20220103', 'Mar 3, 2022', '3 janv. 2022']
    """
    for pattern in (_DAY_NAME, _DAY_NAME_BEHIND):
        match = pattern.match(text) if pattern is _DAY_NAME else pattern.search(text)
        rest = (text[: match.start()] + text[match.end() :]).strip() if match else text
        if match and kind_of(rest, loosely=True) is not None:  # "Mar 3, 2022" begins with a month
            text = rest
    number = _FLOAT.fullmatch(text)
    return number[1] if number else text


def _written(year: int, month: int, day: int, time: str | None) -> DateRead | None:
    try:
        written = date(year, month, day).isoformat()
    except ValueError:
        return None
    if time is None:
        return DateRead(written)
    midnight = _MIDNIGHT.fullmatch(time)
    if midnight:
        return DateRead(written, "", bool(_UTC.fullmatch(midnight["zone"] or "")))
    clock = _CLOCK.fullmatch(time)
    if clock is None:
        return None  # a date and something else is not half a date
    hour = int(clock["h"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"] in "pP" else 0)
    zone = clock["zone"] or ""
    return DateRead(written, f"{hour:02}:{clock['rest']}{zone}", bool(_UTC.fullmatch(zone)))


def _century(year: str) -> int:
    if len(year) == 4:
        return int(year)
    return int(year) + (1900 if int(year) >= _EARLIEST_SHORT_YEAR else 2000)


def _iso(text: str) -> DateRead | None:
    m = _ISO.fullmatch(text)
    return _written(int(m["y"]), int(m["m"]), int(m["d"]), m["time"]) if m else None


def _ymd(text: str) -> DateRead | None:
    m = _YMD.fullmatch(text)
    if m is None:
        return None
    month, day = (m["md"][:2], m["md"][2:]) if m["md"] else (m["m"], m["d"])
    return _written(int(m["y"]), int(month), int(day), m["time"] or m["clock"])


def _us(text: str) -> DateRead | None:
    m = _NUMBERED.fullmatch(text)
    return _written(int(m["y"]), int(m["a"]), int(m["b"]), m["time"]) if m else _short("mdy", text)


def _eu(text: str) -> DateRead | None:
    m = _NUMBERED.fullmatch(text)
    return _written(int(m["y"]), int(m["b"]), int(m["a"]), m["time"]) if m else _short("dmy", text)


def _short(order: str, text: str) -> DateRead | None:
    """Return a date of two-digit parts in an order such as ``mdy``."""
    m = _SHORT.fullmatch(text) or _COMPACT.fullmatch(text)
    if m is None:
        return None
    parts = dict(zip(order, (m["a"], m["b"], m["c"]), strict=True))
    time = m.groupdict().get("time")
    return _written(_century(parts["y"].rjust(2, "0")), int(parts["m"]), int(parts["d"]), time)


def _with_month_name(text: str) -> DateRead | None:
    m = _MONTH_NAME.fullmatch(text)
    if m is None:
        return None
    name = (m["m"] or m["m2"] or m["m3"]).lower()
    month = _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])
    if month is None:
        return None
    return _written(
        _century(m["y"] or m["y2"] or m["y3"]), month, int(m["d"] or m["d2"] or m["d3"]), m["time"]
    )


def _han(text: str) -> DateRead | None:
    m = _HAN.fullmatch(text)
    if m is None:
        return None
    digits = m["y"].removeprefix("\u6c11\u570b")  # 22 without it is 2022 in China, and 1933 in Taiwan
    year = int(digits) + (_MINGUO_YEAR_0 if len(digits) < 4 else 0)
    return _written(year, int(m["m"]), int(m["d"]), m["time"])


def _minguo(text: str) -> DateRead | None:
    m = _MINGUO.fullmatch(text)
    if m is None:
        return None
    month, day = (m["md"][:2], m["md"][2:]) if m["md"] else (m["m"], m["d"])
    return _written(int(m["y"]) + _MINGUO_YEAR_0, int(month), int(day), m["time"])


def _excel(text: str) -> DateRead | None:
    return (
        DateRead((_EXCEL_DAY_0 + timedelta(days=int(text))).isoformat()) if _EXCEL.fullmatch(text) else None
    )


def _epoch(text: str) -> DateRead | None:
    m = _EPOCH.fullmatch(text)
    seconds = m["s"] if m and m["s"] else text.partition(".")[0] if _SECONDS.fullmatch(text) else None
    if seconds is None:
        return None
    stamp = datetime(1970, 1, 1) + timedelta(seconds=int(seconds))  # noqa: DTZ001 - UTC by definition, and said so
    return _written(stamp.year, stamp.month, stamp.day, f"{stamp:%H:%M:%S}Z")


FORMS: Mapping[str, Reader] = {
    "iso": _iso,
    "ymd": lambda text: _ymd(text) or _short("ymd", text),
    "us": _us,
    "eu": _eu,
    "named": _with_month_name,
    "epoch": _epoch,
    "excel": _excel,
    "minguo": _minguo,
    "han": _han,
}
"""Each form's reader: the date of a cell, None if the cell is not of the form or no day."""

SHORT_READINGS: Mapping[str, dict[str, str]] = {
    "short": {"us": "us", "eu": "eu", "ymd": "ymd"},
    "compact": {"ymd": "ymd", "us": "us", "eu": "eu"},
}
"""Kinds of cells whose parts all have two digits, and the orders in which they may be read."""

_KINDS = (
    ("iso", _ISO),
    ("ymd", _YMD),
    ("numbered", _NUMBERED),
    ("named", _MONTH_NAME),
    ("epoch", _EPOCH),
    ("han", _HAN),
)
_LOOSE_KINDS = (("minguo", _MINGUO), ("short", _SHORT), ("excel", _EXCEL), ("compact", _COMPACT))
"""Kinds that many other numbers look like: only for a column that is called a date."""


def kind_of(cell: str, *, loosely: bool = False) -> str | None:
    """Return how a cell writes a date, None if it is none that can be read.

    >>> [kind_of(c) for c in ("2021-04-03", "20210403", "3/4/2021", "3-Apr-21", "1617408000", "12.5")]
    ['iso', 'ymd', 'numbered', 'named', 'epoch', None]
    >>> [kind_of(c, loosely=True) for c in ("110/04/03", "03/29/22", "44289", "210403", "-86400")]
    ['minguo', 'short', 'excel', 'compact', 'epoch']
    """
    kinds = (*_KINDS, *_LOOSE_KINDS) if loosely else _KINDS
    kind = next((kind for kind, pattern in kinds if pattern.fullmatch(cell)), None)
    return None if kind == "named" and _with_month_name(cell) is None else kind
