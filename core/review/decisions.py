"""A person's decisions about models: promote, roll back, keep or retrain; recorded before they take effect.

Each is a record in the journal's chain with who, when, why and the advice that was given; a promotion or rollback that
changes what the champion sees has the change, with the difference of the source of user-defined features. The record
comes first and the champion pointer moves after it, atomically: killed in between, the old champion
stays, and the history says that the decision was not completed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from core.errors import ModelError, ParameterError, listed
from core.fingerprint import sha256
from core.journal import Journal, Record, locks
from core.notices.outgoing import Notice, notify
from core.registry.champions import PROMOTION, ROLLBACK, Champion, Champions, Change
from core.registry.choosing import default_profile, known_profile
from core.registry.evidence import advice_about
from core.registry.feature_changes import change_by
from core.registry.origins import Origins
from core.registry.registry import Registry, reason_of
from core.request.settings import Settings
from core.review import ledger
from core.review.decision_history import CHOICES, FEATURES, MODEL_SHA256, REJECT, RETRAINING, champion_of
from core.review.people import Person, act_fields, require
from core.review.requesters import judge_separation
from core.store.checkpoints import Store
from core.store.lineage import trainings


def promote(
    settings: Settings, text: str, why: str, *, person: Person, profile: str = ""
) -> tuple[Champion, Champion | None]:
    """Make a model the champion of a profile; return the new and the former one.

    Parameters
    ----------
    profile : str
        Whose champion; empty: the profile in which the model was trained.

    Raises
    ------
    ParameterError, ModelError
        If the model is not known, cannot score here, no reason was given, or the profile is not known.
    SignOffError
        If the person's role may not promote, or the person asked for the training of this model and the two
        must be different people.
    JournalError
        If the decision cannot be recorded: then nothing changes.
    """
    require(person, "promote")
    reason, registry = reason_of(why), Registry(settings.data)
    identity = registry.usable(text)
    profile = profile_to_promote_in(settings, identity, profile)

    evidence: dict[str, Any] = {}

    def chosen(_: Champion | None) -> str:
        people = judge_separation(settings, identity, person)
        if people is not None:
            evidence["requesters"] = sorted(set(people))
        return registry.usable(identity)

    return _move(settings, PROMOTION, profile, chosen, why=reason, person=person, evidence=evidence)


def _digest_as_trained(settings: Settings, identity: str) -> str:
    """Return the SHA-256 of a model's file, which is the one its training committed: ids are alike by 12 digits alone.

    What is decided is about that one, whatever becomes of the file meanwhile.
    """
    present = sha256(Registry(settings.data).bytes_of(identity))
    for slot, meta in trainings(Store(settings.data), identity):
        if (trained := meta.digests["model.json"]) != present:
            raise ModelError(
                f"model {identity} is not what {slot.stage}/{slot.key} trained: its SHA-256 is {present}",
                expected=trained,
                remedy="Restore it from a backup; the file in the registry was exchanged.",
            )
    return present


def rollback(
    settings: Settings, why: str, *, person: Person, profile: str
) -> tuple[Champion, Champion | None]:
    """Bring back a profile's champion before the present one; return the new and the former one.

    Raises
    ------
    ParameterError
        If there is no earlier champion, or no reason was given.
    ModelError
        If the earlier champion's file is damaged or cannot score with the present features.
    """
    require(person, "rollback")
    registry = Registry(settings.data)

    def earlier(present: Champion | None) -> str:
        before = present.before if present else None
        if before is None:
            raise ParameterError(
                f"there is no earlier champion of profile {profile}",
                expected="at least two promotions so far",
                remedy='Name a model instead: afterclose promote MODEL --why "..."',
            )
        return registry.usable(before)

    return _move(settings, ROLLBACK, profile, earlier, why=reason_of(why), person=person)


def _move(
    settings: Settings,
    action: str,
    profile: str,
    chosen: Any,
    *,
    why: str,
    person: Person,
    evidence: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Champion, Champion | None]:
    with locks.hold(settings.data, "champion", action, journal=settings.journal, waiting=lambda _: None):
        champions = Champions(settings)
        pointer, former = champions.pointer(profile), champion_of(settings, profile)
        identity = chosen(former)
        digest = _digest_as_trained(settings, identity)
        before = former.model_id if former else None
        about = {"profile": profile, "before": before, "advice": advice_about(settings, identity, profile)}
        about |= {**evidence, MODEL_SHA256: digest}  # and by whom it was asked for, where that decided
        if changed := change_by(
            settings, before, identity
        ):  # what models see changes by a person's reason alone
            about[FEATURES] = changed
        record = _record(settings, action, identity, about, why=why, person=person)
        change = Change(action, identity, why, *_signature(record), record.seq)
        champion = champions.point(profile, change, digest, since=pointer)
    verb = "promoted" if action == PROMOTION else "rolled back to"
    text = f"{person.name} {verb} model {identity} in profile {profile}: {why}"
    title, about_page = "Afterclose: another champion", {"profile": profile}
    notify(settings, Notice("promote", title, text, "model", about_page, profile=profile))
    return champion, former


def profile_to_promote_in(settings: Settings, identity: str, profile: str = "") -> str:
    """Return the profile that a promotion of a model is about: the one named, else where it was trained.

    Raises
    ------
    ParameterError
        If the profile that was named is not known, or none was and the model was trained in none or in several.
    """
    if profile:
        return known_profile(settings, profile)
    origins = Origins(settings)
    origins.judge_read()
    names = sorted(origins.homes(identity)) or ([] if origins.profiles else [default_profile(settings)])
    if len(names) == 1:
        return names[0]
    where = (
        f"in several profiles: {listed(names)}"
        if origins.of_model(identity)
        else "in none of the profiles here"
    )
    raise ParameterError(
        f"model {identity} was trained {where}",
        expected="the profile whose champion it becomes",
        remedy=f'Say which: afterclose promote {identity} --profile NAME --why "..."',
        parameter="profile",
    )


def decide(settings: Settings, choice: str, why: str, *, person: Person, profile: str) -> Record:
    """Record that a person keeps a profile's champion or will retrain, and why; return the record.

    Nothing else happens: retraining is started by running the pipeline with ``--mode train``.

    Raises
    ------
    ParameterError
        If the choice is unknown, no reason was given, or there is no champion.
    """
    require(person, "decide")
    if choice not in CHOICES:
        raise ParameterError(f"the decision is {choice!r}", expected=f"one of {', '.join(CHOICES)}")
    champion = Champions(settings).require(profile)
    advice = advice_about(settings, champion.model_id, profile)
    about = {"profile": profile, "decision": choice, "advice": advice}
    return _record(settings, RETRAINING, champion.model_id, about, why=reason_of(why), person=person)


def reject(settings: Settings, text: str, why: str, *, person: Person, profile: str = "") -> Record:
    """Record that a model that is not in use is not to be used in a profile, and why; return the record.

    It stays in the registry, and may be promoted later with a reason of its own.

    Raises
    ------
    ParameterError
        If no model answers to ``text``, it is the champion, or no reason was given.
    SignOffError
        If the person's role may not decide about models.
    """
    require(person, "decide")
    identity = Registry(settings.data).find(text)
    profile = profile_to_promote_in(settings, identity, profile)
    champion = champion_of(settings, profile)
    if champion is not None and champion.model_id == identity:
        raise ParameterError(
            f"{identity} is the champion", expected="a model that is not in use",
            remedy="Roll back, or promote another one.",
        )  # fmt: skip
    stays = champion.model_id if champion else None
    advice = advice_about(settings, identity, profile)
    about = {"profile": profile, "decision": REJECT, "before": stays, "advice": advice}
    return _record(settings, RETRAINING, identity, about, why=reason_of(why), person=person)


def _record(
    settings: Settings, kind: str, identity: str, about: Mapping[str, Any], *, why: str, person: Person
) -> Record:
    content = {
        **act_fields(person, account=True),
        "why": why,
        **about,
    }
    with suppress(ModelError):  # to retrain may be decided because the champion is damaged
        content[MODEL_SHA256] = about.get(MODEL_SHA256) or sha256(Registry(settings.data).bytes_of(identity))
    return ledger.append(settings, Journal(settings.data, settings.journal), kind, identity, content)


def _signature(record: Record) -> tuple[str, str]:
    return str(record.content["user"]), str(record.content["at_utc"])
