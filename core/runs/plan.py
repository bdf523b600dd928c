"""Values in, plan out, pure: the same values give the same keys in every process.

:func:`core.runs.resolve.resolve` gives the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from core.errors import listed
from core.fingerprint import SHORT, digest_of
from core.parameters import Value
from core.request.stages import Stage, chain
from core.store.checkpoints import Slot

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_DISTRIBUTIONS = {"sklearn": ("scikit-learn",), "xgboost": ("xgboost-cpu", "xgboost")}
_EXTRA = ("lightgbm", "xgboost")
"""Libraries of the extra ``models``."""

NOT_SCORING = (
    "model", "beside", "seed", "min_train_sessions", "fold_sessions", "window", "rolling_sessions",
    "embargo_sessions", "model_parameters", "model_grid", "calibration", "sample_weights", "half_life_sessions",
)  # fmt: skip
"""Parameters of training: a scoring run uses none of them, so they are not in its key."""


def without_effect(request: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """Return in a sentence which requested options a run does not use because it scores; empty if there is none."""
    names = [name for name in NOT_SCORING if request.get(name, "").strip()]
    if values.get("mode") != "score" or not names:
        return ""
    options = listed([f"--{name.replace('_', '-')}" for name in names])
    has = "has" if len(names) == 1 else "have"
    return f"{options} {has} no effect: the champion {values['model_id']} scores; --mode train trains another model"


@dataclass(frozen=True)
class StagePlan:
    """What one stage gets and where its checkpoint belongs.

    Parameters
    ----------
    stage : Stage
        The entry of the stage table.
    slot : Slot
        Stage name and key.
    fingerprint : str
        64 hex digits over parameters, stage version, library versions and everything upstream.
    parameters : mapping
        Resolved values of the stage's own parameters.
    libraries : mapping
        Numeric libraries and their major.minor.
    upstream : StagePlan or None
        The stage before.
    """

    stage: Stage
    slot: Slot
    fingerprint: str
    parameters: Mapping[str, Value]
    libraries: Mapping[str, str]
    upstream: StagePlan | None

    def before(self, name: str) -> StagePlan:
        """Return this plan or the one of an earlier stage, by stage name."""
        plan: StagePlan | None = self
        while plan is not None and plan.stage.name != name:
            plan = plan.upstream
        if plan is None:
            raise KeyError(name)
        return plan

    def retaining(self, model_id: str) -> StagePlan:
        """Return this plan as it goes on when training failed for good and ``model_id`` is kept.

        From training on, keys end in ``-retained-<model id>``; everything before stays as planned.
        """
        if self.slot.key.endswith(f"-retained-{model_id}"):
            return self
        if self.stage.name == "train_or_score":
            scoring = {**dict.fromkeys(NOT_SCORING), "mode": "score", "model_id": model_id}
            parameters, upstream = {**self.parameters, **scoring}, self.upstream
        elif self.upstream is not None and len(self.line()) > len(chain("train_or_score")):
            parameters, upstream = dict(self.parameters), self.upstream.retaining(model_id)
        else:
            return self
        slot = Slot(self.slot.stage, f"{self.slot.key}-retained-{model_id}")
        return replace(self, slot=slot, parameters=parameters, upstream=upstream)

    @property
    def keys(self) -> dict[str, str]:
        """Checkpoint key of each stage up to this one, in running order."""
        return {plan.slot.stage: plan.slot.key for plan in self.line()}

    @property
    def values(self) -> dict[str, Value]:
        """Resolved values of every parameter up to this stage."""
        return {name: value for plan in self.line() for name, value in plan.parameters.items()}

    def line(self) -> list[StagePlan]:
        """Return the plans from the first stage to this one."""
        return [*(self.upstream.line() if self.upstream else []), self]


def stage_plans(values: Mapping[str, Value], upto: str = "report") -> StagePlan:
    """Return the plan of the stage ``upto``, with those before it behind ``upstream``. Pure.

    Parameters
    ----------
    values : mapping
        What :func:`resolve` returned (or the part of it that the stages up to ``upto`` use).
    """
    plan: StagePlan | None = None
    label = _label(values)
    for stage in chain(upto):
        plan = _stage_plan(stage, values, label, plan)
    assert plan is not None, "a chain has at least one stage"
    return plan


def _stage_plan(
    stage: Stage, values: Mapping[str, Value], label: str, upstream: StagePlan | None
) -> StagePlan:
    own = {p.name: values[p.name] for p in stage.parameters}
    libraries = {name: library_version(name) for name in (*stage.libraries, *_boosters(own))}
    fingerprint = digest_of(
        {
            "stage": stage.name,
            "version": stage.version,
            "parameters": {p.name: own[p.name] for p in stage.parameters if p.in_key(own[p.name])},
            "libraries": libraries,
            "upstream": upstream.fingerprint if upstream else None,
        }
    )
    slot = Slot(stage.name, f"{label}-{fingerprint[:SHORT]}")
    return StagePlan(stage, slot, fingerprint, own, libraries, upstream)


def _boosters(values: Mapping[str, Value]) -> list[str]:
    """Return the libraries of an extra that a stage's models come from: another version may give other trees."""
    names = f"{values.get('model') or ''},{values.get('beside') or ''}"
    return [library for library in _EXTRA if f"{library}." in names]


def _label(values: Mapping[str, Value]) -> str:
    if values["end"]:
        return str(values["end"])
    if values["source"] == "files":
        from core.sources.files import label_of

        return label_of(str(values["input_name"]))
    return str(values["source"])


def _distribution(name: str) -> Distribution:
    """Return the distribution of a library, which may come under one of two names."""
    from importlib.metadata import PackageNotFoundError, distribution

    first, *others = _DISTRIBUTIONS.get(name, (name,))
    try:
        return distribution(first)
    except PackageNotFoundError:
        if not others:
            raise
        return distribution(others[0])


@cache
def library_version(name: str) -> str:
    """Return the installed major.minor of a library, as it stands in keys."""
    # the one line that is needed: parsing all of the metadata costs a rerun as much as verifying it
    metadata = _distribution(name).read_text("METADATA") or ""
    full = next(line for line in metadata.splitlines() if line.startswith("Version: "))
    return ".".join(full.removeprefix("Version: ").split(".")[:2])
