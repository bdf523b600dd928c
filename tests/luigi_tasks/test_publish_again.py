"""Publishing a signed report that had to be made again first."""

from __future__ import annotations

import pytest

from core.journal import Journal
from core.request import settings
from core.review import signoff
from core.review.people import Person
from core.store.checkpoints import Store
from tests.commands import changed_on_import

pytestmark = pytest.mark.slow
ANN = Person("local:ann", "Ann Approver", "approver")


@pytest.fixture
def damaged(finished, lookers):
    """A data root whose report is signed, and whose report checkpoint is gone since: a run makes the same bytes."""
    over, journal = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished), Journal(finished)
    folder = lookers.folder_of(finished, "report")
    shown = signoff.signable(Store(finished), journal, folder.name).sha256
    signoff.sign(
        over, journal, folder.name, text_sha256=shown, person=ANN, meaning="approved", comment="Read."
    )
    for path in folder.iterdir():
        path.unlink()
    return finished


def test_a_signed_report_made_again_in_the_same_run_is_published(damaged, run_luigi, small):
    """Luigi asked for the signature before the report was there again; the run publishes all the same, exit 0."""
    done = run_luigi(*small, "--mode", "train", data=damaged, task="Publish")
    assert done.code == 0, done.err
    assert done.messages[-1].startswith("published: ")
    assert list((damaged / "published").glob("*/*/signature.json"))
    run = Journal(damaged, read_only=True).runs()[0]
    assert (run.target, run.state, run.exit_code) == ("publish", "succeeded", 0)


def test_without_that_last_step_the_same_run_would_wait_for_nobody(damaged, run_luigi, small, tmp_path):
    """The step taken out: exit 20 and no document although the signature stands."""
    out = "module.Session._publish_here = lambda self, key, code: code"
    env = changed_on_import(tmp_path, "luigi_tasks.session", out)
    done = run_luigi(*small, "--mode", "train", data=damaged, task="Publish", env=env)
    assert done.code == 20, done.err
    assert not list(damaged.glob("published/*/*/signature.json"))
