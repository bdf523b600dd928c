"""The base of all tasks: parameters from the stage table, the plan before the task, a verified target."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, ClassVar

import luigi

from core.errors import AftercloseError, BusyError
from core.parameters import Value
from core.platform.objects import ObjectPath
from core.request.profiles import PROFILE
from core.request.stages import chain, parameters_of
from core.runs.plan import StagePlan, resolve, stage_plans
from luigi_tasks import shell
from luigi_tasks.options import OPTIONS
from luigi_tasks.session import session

PLANNED = "planned"
"""Keyword under which a task hands resolved values to the task it requires; not a Luigi parameter."""


class RemoteMark(luigi.Target):
    """A commit mark in object storage."""

    def __init__(self, path: ObjectPath) -> None:
        self.path = path

    def exists(self) -> bool:
        """Return whether the checkpoint is committed; never raises."""
        try:
            return self.path.exists()
        except OSError:
            return False


class StageTask(luigi.Task):
    """One stage as a Luigi task.

    Subclasses name their stage and the task before theirs; parameters, target, completeness and
    running follow from the stage table and the plan.
    """

    stage_name: ClassVar[str] = ""
    upstream: ClassVar[type[StageTask] | None] = None
    target: ClassVar[str] = ""

    force = luigi.Parameter(default="", significant=False, description=OPTIONS["force"])
    no_wait = luigi.BoolParameter(default=False, significant=False, description=OPTIONS["no_wait"])
    profile = luigi.Parameter(default="", significant=False, description=OPTIONS[PROFILE])

    def __init_subclass__(cls) -> None:
        """Give the class a Luigi parameter for each parameter of its stage and those before."""
        super().__init_subclass__()
        for parameter in parameters_of(chain(cls.stage_name)).values():
            # what only the plan fills is no option: it stays out of the help
            told = argparse.SUPPRESS if parameter.resolved else parameter.help
            option = luigi.Parameter(default="", description=told, significant=parameter.keyed)
            option.__set_name__(cls, parameter.name)  # type: ignore[no-untyped-call]  # luigi ships no types
            setattr(cls, parameter.name, option)

    @classmethod
    def get_param_values(
        cls, params: list[tuple[str, Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> list[tuple[str, str | bool]]:
        """Return resolved parameter values: Luigi's own configuration never fills them."""
        known = parameters_of(chain(cls.stage_name))
        options = cls._options(kwargs)
        planned = kwargs.get(PLANNED)
        if planned is None and kwargs.keys() >= known.keys():
            # Luigi makes a task again from its own full set of texts: those were resolved before
            planned = cls._parsed({name: str(value) for name, value in kwargs.items()})
        if planned is None:
            try:
                planned = cls._resolved(params, args, kwargs)
            except AftercloseError as error:
                shell.refuse(error)
                raise
        return [
            (name, known[name].text(planned[name]) if name in known else options[name]) for name, _ in params
        ]

    @classmethod
    def _options(cls, kwargs: Mapping[str, Any]) -> dict[str, str | bool]:
        """Take how to run, as opposed to what: it is the same for every task of the run."""
        force, no_wait = str(kwargs.get("force", "")), bool(kwargs.get("no_wait", False))
        profile = str(kwargs.get(PROFILE, ""))
        given: dict[str, str | bool] = {"force": force, "no_wait": no_wait, PROFILE: profile}
        try:
            session().take_options(given)
        except AftercloseError as error:
            shell.refuse(error)
            raise
        return given

    @classmethod
    def _resolved(
        cls, params: list[tuple[str, Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> dict[str, Value]:
        given = dict(zip((name for name, _ in params), args, strict=False)) | dict(kwargs)
        texts = {name: ",".join(v) if isinstance(v, list | tuple) else str(v) for name, v in given.items()}
        texts = {name: text for name, text in texts.items() if name == PROFILE or name not in OPTIONS}
        if not texts.get(PROFILE):
            texts.pop(PROFILE, None)
        now = session()
        key = (cls.stage_name, tuple(sorted(texts.items())))
        if key not in now.resolved:
            now.resolved[key] = resolve(
                texts,
                settings=now.settings,
                now=now.started,
                upto=cls.stage_name,
                fresh="ingest" in now.options.forced,
            )
            plan = stage_plans(now.resolved[key], cls.stage_name)
            now.open(plan, texts, target=cls.target or cls.stage_name)
        return now.resolved[key]

    @classmethod
    def _parsed(cls, texts: Mapping[str, str]) -> dict[str, Value]:
        known = parameters_of(chain(cls.stage_name))
        return {name: parameter.parse(texts[name]) for name, parameter in known.items()}

    @property
    def plan(self) -> StagePlan:
        """What this task makes and where it belongs."""
        return session().effective(stage_plans(self._parsed(self.param_kwargs), self.stage_name))

    def requires(self) -> luigi.Task | list[luigi.Task] | None:
        """Return the task of the stage before, with the same resolved values."""
        if self.upstream is None:
            return None
        return self.upstream(**{PLANNED: self._parsed(self.param_kwargs)})

    def output(self) -> luigi.Target:
        """Return the commit mark: it exists once all artifacts do."""
        path = session().store.meta_path(self.plan.slot)
        if isinstance(path, ObjectPath):
            return RemoteMark(path)
        return luigi.LocalTarget(str(path))  # type: ignore[no-untyped-call]  # luigi ships no types

    def complete(self) -> bool:
        """Return whether this checkpoint and all before it are committed, whole and fit together."""
        return session().complete(self.plan)

    def run(self) -> None:
        """Make the checkpoint, or reuse it if it fits after all."""
        try:
            session().run(self.plan)
        except BusyError as error:
            shell.leave_busy(error)
            raise


@StageTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)  # type: ignore[untyped-decorator,no-untyped-call]  # luigi ships no types
def _present(task: StageTask) -> None:
    """Luigi found ``task`` complete when it scheduled the run, and so all before it."""
    if not task.target:
        session().present(task.plan)
