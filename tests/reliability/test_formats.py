"""What earlier versions wrote is read by this one: artifacts, models, journals, backups."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.errors import DataError
from core.fingerprint import sha256
from core.journal import Journal, chain_faults, connection, database
from core.journal.faults import JournalError
from core.queries.reports.listing import newest_reports
from core.registry.champions import Champions
from core.registry.evidence import features_of
from core.registry.origins import profile_of_run, session_of_run
from core.request import settings
from core.review.decision_history import history
from core.review.people import Person
from core.store.checkpoints import Slot, Store
from core.store.lineage import slots
from core.tables.codec import decode
from core.upkeep.restoring import restore
from core.upkeep.verification import verify
from tests.conftest import tree

ME = Person("local:me", "Ann", "approver")
FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "v1"
LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


@pytest.fixture
def first_version(tmp_path):
    """A copy of the data root that version 1 of all formats wrote."""
    data = tmp_path / "v1"
    shutil.copytree(FIXTURE, data, symlinks=True)
    return data


def kind_of(data, name):
    """The kind of an artifact: JSON says it, a text has the name of its file."""
    return decode(data, name).kind if name.endswith(".json") else (data.decode() and name.partition(".")[0])


def test_every_artifact_of_the_first_version_is_read(first_version):
    """Committed, whole, decoded: each kind, with the digests that stood in the meta then."""
    store, kinds = Store(first_version), set()
    for slot in slots(first_version):
        assert store.damage(slot) is None
        for name in store.meta(slot).artifacts:
            kinds.add(kind_of(store.read(slot, name), name))
    assert {slot.stage for slot in slots(first_version)} == set(LINE)
    assert kinds >= {
        "prices_raw", "prices_valid", "findings", "prices_clean", "repairs", "features", "predictions",
        "model", "evaluation", "report",
    }  # fmt: skip


def test_the_model_of_the_first_version_still_scores(first_version):
    """Its own self-check holds, so its probabilities are the ones it gave then."""
    from core.models.loader import read_model
    from core.registry.registry import Registry

    registry = Registry(first_version)
    (identity,) = registry.ids()
    assert read_model(registry.bytes_of(identity)) is not None


@pytest.mark.parametrize("read_only", [True, False], ids=["read only", "migrated"])
def test_the_journal_of_the_first_version_is_read(read_only, first_version):
    """Runs, events, drafts and the chain, as they were written."""
    journal = Journal(first_version, read_only=read_only)
    told = json.loads((first_version / "told.json").read_text())
    assert [(run.run_id, run.state, run.exit_code) for run in journal.runs()] == [
        tuple(run) for run in told["runs"]
    ]
    (run,) = [run for run in journal.runs() if run.state == "succeeded"]
    assert {event.stage for event in journal.events(run.run_id) if event.state == "succeeded"} == set(LINE)
    assert [(r.seq, r.hash) for r in journal.records()] == [tuple(r) for r in told["records"]]
    assert chain_faults(journal.ledger()) == []
    assert [d.text for d in journal.drafts(run.keys["report"])] == told["drafts"]


def test_the_backup_of_the_first_version_is_restored(first_version, tmp_path):
    """An archive written then brings the same journal and checkpoints now."""
    data = tmp_path / "restored"
    restore(
        settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=tmp_path),
        first_version / "backup.zip",
        person=ME,
    )
    assert chain_faults(Journal(data).ledger()) == []
    assert {slot.stage for slot in slots(data)} == set(LINE)
    assert [s for s in slots(data) if Store(data).damage(s)] == []


def test_a_slot_of_the_first_version_says_where_it_came_from(first_version):
    """Inputs, parameters and library versions are in the meta, by the same names."""
    store = Store(first_version)
    (slot,) = [slot for slot in slots(first_version) if slot.stage == "report"]
    meta = store.meta(slot)
    assert {i.stage for i in meta.inputs} == {"evaluate"}
    assert store.meta(Slot("evaluate", meta.inputs[0].key)) is not None
    assert {"fingerprint", "version", "parameters", "libraries", "host", "run_id"} <= meta.body.keys()


# ---- profiles


@pytest.fixture
def with_champion(first_version):
    """The root with a champion, by the one pointer that there was."""
    (model,) = (first_version / "models").glob("*.json")
    body = {"model_id": model.stem, "sha256": sha256(model.read_bytes()), "why": "the first"}
    text = json.dumps({"format": 1, "kind": "champion", **body})
    (first_version / "models" / "champion.json").write_text(text, encoding="utf-8")
    return first_version, model.stem


def over(data):
    """The built-in settings over a data root."""
    return settings.load({"AFTERCLOSE_DATA": str(data)}, data)


def answers(data):
    """What the runs, the champion, the decisions, the newest report and the faults of a root are."""
    here = over(data)
    runs = Journal(data, read_only=True).runs()
    of_runs = [(run.run_id, profile_of_run(here, run), session_of_run(here, run)) for run in runs]
    champions = {name: Champions(here).of(name).model_id for name in Champions(here).profiles()}
    decided = [(d.record, d.action, d.model_id, d.profile) for d in history(here).decisions if d.record]
    newest = [(entry.profile, entry.report, entry.session) for entry in newest_reports(here)]
    features = features_of(here, "", "files:prices").origin
    return of_runs, champions, decided, newest, features, verify(here).faults


def test_a_root_of_before_profiles_is_read_by_profile_without_a_byte_written(with_champion):
    """Each run has its profile and last session; the one champion is that of the profile that trained it."""
    data, model = with_champion
    before = tree(data)
    of_runs, champions, _, newest, features, _ = answers(data)
    assert [(profile, session) for _, profile, session in of_runs] == [
        ("files:prices", "2020-06-08"), ("files:bad", None),
    ]  # fmt: skip
    assert champions == {"files:prices": model}
    assert newest == [("files:prices", "prices-031ab094f712", "2020-06-08")]
    assert features == "feature_engineer/prices-bea7accca7be"
    assert tree(data) == before


@pytest.mark.parametrize("migrated", [False, True], ids=["as it was", "opened for writing before"])
def test_a_root_of_before_profiles_is_taken_over_once(migrated, with_champion):
    """It answers as it did, from the record now; decisions keep their hashes, the old pointer stays beside it."""
    data, model = with_champion
    before = answers(data)
    hashes = [(record.seq, record.hash) for record in Journal(data, read_only=True).records()]
    if migrated:
        Journal(data).settle()
        assert answers(data) == before
    Champions(over(data)).take_over()
    assert answers(data) == before
    runs = Journal(data, read_only=True).runs()
    assert [(run.profile, run.session) for run in runs] == [
        ("files:prices", "2020-06-08"), ("files:bad", None),
    ]  # fmt: skip
    assert Journal(data).without_profile() == []
    assert not (data / "models" / "champion.json").exists()
    assert json.loads((data / "models" / "champion.before-profiles.json").read_text())["model_id"] == model
    assert (data / "models" / "champions" / "files:prices.json").exists()
    assert sorted(path.stem for path in (data / "profiles").glob("*.json")) == ["files:bad", "files:prices"]
    assert [(record.seq, record.hash) for record in Journal(data).records()] == hashes
    again = answers(data)
    Champions(over(data)).take_over()
    assert answers(data) == again


def test_a_run_takes_a_root_of_before_over(with_champion, run_luigi, prices_file):
    """The first one, whatever it is about: it is of its own profile, the earlier ones of theirs."""
    data, model = with_champion
    path = str(prices_file)
    made = run_luigi("--source", "files", "--path", path, "--calendar", "24/7", task="Ingest", data=data)
    assert made.code == 0, made.err
    runs = Journal(data, read_only=True).runs()
    assert [run.profile for run in runs][1:] == ["files:prices", "files:bad"]
    assert runs[0].profile.startswith("files:prices-")  # other tickers under the same file name
    assert Champions(over(data)).of("files:prices").model_id == model
    assert Champions(over(data)).of(runs[0].profile) is None


# ---- with the protection taken out


def test_without_asking_for_its_columns_a_journal_of_before_could_not_be_read(first_version, monkeypatch):
    """A newer column is asked of a journal that has none: the error, and with the question the rows."""
    assert len(Journal(first_version, read_only=True).runs()) == 2
    monkeypatch.setattr(connection, "ADDED", {"run": {}})
    with pytest.raises(JournalError, match="no such column"):
        Journal(first_version, read_only=True).runs()


def test_without_its_migration_a_journal_of_before_takes_no_new_run(first_version, monkeypatch):
    """Nothing could be recorded in it; migrated it takes the run."""

    def record(run_id):
        journal = Journal(first_version)
        journal.add_run(run_id, who="a", how="terminal", request={}, target="report", state="queued")
        journal.start(run_id, {})

    with monkeypatch.context() as patch:
        patch.setattr(database, "_behind", lambda database: False)
        with pytest.raises(JournalError, match=r"no such (table|column)|has no column"):
            record("untaken")
    record("taken")
    assert Journal(first_version, read_only=True).run("taken").state == "running"


def test_without_the_earlier_names_a_finished_stage_of_before_would_read_as_something_else(
    first_version, monkeypatch
):
    """The words of an earlier journal are translated when they are read."""
    from core.journal import journal as module

    def finished(journal):
        return [e.stage for r in journal.runs() for e in journal.events(r.run_id) if e.state == "succeeded"]

    assert len(finished(Journal(first_version, read_only=True))) == 8
    monkeypatch.setattr(module, "EARLIER_NAMES", {})
    assert finished(Journal(first_version, read_only=True)) == []


def test_a_format_of_a_later_version_is_refused_by_its_number(first_version):
    """What this version cannot know it does not guess at: the number that came and the ones it reads."""
    (slot,) = [slot for slot in slots(first_version) if slot.stage == "clean"]
    data = Store(first_version).read(slot, "prices_clean.json")
    assert decode(data, "prices_clean.json").kind == "prices_clean"
    later = data.replace(b'"format":1', b'"format":2', 1)
    assert later != data
    with pytest.raises(DataError, match="format"):
        decode(later, "prices_clean.json")
