"""What is accepted at a desk whose data root is in object storage lets Retry go on."""

from __future__ import annotations

from datetime import UTC, datetime

from core.journal import Journal
from core.request import settings
from core.review.people import local_person
from core.review.waive import accept, file_for
from core.runs.resolve import resolve
from core.store.waivers import load


def test_a_finding_that_was_accepted_is_accepted_in_the_next_run(remote, s3_environment, tmp_path):
    """The file is in the bucket, by whichever road its name comes back, and judged by the records."""
    configured = settings.load({**s3_environment, "AFTERCLOSE_DATA": str(remote)}, tmp_path)
    path = file_for(configured, {})
    finding = {"rule": "inconsistent_ohlc", "ticker": "IBM", "date": "2012-01-03"}
    person, journal = local_person(configured), Journal(configured.data, configured.journal)
    accept(configured, journal, path, [finding], person=person, why="A halt.", until="2030-01-01")
    request = {"source": "sample", "waivers": str(path)}
    assert file_for(configured, request) == path
    values = resolve(request, settings=configured, now=datetime.now(UTC))
    (waiver,) = load(str(values["waivers_digest"]), configured.data)
    assert (waiver.rule, waiver.ticker) == ("inconsistent_ohlc", "IBM")
