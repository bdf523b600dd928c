"""The human gate as a task: it is complete while a valid signature covers the report as it is now."""

from __future__ import annotations

import luigi

from core.errors import AftercloseError
from luigi_tasks.session import session


class Signature(luigi.Target):
    """Exists while an approval covers the present digests of everything the report rests on."""

    def __init__(self, report_key: str) -> None:
        self.report_key = report_key

    def exists(self) -> bool:
        """Return whether the report is signed and the signature still stands; never raises."""
        from core.review.standing import standing

        try:
            return standing(session().store, session().journal, self.report_key).state == "signed"
        except (AftercloseError, OSError):
            return False


class SignOff(luigi.ExternalTask):
    """A person's approval of one report; nothing but a person makes it."""

    report = luigi.Parameter(description="Key of the report's checkpoint.")

    def output(self) -> Signature:
        """Return the signature as a target."""
        return Signature(self.report)
