"""The chain in words, filtered and exported: by records made by hand."""

from __future__ import annotations

import csv
import io
import json

import pytest

from core.journal.chain import GENESIS, make
from core.queries.reports.audit import as_csv, as_json, choices, entries, matching
from core.request.settings import load
from core.review.comments import add_comment

TEXT = "ab" * 32
MODEL = "6f9ac64705de"


@pytest.fixture
def nowhere(tmp_path):
    """Settings of a data root in which nothing ran."""
    return load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


@pytest.fixture
def chain():
    """Four records of three people."""
    known = {"user": "Ann", "role": "approver", "user_id": "77@id", "authentication": "OpenID Connect"}
    signed = {"text_sha256": TEXT}
    contents = [
        ("promotion", MODEL, {"user": "Ann", "role": "approver", "why": "A baseline."}),
        ("retraining", MODEL, {"user": "Bob", "role": "operator", "why": "=1+1", "decision": "keep"}),
        ("signature", "2013-03-01-aa", {**known, **signed, "meaning": "approved", "comment": "Read."}),
        (
            "signature",
            "2013-03-01-aa",
            {"user": "Cy", **signed, "meaning": "revoked", "comment": "Wrong data."},
        ),
    ]
    records, before = [], GENESIS
    for number, (kind, subject, content) in enumerate(contents, start=1):
        dated = {**content, "at_utc": f"2026-03-0{number}T10:00:00+00:00"}
        records.append(make(number, kind, subject, dated, before))
        before = records[-1].hash
    return records


def test_each_record_says_who_did_what_when_to_which_digest(chain, nowhere):
    """The newest first; of a model the digest is its content id."""
    found = entries(chain, nowhere)
    assert [e.record for e in found] == [4, 3, 2, 1]
    assert [e.act for e in found] == ["revoked", "approved", "kept", "promoted"]
    approved = found[1]
    assert (approved.who, approved.identity, approved.digest, approved.why) == ("Ann", "77@id", TEXT, "Read.")
    assert (found[3].subject, found[3].digest) == (MODEL, MODEL)
    assert [e.sha256 for e in found] == [r.hash for r in chain][::-1]
    assert choices(found) == (["Ann", "Bob", "Cy"], ["approved", "kept", "promoted", "revoked"])


@pytest.mark.parametrize(
    ("filters", "records"),
    [
        ({}, [4, 3, 2, 1]),
        ({"who": "Ann"}, [3, 1]),
        ({"act": "kept"}, [2]),
        ({"text": "ABAB"}, [4, 3]),
        ({"text": "wrong DATA"}, [4]),
        ({"since": "2026-03-02", "until": "2026-03-03"}, [3, 2]),
        ({"who": "Ann", "act": "kept"}, []),
    ],
)
def test_filters_narrow_down_together(chain, nowhere, filters, records):
    """Days are inclusive; words are found whatever their case."""
    assert [e.record for e in matching(entries(chain, nowhere), **filters)] == records


def test_an_export_has_every_field_and_no_formula(chain, nowhere):
    """A reason that looks like a formula is text in a spreadsheet; JSON keeps it as it was."""
    found = entries(chain, nowhere)
    rows = list(csv.DictReader(io.StringIO(as_csv(found).decode())))
    assert [row["record"] for row in rows] == ["4", "3", "2", "1"]
    assert rows[2]["why"] == "'=1+1"
    held = json.loads(as_json(found))
    assert held["entries"][2]["why"] == "=1+1"
    assert held["entries"][1]["digest"] == TEXT


def test_a_report_that_somebody_commented_on_is_shown_by_the_command(office, run_afterclose):
    """A comment has no meaning of a signature: the command took it for a damaged record."""
    office.submit()
    add_comment(office.settings, office.journal, office.key, "Risks", "Say more.", person=office.me)
    done = run_afterclose("review", office.key, data=office.root)
    assert done.code == 0, done.err
    assert "Say more." in done.out
