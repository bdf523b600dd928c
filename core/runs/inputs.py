"""What a stage reads: each input loaded, verified and compared with the digest it was committed with."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import CheckpointError, OtherRequestError
from core.fingerprint import sha256
from core.registry.registry import Registry
from core.request.stages import onwards, stage_named, writer_of
from core.runs.compute import LoadedArtifact
from core.runs.plan import StagePlan
from core.store.checkpoints import Input, Meta, Slot, Store
from core.store.lineage import REGISTRY
from core.tables.artifacts import Artifact, Encoded, Table
from core.tables.codec import decode
from core.tables.recent import Recent

CHAMPION_FILE = "champion.json"
"""Name of the champion's file among the inputs of an evaluation, beside the candidate's ``model.json``."""


Inputs = dict[str, tuple[Input, LoadedArtifact]]
"""By kind: whose artifact it is, and the artifact."""


ABSENT = "there is none"


LARGE = ".parquet"
"""Ending of tables that a stage reads a few tickers at a time."""


def unfit(store: Store, plan: StagePlan) -> str | None:
    """Return why a checkpoint cannot be used as it stands, None if it can. Read-only.

    It is usable when it is committed, its bytes are those committed, and each input it names has the
    digest that the checkpoint there has now.

    Raises
    ------
    OtherRequestError
        If it was committed for another request, whose key is the same by chance or by somebody's doing.
    """
    try:
        meta = store.meta(plan.slot)
        if meta is None:
            return ABSENT
        judge_request(plan, meta)
        damage = store.damage(plan.slot)
        if damage is not None:
            return damage
        return next((why for i in meta.inputs if (why := _changed(store, i)) is not None), None)
    except OtherRequestError:
        raise
    except CheckpointError as error:
        return error.problem


def judge_request(plan: StagePlan, meta: Meta) -> None:
    """Refuse a checkpoint of another request: two files whose keys have the same 12 digits are made in a minute.

    Raises
    ------
    OtherRequestError
        If the fingerprint that it was committed with is not the plan's.
    """
    if (theirs := meta.body.get("fingerprint")) != plan.fingerprint:
        raise OtherRequestError(
            f"{plan.slot.stage}/{plan.slot.key} is of another request, made by run {meta.body.get('run_id')}: its "
            f"fingerprint is {theirs}",
            expected=f"fingerprint {plan.fingerprint}",
            remedy="Nothing was touched. That two requests have one key is rare unless somebody made them so: look at "
            "that run's files, and ask for this one with another value, such as --end.",
        )


def _changed(store: Store, source: Input) -> str | None:
    if source.stage == REGISTRY:
        data = Registry(store.root).bytes_of(source.key)
        return None if sha256(data) == source.sha256 else f"model {source.key} changed"
    meta = store.meta(Slot(source.stage, source.key))
    if meta is None or meta.digests.get(source.filename) != source.sha256:
        return f"its input {source.stage}/{source.filename} is not what it was made from"
    return None


def load_inputs(store: Store, plan: StagePlan, recent: Recent) -> Inputs:
    """Return what the stage reads, by kind, each verified against the digest it was committed with."""
    inputs: Inputs = {}
    for kind in plan.stage.reads:
        source = _input_of(store, plan, kind)
        if source is not None:
            inputs[kind] = (source, _load(store, source, recent))
    if plan.stage.name == "train_or_score" and plan.parameters["mode"] == "score":
        source = _champion_input(store, str(plan.parameters["model_id"]))
        inputs["model"] = (source, _load(store, source, recent))
    champion = _compared_with(plan)
    if champion is not None:
        data = Registry(store.root).bytes_of(champion)
        source = Input(REGISTRY, champion, CHAMPION_FILE, sha256(data))
        inputs["champion"] = (
            source,
            LoadedArtifact(decode(data, CHAMPION_FILE), CHAMPION_FILE, source.sha256),
        )
    return inputs


def _compared_with(plan: StagePlan) -> str | None:
    """Return the champion that a candidate is evaluated against, None where there is none to read."""
    identity = str(plan.parameters.get("champion_id") or "")
    trained = plan.stage.name == "evaluate" and plan.before("train_or_score").parameters["mode"] == "train"
    return identity if trained and identity and " " not in identity else None


def _input_of(store: Store, plan: StagePlan, kind: str) -> Input | None:
    writer = plan.before(writer_of(kind).name)
    slot = writer.slot
    meta = store.meta(slot)
    if meta is None:
        raise CheckpointError(f"{slot.stage}/{slot.key} is not committed", expected="a finished stage")
    judge_request(writer, meta)
    for name, artifact in meta.artifacts.items():
        if artifact["name"] == kind:
            return Input(slot.stage, slot.key, name, artifact["sha256"])
    scored_by = plan.before("train_or_score").parameters["model_id"] if kind == "model" else None
    return _champion_input(store, str(scored_by)) if scored_by else None


def _champion_input(store: Store, identity: str) -> Input:
    return Input(REGISTRY, identity, "model.json", sha256(Registry(store.root).bytes_of(identity)))


def hand_on(
    recent: Recent, plan: StagePlan, inputs: Inputs, artifacts: Sequence[Artifact], encoded: Sequence[Encoded]
) -> None:
    """Keep what a stage made for those after it, and let go of what it was the last to read."""
    read_later = {kind for name in onwards(plan.stage.name)[1:] for kind in stage_named(name).reads}
    for kind, (source, _) in inputs.items():
        if kind not in read_later:
            recent.forget(source.sha256)
    for artifact, written in zip(artifacts, encoded, strict=True):
        if written.path is None:
            recent.keep(written.sha256, artifact)


def _load(store: Store, source: Input, recent: Recent) -> LoadedArtifact:
    if source.filename.endswith(LARGE):
        path = store.file(Slot(source.stage, source.key), source.filename)
        return LoadedArtifact(Table.stored_at(path), source.filename, source.sha256)
    if source.stage == REGISTRY:
        data = Registry(store.root).bytes_of(source.key)
    else:
        data = store.read(Slot(source.stage, source.key), source.filename)
    artifact = recent.get(source.sha256) or decode(data, source.filename)
    return LoadedArtifact(artifact, source.filename, source.sha256)


def is_complete(store: Store, plan: StagePlan, complete_slots: set[Slot]) -> bool:
    """Return whether ``plan`` and everything before it is committed, whole and fits together.

    Parameters
    ----------
    complete_slots : set of Slot
        Slots already found complete in this process; added to. (Only a yes is remembered: a no may
        be turned by another process at any moment.)
    """
    if plan.slot in complete_slots:
        return True
    try:
        fits = unfit(store, plan) is None
        complete = fits and (plan.upstream is None or is_complete(store, plan.upstream, complete_slots))
    except Exception:  # noqa: BLE001 - Luigi takes an error here for a crash of the scheduler; "no" is safe
        return False
    if complete:
        complete_slots.add(plan.slot)
    return complete
