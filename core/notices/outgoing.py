"""Sending notices: each is kept in the journal until every receiver took it, and told to none of them twice.

A receiver gets its notices in order: while it does not take one, later ones wait behind it, until it has refused that
one some times; then the later ones go before it. An alarm waits behind no other notice. Each attempt is on record
before it is made. A kill between a receiver's answer and the record of it, which nothing over a network can rule out,
leaves an attempt without an outcome: it stays on record, and the notice is sent again under the same identity
(:func:`core.notices.sending.send`), by which a mail server or a web hook drops the second. A service that takes no
identity may show both; the second says so.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from core.errors import AftercloseError, ParameterError
from core.journal import Journal, locks
from core.journal.faults import JournalError
from core.journal.outbox import ASIDE, ATTEMPT, BROKEN, DROPPED, SENT, Outbox, QueuedNotice
from core.notices.deliveries import Deliveries
from core.notices.sealing import judge_of, seal_with
from core.notices.sending import (
    REPEATABLE,
    Event,
    UnusableReceivers,
    addresses,
    is_enabled,
    mark_of,
    room_beside,
    scheme_of,
    send,
)
from core.request.settings import Settings
from core.seals.desk import sealer_of

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
"""A notice is tried again after a minute, then after twice as long each time, up to an hour."""

REPEATED = "(This may have reached you before: sending it was broken off.) "
"""Before the text of a notice whose last attempt has no outcome on record."""

KEPT_FOR = timedelta(days=7)
"""After a week a notice is of no use any more: it is dropped, and stays on record."""

HELD_TRIES, HELD_FOR = 5, timedelta(minutes=30)
"""So many tries and so long a notice that a receiver refuses holds back the later ones; then it may be its text."""

MOST_REFUSED = 3
"""So many of those that hold back nothing are tried at a look: a receiver that is away takes its time to each."""

ALARMS = frozenset({"no_report", "failed", "escalation"})
"""What waits behind nothing: each is tried, whatever became of the one before it."""

ALARMS_S = 60.0
"""So long a receiver may take at a look over alarms that it does not take: one that is away takes its time to each."""


@dataclass(frozen=True)
class Notice:
    """A message to people about an event.

    Parameters
    ----------
    event : str
        ``waiting`` (for a signature), ``failed`` (a run), ``drift`` (an alarm), ``no_report`` (none verified when one
        was due), ``reminder`` (of a signature that is due soon), ``escalation`` (it was due; to the deputy),
        ``promote``, ``publish``, ``revoke``.
    title, text : str
        Plain text; with the link it is cut so that both together have 1,900 characters.
    page : str
        The desk's page that it is about, by its address; empty for none.
    about : mapping of str to str
        What the page shows: ``run``.
    once : str
        A notice that says the same is sent once only; empty: each time.
    profile : str
        Whose it is: an escalation goes to that profile's deputy, where it has one.
    """

    event: Event
    title: str
    text: str
    page: str = ""
    about: Mapping[str, str] | None = None
    once: str = ""
    profile: str = ""


def notify(settings: Settings, notice: Notice) -> str | None:
    """Tell every receiver, and return in one sentence what was not sent, None if all was (or none was wanted).

    Never raises. What a receiver did not take waits in the journal (where there is one) and is tried again by
    :func:`deliver`. Each receiver gets apprise's own limits of four seconds to connect and four to answer, unless its
    address says otherwise.
    """
    policy = _policy(settings, notice.profile)
    if not is_enabled(policy, notice.event):
        return None
    text = _with_link(settings, notice)
    try:
        if Journal.exists(settings.data, settings.journal):
            outbox, sealer = Outbox(settings.data, settings.journal), sealer_of(settings.data)
            once, profile = notice.once or None, notice.profile
            seq = outbox.add(
                notice.event, notice.title, text, subject=once, profile=profile, seal=seal_with(sealer),
            )  # fmt: skip
            if seq is None:
                return None
            if sealer is not None:
                return deliver(settings, at_once=True).get(seq)
            outbox.settle_notice(seq, SENT, "sent at once: without the desk's key nothing can wait")
    except (AftercloseError, OSError):  # a journal that cannot be written stops no alarm
        pass
    return _tell_each(policy, notice.event, lambda address: send(address, notice.title, text))


def _policy(settings: Settings, profile: str) -> Settings:
    """Return the settings with what a profile's section says; the root's, where it has none (any more) or is at fault.

    A fault there keeps no alarm from the receivers of all.
    """
    try:
        return settings.policy_of(profile)
    except ParameterError:
        return settings


def _with_link(settings: Settings, notice: Notice) -> str:
    most = room_beside(notice.title) - len(REPEATED)
    base = str(settings["notices_desk_url"] or "").rstrip("/")
    if not base or not notice.page:
        return notice.text[:most]
    query = f"?{urlencode(dict(notice.about))}" if notice.about else ""
    link = f"\n{base}/{notice.page}{query}"
    return notice.text[: max(0, most - len(link))] + link


def deliver(settings: Settings, *, now: datetime | None = None, at_once: bool = False) -> dict[int, str]:
    """Send what waits in the journal, in order, and return by number what was not taken.

    Parameters
    ----------
    now : datetime, optional
        Default: the present time.
    at_once : bool
        Whether to try although the time of the next try has not come.
    """
    now = now or datetime.now(UTC)
    reading = Outbox.find(settings.data, settings.journal)
    waiting = reading.waiting() if reading else []
    if not waiting or not (at_once or any(_is_time(notice, now) for notice in waiting)):
        return {}
    outbox = Outbox(settings.data, settings.journal)
    with locks.hold(
        settings.data, "notices", str(os.getpid()), journal=settings.journal, waiting=lambda _: None
    ):
        refused = _Refused()
        fault = judge_of(settings, outbox)

        def deal_with(notice: QueuedNotice) -> str | None:
            if _is_aside(notice) and not (at_once or _is_time(notice, now)):
                return notice.trouble
            try:
                why = fault(notice)
            except JournalError as error:
                return f"notice {notice.seq} waits: {error.problem}"
            return _drop(outbox, notice, why) if why else _try(settings, outbox, notice, refused, now)

        troubles = {notice.seq: deal_with(notice) for notice in _in_turn(outbox.waiting())}
        Deliveries(settings.data).forget(now - KEPT_FOR - timedelta(days=1))
    return {seq: trouble for seq, trouble in troubles.items() if trouble}


def _is_aside(notice: QueuedNotice) -> bool:
    return any(mark.endswith(ASIDE) for mark in notice.took)


def _in_turn(waiting: list[QueuedNotice]) -> list[QueuedNotice]:
    """Return notices in order, and behind them those that were refused often, the one tried longest ago first."""
    return sorted(waiting, key=lambda notice: (1, notice.again_at) if _is_aside(notice) else (0, ""))


class _Refused:
    """What each receiver refused at this look: how many notices, and for how long it let alarms wait for that."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._alarms_s: dict[str, float] = {}

    def add(self, mark: str, notice: QueuedNotice, *, aside: bool, seconds: float) -> None:
        """Count one; after one that is in its turn, and is no alarm, nothing more but alarms is tried there."""
        if notice.event in ALARMS:
            self._alarms_s[mark] = self._alarms_s.get(mark, 0.0) + seconds
        else:
            self._counts[mark] += 1 if aside else MOST_REFUSED

    def holds_back(self, mark: str, notice: QueuedNotice) -> bool:
        """Return whether a notice waits for others that this receiver refused."""
        if notice.event in ALARMS:
            return self._alarms_s.get(mark, 0.0) >= ALARMS_S
        return self._counts[mark] >= MOST_REFUSED


