"""Who asked for the training of a model: of its runs, and of the schedule or range that started them.

A promotion is to be another person's act. So a run counts as asked for by whoever stands in the journal, a token's by
the token's owner, and one that came by itself also by everybody who had a hand in what started it: a schedule set by
one person and resumed, or changed before, by another runs because of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from core.errors import SignOffError
from core.journal import Record, Run
from core.journal.occurrences import Occurrences
from core.registry.origins import Origins
from core.request.settings import Settings
from core.review.makers import PAUSED_IT, REMOVED, SCHEDULE, SET, label_of
from core.review.people import Person, identity_of, involved, of_nobody, separated
from core.seals.judged_journal import JudgedJournal, judged_journal
from core.store.checkpoints import Store
from core.store.lineage import trainings

_NO_HAND = frozenset({PAUSED_IT, REMOVED})
"""Acts that start nothing."""


def judge_separation(settings: Settings, identity: str, person: Person) -> list[str] | None:
    """Return who asked for the training of a model, None where promoter and requester need not differ.

    Raises
    ------
    SignOffError
        If they asked for it, or a token that is nobody's did and nobody else who logged in.
    """
    if not separated(settings, "separate_requester", person):
        return None
    people = requesters(settings, identity)
    remedy = "Ask another approver ([review] separate_requester in luigi.cfg)."
    if involved(person, people):
        raise SignOffError(
            f"{person.name} asked for the training of {identity}",
            expected="somebody else to promote it",
            remedy=remedy,
        )
    by_nobody = [label for label in people if of_nobody(identity_of(label))]
    others = [label for label in people if identity_of(label) and label not in by_nobody]
    if by_nobody and not others:
        token = (identity_of(by_nobody[0]) or "").partition(":")[2]
        raise SignOffError(
            f"the training of {identity} was asked for with the token {token}, which belonged to nobody: "
            f"who held it is not on record, and may have been {person.name}",
            expected="a training that a person, or a token with an owner, asked for",
            remedy=f"Remove the token and make it anew: afterclose tokens --add {token} --owner SUBJECT@ISSUER; "
            "then train once more with --force train_or_score.",
        )
    return people


def requesters(settings: Settings, identity: str) -> list[str]:
    """Return who asked for the runs whose training made this model, as the journal has them.

    Also where ``gc`` has removed the checkpoint of the training: the run said then which model it made.
    """
    journal = Occurrences.find(settings.data, settings.journal)
    if journal is None:
        return []
    runs = {str(meta.body["run_id"]) for _, meta in trainings(Store(settings.data), identity)}
    runs |= {run for run, model in Origins(settings).models_by_run if model == identity}
    there = [entry for run in sorted(runs) if (entry := journal.run(run)) is not None]
    ledger = judged_journal(journal)
    return list(dict.fromkeys(label for run in there for label in _behind(journal, ledger, run)))


def _behind(journal: Occurrences, ledger: JudgedJournal, run: Run) -> Iterator[str]:
    """Yield who asked for a run: who it is on record for, and who had a hand in what started it."""
    requests = ledger.request_of(run.run_id)
    own = [run.who, *(str(record.content["who"]) for record in requests)]
    yield from own  # the row is under no signature: what it says takes nobody out
    asked_for = max((record.seq for record in requests), default=0)
    for name in journal.starters_of(run.run_id):
        acts = [record for record in ledger.records(subject=name) if record.kind == SCHEDULE]
        hands = list(_hands(acts, run.created_at, asked_for))
        if not set(own).isdisjoint(hands):  # else somebody else asked for it at once, and it is theirs
            yield from hands


def _hands(acts: Iterable[Record], before: str, asked_for: int) -> Iterator[str]:
    """Yield who set, changed, resumed or asked for it, since it was last set and until a run began.

    Before and after are told by the numbers of records, which no clock moves: one may be set back, and those of two
    machines differ. A run that has no record (``asked_for`` is 0) has its time alone.
    """
    since: list[Record] = []
    for record in acts:
        at = datetime.fromisoformat(record.content["at_utc"])
        if record.seq > asked_for if asked_for else at > datetime.fromisoformat(before):
            break
        since = [record] if record.content["decision"] == SET else [*since, record]
    yield from (label_of(record.content) for record in since if record.content["decision"] not in _NO_HAND)
