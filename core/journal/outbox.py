"""Notices in the journal: those that were sent, and those that still wait for a receiver."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

from core.fingerprint import digest_of
from core.journal.cells import sound
from core.journal.faults import readable
from core.journal.journal import Journal
from core.journal.runs_and_drafts import utc_now

WAITING, SENT, DROPPED = "waiting", "sent", "dropped"
"""A notice waits until every receiver took it, or until it is too old to be of use."""

ATTEMPT, BROKEN, ASIDE = "?", "!", "~"
"""Behind a receiver's mark: a notice is on its way there; an attempt was broken off; it no longer holds back others."""

_COLUMNS = (
    "seq, subject, event, title, body, state, took, tries, again_at, trouble, created_at, ended_at, profile, "
    "sealed_by, seal"
)

Words = tuple[str, str, str, str, str | None, str | None]
"""What a seal is over: time, event, title, body, subject and profile."""

Seal = Callable[[Words], tuple[str, str] | None]
"""Returns the id of the key and its signature (base64) of a notice's words."""


@dataclass(frozen=True)
class QueuedNotice:
    """One notice.

    Parameters
    ----------
    seq : int
        Their order.
    subject : str or None
        What it is about, where it is to be sent once only.
    event, title, body : str
    state : str
        ``waiting``, ``sent`` or ``dropped``.
    took : frozenset of str
        Marks of the receivers that took it. The mark ends in ``?`` while an attempt to
        reach that receiver is under way, in ``!`` where one was broken off, and in ``~`` where the receiver refused it
        so often that it holds back no other; an address never stands here.
    tries : int
    again_at : str
        When it is tried again (UTC, ISO).
    trouble : str or None
        What its last try came to, in a sentence.
    created_at, ended_at : str
        UTC, ISO; the last is None while it waits.
    profile : str or None
        Whose it is.
    sealed_by, seal : str or None
        Id of the key that sealed it, and its signature (base64).
    """

    seq: int
    subject: str | None
    event: str
    title: str
    body: str
    state: str
    took: frozenset[str]
    tries: int
    again_at: str
    trouble: str | None
    created_at: str
    ended_at: str | None
    profile: str | None = None
    sealed_by: str | None = None
    seal: str | None = None

    @property
    def words(self) -> Words:
        """What its seal is over."""
        return (self.created_at, self.event, self.title, self.body, self.subject, self.profile)

    @property
    def identity(self) -> str:
        """Its id, unique among notices and the same at each attempt: 32 hex digits."""
        return digest_of([self.seq, self.created_at, self.event, self.title, self.body])[:32]

    @property
    def broken_off(self) -> int:
        """How many receivers may have it although an attempt to reach them has no outcome on record."""
        return sum(mark.endswith((ATTEMPT, BROKEN)) for mark in self.took)


class Outbox(Journal):
    """The journal with its table of notices."""

    def add(
        self,
        event: str,
        title: str,
        body: str,
        *,
        subject: str | None = None,
        profile: str = "",
        seal: Seal = lambda _: None,
    ) -> int | None:
        """Record a notice that is to be sent and return its number; None if there was one about ``subject``.

        Parameters
        ----------
        seal : callable, optional
            Seals its words; without it, or where it gives None, the notice has no seal.
        """
        now = utc_now()
        words = (now, event, title, body, subject, profile or None)
        sealed_by, signature = seal(words) or (None, None)
        with self._transaction():
            if subject and list(self._execute("SELECT 1 FROM notice WHERE subject = ?", [subject])):
                return None
            self._execute(
                "INSERT INTO notice (subject, event, title, body, state, took, tries, again_at, created_at, profile, "
                "sealed_by, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [subject, event, title, body, WAITING, "[]", 0, now, now, words[-1], sealed_by, signature],
            )
            return int(next(iter(self._execute("SELECT MAX(seq) FROM notice", [])))[0])

    def waiting(self) -> list[QueuedNotice]:
        """Return what still waits, oldest first."""
        return self._notices("WHERE state = ? ORDER BY seq", [WAITING])

    def first_with(self, seal: str) -> int | None:
        """Return the number of the first notice with a seal."""
        rows = self._select("MIN(seq)", "notice", "WHERE seal = ?", [seal])
        return next((row[0] for row in rows), None)

    def newest(self, *, limit: int = 50) -> list[QueuedNotice]:
        """Return the last notices, newest first."""
        return self._notices("ORDER BY seq DESC LIMIT ?", [limit])

    def _notices(self, rest: str, values: list[object]) -> list[QueuedNotice]:
        rows = self._select(_COLUMNS, "notice", rest, values)
        with readable():
            return [
                sound(QueuedNotice(r[0], r[1], r[2], r[3], r[4], r[5], _marks(r[6]), *r[7:])) for r in rows
            ]

    def record_receivers(self, seq: int, marks: Collection[str]) -> None:
        """Record which receivers took a notice so far."""
        with self._transaction():
            self._execute("UPDATE notice SET took = ? WHERE seq = ?", [json.dumps(sorted(marks)), seq])

    def put_off(self, seq: int, again_at: str, trouble: str) -> None:
        """Record a try that did not reach everybody, and when the next is made."""
        with self._transaction():
            self._execute(
                "UPDATE notice SET tries = tries + 1, again_at = ?, trouble = ? WHERE seq = ?",
                [again_at, trouble, seq],
            )

    def settle_notice(self, seq: int, state: str, trouble: str | None = None) -> None:
        """Record that a notice was sent, or is tried no more, and why."""
        with self._transaction():
            self._execute(
                "UPDATE notice SET state = ?, tries = tries + 1, ended_at = ?, trouble = COALESCE(?, trouble) "
                "WHERE seq = ?",
                [state, utc_now(), trouble, seq],
            )


def _marks(text: str) -> frozenset[str]:
    marks = json.loads(text)
    if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
        raise TypeError("who took a notice is no list of marks")
    return frozenset(marks)
