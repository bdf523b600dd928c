"""A finished report, people of each role, and every act on the report as one call."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.fingerprint import digest_of
from core.journal import Journal
from core.request import settings
from core.review import drafts, publication, requesters, signoff
from core.review.ledger_check import ledger_faults
from core.review.people import Person
from core.store.checkpoints import Store

ISSUER = "OpenID Connect, id.example.org"
WHY = "Sections are open on purpose."


def login(name: str, role: str) -> Person:
    """Somebody who logged in."""
    return Person(f"{name.lower()}@id.example.org", name, role, ISSUER)


class Office:
    """The data root with its report, and who acts there when nobody is named."""

    def __init__(self, root: Path, url: str = "") -> None:
        self.root = root
        named = {"AFTERCLOSE_DATA": str(root), **({"AFTERCLOSE_JOURNAL": url} if url else {})}
        self.settings = settings.load(named, root)
        self.store, self.journal = Store(root), Journal(root, url)
        (folder,) = (root / "checkpoints" / "report").iterdir()
        self.key = folder.name
        self.me = Person("local:me", "local user", "approver")

    def configured(self, **values) -> None:
        """Change settings by their names."""
        self.settings = replace(self.settings, defaults={**self.settings.defaults, **values})

    def second_report(self) -> str:
        """The key of another finished report over the same evaluation."""
        other = f"{self.key}-again"
        folder = self.root / "checkpoints" / "report" / other
        shutil.copytree(folder.with_name(self.key), folder)
        meta = json.loads((folder / "meta.json").read_bytes()) | {"key": other}
        del meta["self_sha256"]
        meta["self_sha256"] = digest_of(meta)
        (folder / "meta.json").write_bytes(json.dumps(meta).encode())
        return other

    @property
    def state(self) -> str:
        return signoff.standing(self.store, self.journal, self.key).state

    @property
    def signature(self):
        """The record of the only signature."""
        (record,) = [record for record in self.journal.records() if record.kind == "signature"]
        return record

    def shown(self, key=None) -> str:
        return signoff.signable(self.store, self.journal, key or self.key).sha256

    def edit(self, words="A word more.", *, person=None, base=None):
        text = signoff.signable(self.store, self.journal, self.key).text + words + "\n"
        return drafts.save_draft(
            self.settings, self.journal, self.key, text, person=person or self.me, base=base
        )

    def _acted(self, act, person, key=None, **more):
        key = key or self.key
        more.setdefault("text_sha256", self.shown(key))
        return act(self.settings, self.journal, key, person=person or self.me, **more)

    def submit(self, person=None, comment=WHY, **more):
        return self._acted(signoff.submit, person, comment=comment, **more)

    def request_changes(self, person=None, comment="Say more about risks.", **more):
        return self._acted(signoff.request_changes, person, comment=comment, **more)

    def sign(self, person=None, meaning="approved", comment=WHY, **more):
        return self._acted(signoff.sign, person, meaning=meaning, comment=comment, **more)

    def reject(self, person=None, comment="Prices look wrong.", **more):
        return self._acted(signoff.sign, person, meaning="rejected", comment=comment, **more)

    def revoke(self, person=None, comment="Signed by mistake."):
        return signoff.revoke(
            self.settings, self.journal, self.key, person=person or self.me, comment=comment
        )

    def publish(self, person=None) -> Path:
        return publication.publish(self.settings, self.journal, self.key, person=person or self.me)

    def bring(self, state: str) -> None:
        """Bring the report from a draft to a state."""
        steps = {
            "draft": [],
            "in_review": [self.submit],
            "changes_requested": [self.submit, self.request_changes],
            "signed": [self.sign],
            "rejected": [self.reject],
            "revoked": [self.sign, self.revoke],
            "stale": [self.sign, self.edit],
            "superseded": [self.sign, lambda: self.sign(key=self.second_report(), supersedes=self.key)],
        }
        for step in steps[state]:
            step()
        assert self.state == state


@pytest.fixture
def office(finished) -> Office:
    """An office that a test may change."""
    return Office(finished)


@pytest.fixture
def by_rows(monkeypatch):
    """Lets acts be judged by the rows as they are just then, as versions did that did not judge the records first."""

    def let():
        for module in (signoff, publication, requesters):
            monkeypatch.setattr(module, "judged_journal", lambda journal: journal)

    return let


@pytest.fixture
def ann() -> Person:
    """An approver who logged in."""
    return login("Ann", "approver")


@pytest.fixture
def bob() -> Person:
    """Another approver who logged in."""
    return login("Bob", "approver")


@pytest.fixture
def olga() -> Person:
    """An operator who logged in."""
    return login("Olga", "operator")


@pytest.fixture
def signed(office):
    """An office with a signed report, and nothing published."""
    office.sign()
    assert ledger_faults(office.settings)[1] == []
    return office
