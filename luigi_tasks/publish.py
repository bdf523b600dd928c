"""Publication as a task: behind the report and a person's approval of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import luigi

from core.errors import AftercloseError, ParameterError
from core.journal import Journal
from core.review.people import local_person
from core.store.checkpoints import Slot
from luigi_tasks import luigi_adapter
from luigi_tasks.base import PLANNED, StageTask
from luigi_tasks.report import Report
from luigi_tasks.session import session
from luigi_tasks.sign_off import SignOff

REPORT = "report"


class Published(luigi.Target):
    """Exists when the document of the report's valid signature has been written."""

    def __init__(self, report_key: str) -> None:
        self.report_key = report_key

    def exists(self) -> bool:
        """Return whether the signed document is there; never raises."""
        from core.review.publication import published

        try:
            folder = published(session().settings.data, session().journal, self.report_key)
        except (AftercloseError, OSError):
            return False
        return folder is not None


class Publish(StageTask):
    """Publishes a report once a person has approved it; until then it waits (exit code 20).

    The report is named by ``--report KEY``, so that a later champion does not move what was signed,
    or by the parameters of a run, resolved like any.
    """

    stage_name = "report"
    target = "publish"
    report = luigi.Parameter(default="", description="Key of a finished report; else the run's parameters.")

    @classmethod
    def get_param_values(
        cls, params: list[tuple[str, Any]], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> list[tuple[str, str | bool]]:
        """Return the report's key and, unless it was given, the resolved parameters of its run."""
        texts = {name: str(value) for name, value in kwargs.items() if name != PLANNED}
        key = texts.pop(REPORT, "")
        if key and texts.get("input_digest"):
            # Luigi makes a task again from its own full set of texts: those were resolved before
            return [(name, key if name == REPORT else texts[name]) for name, _ in params]
        if key:
            cls._judge_key(key, texts)
            session().open_publication(key)
            return [(name, key if name == REPORT else "") for name, _ in params]
        others = [(name, option) for name, option in params if name != REPORT]
        values = super().get_param_values(others, args, {n: v for n, v in kwargs.items() if n != REPORT})
        key = cls._key_of({name: str(value) for name, value in values})
        session().open_publication(key)
        return [*values, (REPORT, key)]

    @classmethod
    def _judge_key(cls, key: str, others: Mapping[str, str]) -> None:
        try:
            names = sorted(name for name, value in others.items() if value)
            if names:
                raise ParameterError(
                    f"--report came with --{names[0].replace('_', '-')}",
                    expected="one way to name the report",
                )
            if not session().store.meta_path(Slot(REPORT, key)).is_file():
                raise ParameterError(
                    f"there is no report {key!r}", expected="the key of a finished report (a folder name)"
                )
        except AftercloseError as error:
            luigi_adapter.refuse(error)
            raise

    @classmethod
    def _key_of(cls, texts: Mapping[str, str]) -> str:
        return session().effective(cls._plan_of(texts)).slot.key

    def requires(self) -> list[luigi.Task]:
        """Return the report, unless its key was given, and the approval of it."""
        approval: luigi.Task = SignOff(report=self.report)  # type: ignore[no-untyped-call]  # luigi ships no types
        if not self.param_kwargs["input_digest"]:
            return [approval]
        report: luigi.Task = Report(**{PLANNED: self._plan_of(self.param_kwargs)})  # type: ignore[no-untyped-call]  # as above
        return [report, approval]

    def output(self) -> Published:
        """Return the signed document as a target."""
        return Published(self.report)

    def complete(self) -> bool:
        """Return whether the signed document of the present report is there."""
        return self.output().exists()

    def run(self) -> None:
        """Write the signed document."""
        from core.review.publication import publish

        settings = session().settings
        journal = Journal(settings.data, settings.journal)
        publish(settings, journal, self.report, person=local_person(settings))
