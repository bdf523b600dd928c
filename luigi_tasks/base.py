"""The base of all tasks: parameters from the stage table, the plan before the task, a verified target."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, ClassVar

import luigi

from core.errors import AftercloseError, BusyError
from core.parameters import Parameter
from core.paths import StoragePath
from core.request.profiles import PROFILE
from core.request.stages import chain, parameters_of
from core.runs.plan import StagePlan, stage_plans, without_effect
from core.runs.resolve import resolve
from luigi_tasks import luigi_adapter
from luigi_tasks.options import OPTIONS
from luigi_tasks.session import session

TASKS: dict[str, type[StageTask]] = {}
"""Stage -> the task that makes it."""

PLANNED = "planned"
"""Keyword under which a task hands the task it requires its plan; not a Luigi parameter."""


class CommitMark(luigi.Target):
    """A commit mark; ``path`` is its path or URL."""

    def __init__(self, mark: StoragePath) -> None:
        self.mark, self.path = mark, str(mark)

    def exists(self) -> bool:
        """Return whether the checkpoint is committed; never raises."""
        try:
            return self.mark.exists()
        except OSError:
            return False


class StageTask(luigi.Task):
    """One stage as a Luigi task.

    Subclasses name their stage; the task they require, parameters, target, completeness and running
    follow from the stage table and the plan.
    """

    stage_name: ClassVar[str] = ""
    target: ClassVar[str] = ""
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    """The parameters of the stage and of those before it."""

    force = luigi.Parameter(default="", significant=False, description=OPTIONS["force"])
    no_wait = luigi.BoolParameter(default=False, significant=False, description=OPTIONS["no_wait"])
    profile = luigi.Parameter(default="", significant=False, description=OPTIONS[PROFILE])

    def __init_subclass__(cls) -> None:
        """Give the class a Luigi parameter for each parameter of its stage and those before."""
        super().__init_subclass__()
        if not cls.target:
            TASKS[cls.stage_name] = cls
        cls.parameters = parameters_of(chain(cls.stage_name))
        for parameter in cls.parameters.values():
            # what only the plan fills is no option: it stays out of the help
            description = argparse.SUPPRESS if parameter.resolved else parameter.help
            option = luigi.Parameter(default="", description=description, significant=parameter.keyed)
            option.__set_name__(cls, parameter.name)  # type: ignore[no-untyped-call]  # luigi ships no types
            setattr(cls, parameter.name, option)

    @classmethod
    def get_param_values(
        cls, params: list[tuple[str, Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> list[tuple[str, str | bool]]:
        """Return resolved parameter values: Luigi's own configuration never fills them."""
        options = cls._options(kwargs)
        if PLANNED in kwargs:
            texts = cls._texts(kwargs[PLANNED])
        elif kwargs.keys() >= cls.parameters.keys():
            # Luigi makes a task again from its own full set of texts: those were resolved before
            texts = {name: str(value) for name, value in kwargs.items()}
        else:
            try:
                texts = cls._texts(cls._resolved(params, args, kwargs))
            except AftercloseError as error:
                luigi_adapter.refuse(error)
                raise
        return [(name, texts[name] if name in cls.parameters else options[name]) for name, _ in params]

    @classmethod
    def _options(cls, kwargs: Mapping[str, Any]) -> dict[str, str | bool]:
        """Take how to run, as opposed to what: it is the same for every task of the run."""
        force, no_wait = str(kwargs.get("force", "")), bool(kwargs.get("no_wait", False))
        profile = str(kwargs.get(PROFILE, ""))
        options: dict[str, str | bool] = {"force": force, "no_wait": no_wait, PROFILE: profile}
        try:
            session().take_options(options)
        except AftercloseError as error:
            luigi_adapter.refuse(error)
            raise
        return options

    @classmethod
    def _resolved(
        cls, params: list[tuple[str, Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> StagePlan:
        values = dict(zip((name for name, _ in params), args, strict=False)) | dict(kwargs)
        request = {name: ",".join(v) if isinstance(v, list | tuple) else str(v) for name, v in values.items()}
        request = {name: text for name, text in request.items() if name == PROFILE or name not in OPTIONS}
        if not request.get(PROFILE):
            request.pop(PROFILE, None)
        now = session()
        key = (cls.stage_name, tuple(sorted(request.items())))
        if key not in now.resolved:
            resolved = resolve(
                request,
                settings=now.settings,
                now=now.started,
                upto=cls.stage_name,
                fresh="ingest" in now.options.forced,
            )
            if unused := without_effect(request, resolved):
                now.terminal.note(unused)
            now.resolved[key] = stage_plans(resolved, cls.stage_name)
            now.open(now.resolved[key], request, target=cls.target or cls.stage_name)
        return now.resolved[key]

    @classmethod
    def _texts(cls, plan: StagePlan) -> dict[str, str]:
        """Return a plan's values as they travel, and remember whose they are."""
        values = plan.values
        texts = {name: parameter.text(values[name]) for name, parameter in cls.parameters.items()}
        session().plans.setdefault(cls._key(texts), plan)
        return texts

    @classmethod
    def _key(cls, texts: Mapping[str, str]) -> tuple[str, ...]:
        return (cls.stage_name, *(texts[name] for name in cls.parameters))

    @classmethod
    def _plan_of(cls, texts: Mapping[str, str]) -> StagePlan:
        """Return the plan of a task with these texts; it is made once in a process."""
        plans, key = session().plans, cls._key(texts)
        if key not in plans:
            values = {name: parameter.parse(texts[name]) for name, parameter in cls.parameters.items()}
            plans[key] = stage_plans(values, cls.stage_name)
        return plans[key]

    @property
    def plan(self) -> StagePlan:
        """What this task makes and where it belongs: with the model that was kept, once training has failed."""
        return session().effective(self._plan_of(self.param_kwargs))

    def requires(self) -> luigi.Task | list[luigi.Task] | None:
        """Return the task of the stage before, with its part of the same plan."""
        plan = self._plan_of(self.param_kwargs).upstream
        return TASKS[plan.stage.name](**{PLANNED: plan}) if plan else None

    def output(self) -> luigi.Target:
        """Return the commit mark: it exists once all artifacts do."""
        return CommitMark(session().store.meta_path(self.plan.slot))

    def complete(self) -> bool:
        """Return whether this checkpoint and all before it are committed, whole and fit together."""
        return session().complete(self.plan)

    def run(self) -> None:
        """Make the checkpoint, or reuse it if it fits after all."""
        try:
            session().run(self.plan)
        except BusyError as error:
            luigi_adapter.leave_busy(error)
            raise


@StageTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)  # type: ignore[untyped-decorator,no-untyped-call]  # luigi ships no types
def _present(task: StageTask) -> None:
    """Luigi found ``task`` complete when it scheduled the run, and so all before it."""
    if not task.target:
        session().present(task.plan)
