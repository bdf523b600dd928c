"""How many different people must approve a report, who of them may, and who has: N of M, as its profile asks.

Approvals count together while nobody decides otherwise between them and all are of the same text. A record says how
many its profile asked for when it was made, and names those before it: the last one proves all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import SignOffError, listed
from core.journal import Journal, Record
from core.registry.origins import Origins
from core.request.settings import Settings
from core.review.people import Person, identity_of, involved
from core.review.sealed import profile_in
from core.review.standing import acts, approvals_of
from core.store.checkpoints import Slot, Store


@dataclass(frozen=True)
class Approvals:
    """Where the signatures under a report stand.

    Parameters
    ----------
    required : int
        Different people who must approve it, as its profile asks now.
    signers : tuple of str
        Ids of the logins, or names of local users, who may; empty: whoever has the role.
    records : tuple of Record
        The approvals that count together, oldest first, each of another person.
    asks : tuple
        What each profile that shares the report asks for: how many, and among whom. Another profile's signers do not
        count for the names that this one has.
    """

    required: int
    signers: tuple[str, ...]
    records: tuple[Record, ...]
    asks: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def missing(self) -> int:
        """How many further people must approve it."""
        short = [number - self._by(names) for number, names in self.asks or ((self.required, ()),)]
        return max(0, *short)

    def _by(self, names: tuple[str, ...]) -> int:
        return sum(not names or not names_of(record).isdisjoint(names) for record in self.records)

    def of_text(self, text_sha256: str, subjects: Mapping[str, str] | None = None) -> Approvals:
        """Return the same with those approvals alone that are of this text (and rest on these files)."""
        records = [
            record
            for record in self.records
            if record.content["text_sha256"] == text_sha256
            and (subjects is None or record.content.get("subjects") == subjects)
        ]
        return replace(self, records=tuple(records))

    def entry(self) -> dict[str, Any]:
        """Return the same as JSON has it."""
        signed = [
            {"record": r.seq, "who": r.content["user"], "at": r.content["at_utc"]} for r in self.records
        ]
        return {
            "required": self.required,
            "missing": self.missing,
            "among": list(self.signers),
            "signed": signed,
        }

    @property
    def sentence(self) -> str:
        """The same for a person; empty where one signature does and any approver may give it."""
        if self.required == 1 and not self.signers:
            return ""
        by = listed([str(record.content["user"]) for record in self.records]) or "nobody yet"
        among = f", among {listed(list(self.signers))}" if self.signers else ""
        return f"{len(self.records)} of {self.required} signatures: {by}{among}"


def approvals(settings: Settings, journal: Journal | None, report_key: str) -> Approvals:
    """Return who approved a report, and what its profile asks for: of several profiles that share it each.

    Raises
    ------
    ParameterError
        If the section of one of them is at fault: how many must sign, and who, is not known then.
    """
    names = sorted(_profiles_of(settings, journal, report_key))
    return approvals_by([settings.policy_of(name) for name in names or [""]], journal, report_key)


def _profiles_of(settings: Settings, journal: Journal | None, report_key: str) -> frozenset[str]:
    """Return the profiles of the runs that have a report, by the journal, and of the run that made it, by its meta.

    A run's keys in the journal are under no signature: whoever empties them there must not lower what is asked for. Of
    the run that made it the signed record of who asked for it counts as well.
    """
    origins = Origins(settings)
    origins.judge_read()
    meta = Store(settings.data).readable_meta(Slot("report", report_key))  # nobody signs what is damaged
    run = str(meta.body.get("run_id")) if meta else ""
    requests = journal.request_of(run) if journal and run else []
    signed = {profile_in(record.content) for record in requests} - {""}
    return origins.of_key("report", report_key) | origins.of_run(run) | signed


def approvals_by(policies: Sequence[Settings], journal: Journal | None, report_key: str) -> Approvals:
    """Return the same where the settings of the report's profiles are known."""
    asks = tuple((int(policy["review_signatures"] or 1), tuple(_names(policy))) for policy in policies)
    signers = {name for _, names in asks for name in names}
    records = journal.records(subject=report_key) if journal else []
    required = max(number for number, _ in asks)
    return Approvals(required, tuple(sorted(signers)), tuple(approvals_of(acts(records))), asks)


def _names(policy: Settings) -> list[str]:
    return [name for part in str(policy["review_signers"] or "").split(",") if (name := part.strip())]


def names_of(record: Record) -> set[str]:
    """Return by which names of ``review_signers`` an approval counts, as :func:`judge_signer` judged its person."""
    content = record.content
    identity = identity_of(str(content.get("label") or ""))
    own = {str(content.get("user_id") or "")}
    return own | ({identity} if identity else {str(content["user"])})


def judge_signer(before: Approvals, person: Person) -> None:
    """Raise unless the person may add an approval.

    Raises
    ------
    SignOffError
        If the person has approved this text already where others must, or is not among those who may.
    """
    # a printed name is what a login's owner types at the provider: it lets nobody in
    own = {person.id, identity_of(person.label)} if person.logged_in else {person.name, person.id}
    if before.signers and not own & set(before.signers):
        raise SignOffError(
            f"{person.name} is not among those who sign for this profile",
            expected=f"one of {listed(list(before.signers))}",
            remedy="See [review] signers in luigi.cfg.",
        )
    if before.missing and involved(person, [str(record.content["label"]) for record in before.records]):
        raise SignOffError(
            f"{person.name} has signed this text already",
            expected=f"another person: {before.sentence}",
            remedy="Ask another approver.",
        )


def judge_number(settings: Settings, journal: Journal, report_key: str) -> None:
    """Raise unless as many different people approved a report as its profile asks for now.

    Raises
    ------
    SignOffError
        Naming who has signed and how many are missing.
    """
    present = approvals(settings, journal, report_key)
    if present.missing:
        raise SignOffError(
            f"report {report_key} has {present.sentence or 'no approval of this text'}",
            expected=f"{present.missing} further approval{'s' if present.missing > 1 else ''} by other people",
            remedy="Ask another approver: [review] signatures in luigi.cfg.",
        )


def as_recorded(before: Approvals) -> dict[str, Any]:
    """Return what an approval's record says of the others; nothing where one signature does."""
    if before.required == 1:
        return {}
    earlier = [
        {"record": r.seq, "sha256": r.hash, "user": r.content["user"], "at_utc": r.content["at_utc"]}
        for r in before.records
    ]
    return {"signatures": {"required": before.required, "before": earlier}}
