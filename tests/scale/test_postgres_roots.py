"""Whose a data root is whose journal is on a server: no backup of it holds that."""

from __future__ import annotations

import pytest

from core.errors import DataError, SettingsError
from core.journal import Journal
from core.journal.identity import give_identity, identity_of
from core.request import settings
from core.review import ledger
from core.review.people import Person
from core.seals.head import HEAD
from core.upkeep.archive import backup
from core.upkeep.restoring import restore
from tests.reliability.backups import packed

ME = Person("local:me", "Ann", "approver")


@pytest.fixture
def over(tmp_path, url):
    """Settings over a folder of a name, with the same server."""

    def configured(name: str):
        environ = {"AFTERCLOSE_DATA": str(tmp_path / name), "AFTERCLOSE_JOURNAL": url}
        return settings.load(environ, tmp_path)

    return configured


@pytest.fixture
def own(over):
    """Settings over a root with a draft."""
    configured = over("root")
    configured.data.mkdir()
    ledger.save_draft(configured, Journal(configured.data, configured.journal), "r", "words", author="Ann")
    return configured


@pytest.mark.parametrize("told", ["", "another", "own", "with its head"])
def test_restore_knows_a_data_root_whose_journal_is_on_a_server(own, tmp_path, told):
    """By the name in the archive or, in one of an earlier version, by the key with which the ledger began."""
    head, waivers = (own.data / HEAD).read_bytes(), own.data / "waivers.toml"
    members = [("waivers.toml", b""), *([(HEAD, head)] if told == "with its head" else [])]
    name = {"another": "0" * 32, "own": identity_of(own.data)}.get(told, "")
    path = packed(tmp_path / "a.zip", members, archive="backup", root=name)
    if told in ("own", "with its head"):
        restore(own, path, person=ME)
        assert waivers.exists()
        return
    with pytest.raises(DataError, match="of data root" if told else "and no head of this ledger"):
        restore(own, path, person=ME)
    assert not waivers.exists()


def test_a_backup_comes_back_into_an_empty_folder_beside_the_same_server(own, over, tmp_path):
    """The disk is lost and the server lives: the folder takes the name that both have."""
    backup(own, tmp_path / "b.zip")
    other = over("other")
    restore(other, tmp_path / "b.zip", person=ME)
    Journal(other.data, other.journal)
    assert identity_of(other.data) == identity_of(own.data) != ""
    assert restore(other, tmp_path / "b.zip", person=ME).written == 0


def test_a_journal_of_another_data_root_is_refused(own, over, tmp_path):
    """Who forgot the data root's name had a run that succeeded elsewhere, and publishing ended for everybody."""
    (empty := over("empty")).data.mkdir()
    with pytest.raises(SettingsError, match="holds nothing of it"):
        Journal(empty.data, empty.journal)
    (other := over("other")).data.mkdir()
    give_identity(other.data, "5" * 32)
    with pytest.raises(SettingsError, match="is data root 55555555"):
        Journal(other.data, other.journal)
    (earlier := over("earlier")).data.joinpath("checkpoints").mkdir(parents=True)
    Journal(earlier.data, earlier.journal)  # of a version that gave data roots no name
    Journal(own.data, own.journal)


def test_a_journal_that_nobody_used_takes_the_roots_name(over):
    """Whoever made its tables may have been killed before the name was written."""
    (first := over("first")).data.mkdir()
    Journal(first.data, first.journal)
    (root := over("root")).data.mkdir()
    give_identity(root.data, "5" * 32)
    Journal(root.data, root.journal)
    assert identity_of(root.data) == "5" * 32
    Journal(root.data, root.journal).save_draft("r", "words", author="Ann")
    with pytest.raises(SettingsError, match="is data root"):
        Journal(first.data, first.journal)
