"""What changed since the last signed report of the profile: in the record, in every published form, in the terminal."""

from __future__ import annotations

import json

import pytest

from core.journal import Journal
from core.queries.reports.audit import last_signed
from core.request.settings import load
from core.review import signoff
from core.review.bundle import check_bundle
from core.review.people import local_person
from core.review.publication import publish
from core.review.since import since_last_signed
from core.store.checkpoints import Store

pytestmark = pytest.mark.slow


@pytest.fixture
def office(finished):
    """A data root with one report: settings, journal and a way to sign."""

    class Office:
        settings = load({"AFTERCLOSE_DATA": str(finished)})
        journal, store = Journal(finished), Store(finished)

        def keys(self):
            return {path.name for path in (finished / "checkpoints" / "report").iterdir()}

        def sign(self, key, meaning="approved"):
            digest = signoff.signable(self.store, self.journal, key).sha256
            return signoff.sign(
                self.settings, self.journal, key, text_sha256=digest, person=local_person(self.settings),
                meaning=meaning, comment="As it is.",
            )  # fmt: skip

    return Office()


def test_a_signature_records_what_changed_since_the_one_before_and_the_block_says_it(
    office, run_luigi, run_afterclose, small, finished
):
    """Dearer trading: the setting and the return, from the report that was signed; proven with the bundle."""
    (first,) = office.keys()
    before = office.sign(first)
    assert before.content["since"] is None
    assert run_luigi(*small, "--mode", "train", "--cost-bps", "9", data=finished).code == 0
    (second,) = office.keys() - {first}
    told = json.loads(run_afterclose("review", second, "--json", data=finished).out)["since"]
    record = office.sign(second)
    since = record.content["since"]
    assert since == told
    assert (since["report"], since["record"]) == (first, before.seq)
    changes = {what: (before, now) for what, before, now in since["changes"]}
    assert changes["Setting: cost bps"] == ("5.0", "9.0")
    dearer, now = (float(text.rstrip("%")) for text in changes["Return a year, after costs"])
    assert now < dearer
    assert "Model" not in changes
    folder = publish(office.settings, office.journal, second, person=local_person(office.settings))
    block = (folder / "report.txt").read_text(encoding="utf-8").partition("\n\n\n")[0]
    assert f"Since       report {first}, record {before.seq}:" in block
    assert "            Setting: cost bps: 5.0 -> 9.0" in block
    assert "Setting: cost bps: 5.0 -&gt; 9.0" in (folder / "report.html").read_text(encoding="utf-8")
    assert check_bundle(folder, None).record == record
    assert "cost bps" in run_afterclose("review", second, data=finished).out


def test_another_profile_and_a_revoked_report_are_nothing_to_compare_with(office, run_luigi, small, finished):
    """Only what stands signed in the same profile."""
    (first,) = office.keys()
    office.sign(first)
    assert run_luigi(*small, "--mode", "train", "--cost-bps", "9", data=finished).code == 0
    assert run_luigi(*small, "--mode", "train", "--tickers", "AAA", data=finished).code == 0
    same, other = sorted(
        office.keys() - {first},
        key=lambda key: since_last_signed(office.settings, office.journal, key) is None,
    )
    assert since_last_signed(office.settings, office.journal, same).record.subject == first
    assert since_last_signed(office.settings, office.journal, other) is None
    assert last_signed(office.settings, office.journal, same, other_than="").record.subject == first
    assert last_signed(office.settings, office.journal, other, other_than="") is None
    person = local_person(office.settings)
    signoff.revoke(office.settings, office.journal, first, person=person, comment="Wrong.")
    assert since_last_signed(office.settings, office.journal, same) is None


def test_a_report_whose_evaluation_is_gone_is_named_and_not_compared(office, run_luigi, small, finished):
    """It stops no signature; the block says why there is nothing."""
    (first,) = office.keys()
    before = office.sign(first)
    assert run_luigi(*small, "--mode", "train", "--cost-bps", "9", data=finished).code == 0
    (second,) = office.keys() - {first}
    (meta,) = finished.glob(f"checkpoints/report/{first}/meta.json")
    evaluate = next(i["key"] for i in json.loads(meta.read_text())["inputs"] if i["stage"] == "evaluate")
    (finished / "checkpoints" / "evaluate" / evaluate / "evaluation.json").unlink()
    record = office.sign(second)
    assert record.content["since"] == {"report": first, "record": before.seq, "changes": None}