def _drop(outbox: Outbox, notice: QueuedNotice, why: str) -> str:
    """Tell nobody of a notice whose seal does not hold, on record, and return why."""
    outbox.settle_notice(notice.seq, DROPPED, f"told to nobody: {why}")
    return f"notice {notice.seq} was told to nobody: {why}"


def _is_time(notice: QueuedNotice, now: datetime) -> bool:
    """Return whether a notice is to be tried; one put off for longer than any is had a clock that was ahead."""
    return not now < datetime.fromisoformat(notice.again_at) <= now + LONGEST_WAIT


def _try(
    settings: Settings, outbox: Outbox, notice: QueuedNotice, refused: _Refused, now: datetime
) -> str | None:
    """Send one notice to those who have not got it; ``refused`` says which receivers earlier ones wait for."""
    age = now - datetime.fromisoformat(notice.created_at)
    if age > KEPT_FOR:
        outbox.settle_notice(notice.seq, DROPPED)
        return None
    took, deliveries = set(notice.took), Deliveries(settings.data)
    if deliveries.has(notice):
        outbox.settle_notice(notice.seq, SENT, "it was sent before: that it waits was put in from outside")
        return None

    def tell(address: str) -> str | None:
        mark = mark_of(address)
        if mark in took or deliveries.has(notice, mark):
            return None
        if refused.holds_back(mark, notice):
            return "waits for an earlier notice"
        attempt, broken = f"{mark}{ATTEMPT}", f"{mark}{BROKEN}"
        if attempt in took:
            took.add(broken)
        # who is told by identity gets the same bytes again: another text under one key is refused by some
        again = broken in took and scheme_of(address) not in REPEATABLE
        took.add(attempt)
        outbox.record_receivers(notice.seq, took)
        begun = time.monotonic()
        trouble = send(
            address, notice.title, f"{REPEATED}{notice.body}" if again else notice.body, notice.identity
        )
        took.remove(attempt)
        if trouble is None:
            took.add(mark)
            deliveries.add(notice, mark)
        else:
            refused.add(mark, notice, aside=f"{mark}{ASIDE}" in took, seconds=time.monotonic() - begun)
            if notice.tries + 1 >= HELD_TRIES and age >= HELD_FOR:
                took.add(f"{mark}{ASIDE}")
        outbox.record_receivers(notice.seq, took)
        return trouble

    trouble = _tell_each(_policy(settings, notice.profile or ""), notice.event, tell)
    if trouble is None:
        deliveries.add(notice)
        outbox.settle_notice(notice.seq, SENT)
        return None
    wait = min(FIRST_WAIT * 2 ** min(notice.tries, 12), LONGEST_WAIT)
    outbox.put_off(notice.seq, (now + wait).isoformat(timespec="milliseconds"), trouble)
    return trouble


def _tell_each(settings: Settings, event: str, tell: Callable[[str], str | None]) -> str | None:
    """Tell each receiver of an event, and return in a sentence who did not take it."""
    try:
        outcomes = [(address, tell(address)) for address in addresses(settings, event)]
    except UnusableReceivers as error:
        return f"the notice of {event!r} was not sent: {error}"
    failed = [
        f"receiver {number}{scheme_of(address)} {trouble}"
        for number, (address, trouble) in enumerate(outcomes, start=1)
        if trouble
    ]
    return f"the notice of {event!r} was not sent: {'; '.join(failed)}" if failed else None
