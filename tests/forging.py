"""What a forger does who may write the journal and the published folder and add keys, and has no private half."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict

import pytest

from core.errors import AftercloseError
from core.fingerprint import digest_of
from core.journal import Record
from core.journal.chain import hash_of, make
from core.journal.database import FILE_NAME
from core.seals import keypair
from core.seals.desk import keep_public
from core.upkeep.verification import verify


def faults(office) -> list[str]:
    """What verify says of the journal."""
    return [fault.how for fault in verify(office.settings, quick=True).faults if fault.what == "journal"]


def is_named_and_stops_publication(office, road) -> None:
    """Take a forger's road: verify names it, and nothing is published."""
    road(office)
    assert faults(office), "the forgery is named"
    with pytest.raises(AftercloseError) as error:
        office.publish()
    assert error.value.exit_code in (20, 30)
    assert not list((office.root / "published").glob("*/*"))


def sql(office, statement: str, *values: object) -> None:
    """Write to the database behind the desk's back; with PostgreSQL every machine has its password."""
    if office.settings.journal:
        import psycopg

        with psycopg.connect(office.settings.journal, autocommit=True) as server:
            server.execute(statement.replace("?", "%s"), values)
        return
    with closing(sqlite3.connect(office.root / FILE_NAME)) as raw:
        raw.execute(statement, values)
        raw.commit()


def put(office, record: Record) -> None:
    """Put a record at the end of the chain, in place of one with its number."""
    sql(office, "DELETE FROM record WHERE seq = ?", record.seq)
    sql(
        office,
        "INSERT INTO record (seq, hash, prev_hash, kind, subject, content, signed_by, signature) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        record.seq, record.hash, record.prev_hash, record.kind, record.subject, json.dumps(dict(record.content)),
        record.key or None, record.signature or None,
    )  # fmt: skip


def whole(office) -> list[Record]:
    """The chain as it is."""
    return office.journal.ledger()


def following(office, kind: str, subject: str, content, signer=None) -> Record:
    """A record that fits the end of the chain."""
    last = whole(office)[-1]
    return make(last.seq + 1, kind, subject, content, last.hash, signer=signer)


def approval(office, **other) -> dict:
    """The content of an approval that somebody gave, with changes."""
    given = next(r for r in reversed(whole(office)) if r.content.get("meaning") == "approved")
    return {**given.content, **other}


def own_key(office):
    """A key of the forger, its public half put beside the desk's."""
    path = office.root.parent / "forger.pem"
    keypair.create(path)
    key = keypair.read_private(path)
    keep_public(office.root, key.public)
    return key


# ---- the roads: each leaves a chain whose hashes are right


def unsigned_approval(office):
    """F5: one INSERT with a computed hash, in the name of a person who logged in."""
    boss = {"user": "Dr. Chief Risk Officer", "authentication": "OpenID Connect, https://id.example.org"}
    put(office, following(office, "signature", office.key, approval(office, **boss)))


def approval_by_another_key(office):
    """Signed, by a key of the forger whose public half lies with the others."""
    put(office, following(office, "signature", office.key, approval(office), own_key(office)))


def approval_by_a_key_that_it_brings_in(office):
    """First a record of the forger's key, signed by itself, then the approval."""
    key = own_key(office)
    about = {"meaning": "admitted", "public": key.public.pem.decode(), "user": "Root"}
    put(office, following(office, "key", key.id, about, key))
    put(office, following(office, "signature", office.key, approval(office), key))


def borrowed_signature(office):
    """The signature of another record under a new one."""
    last = whole(office)[-1]
    record = following(office, "signature", office.key, approval(office))
    put(office, Record(**{**asdict(record), "key": last.key, "signature": last.signature}))


def rewritten_last_record(office):
    """L3: the last record says something else, hash and all."""
    last = whole(office)[-1]
    content = {**last.content, "comment": "All is well."}
    digest = hash_of(last.seq, last.kind, last.subject, content, last.prev_hash)
    put(office, Record(**{**asdict(last), "content": content, "hash": digest}))


def replayed_after_its_revocation(office):
    """L8: the old approval once more, as the newest record."""
    office.revoke()
    given = next(r for r in whole(office) if r.content.get("meaning") == "approved")
    record = following(office, given.kind, given.subject, given.content)
    put(office, Record(**{**asdict(record), "key": given.key, "signature": given.signature}))


def signature_taken_away(office):
    """A record without its signature, as an older one has none."""
    sql(office, "UPDATE record SET signature = NULL, signed_by = NULL WHERE seq = 2")


def all_signatures_taken_away(office):
    """The whole chain as if it were older than signed records."""
    sql(office, "UPDATE record SET signature = NULL, signed_by = NULL")


def all_written_anew_by_another_key(office):
    """The whole chain made again and signed with a key of the forger, heads and all."""
    key, previous = own_key(office), "0" * 64
    for record in whole(office):
        content = json.loads(json.dumps(dict(record.content)).replace("local user", "local boss"))
        forged = make(record.seq, record.kind, record.subject, content, previous, signer=key)
        previous = forged.hash
        put(office, forged)


def sealed_anew_by_another_key(office):
    """Unsigned records under a seal of the forger's."""
    key, records = own_key(office), whole(office)
    all_signatures_taken_away(office)
    rows, drafts = office.journal.requests(), office.journal.written()
    about = {
        "records": len(records), "head": records[-1].hash, "runs": len(rows), "runs_sha256": digest_of(rows),
        "drafts": len(drafts), "drafts_sha256": digest_of(drafts), "keys": [],
    }  # fmt: skip
    put(office, following(office, "seal", "ledger", about, key))


def cut_tail(office):
    """The last record gone."""
    sql(office, "DELETE FROM record WHERE seq = (SELECT MAX(seq) FROM record)")


def reordered(office):
    """Two records change places; each keeps its signature."""
    one, two = whole(office)[-2:]
    first = make(one.seq, two.kind, two.subject, two.content, one.prev_hash)
    second = make(two.seq, one.kind, one.subject, one.content, first.hash)
    put(office, Record(**{**asdict(first), "key": two.key, "signature": two.signature}))
    put(office, Record(**{**asdict(second), "key": one.key, "signature": one.signature}))


def emptied(office):
    """All records gone, the tables there."""
    sql(office, "DELETE FROM record")


def another_author(office):
    """L9: the four-eyes rule rests on who wrote a draft."""
    office.edit()
    sql(office, "UPDATE draft SET author = 'Somebody Else'")


def another_text(office):
    """The words of a draft that somebody else wrote."""
    office.edit()
    sql(office, "UPDATE draft SET body = 'All is well.'")


def draft_put_in(office):
    """A draft that nobody wrote."""
    sql(
        office,
        "INSERT INTO draft (report_key, number, at, author, body) VALUES (?, 9, '2020-01-01', 'Olga', 'x')",
        office.key,
    )


def draft_taken_away(office):
    """A draft that somebody wrote."""
    office.edit()
    sql(office, "DELETE FROM draft")


def another_requester(office):
    """L9b: whoever asked for the training may not promote."""
    sql(office, "UPDATE run SET who = 'Somebody Else'")


def another_request(office):
    """What was asked for."""
    sql(office, "UPDATE run SET request = '{}'")


def run_put_in(office):
    """A run that nobody asked for."""
    sql(
        office,
        "INSERT INTO run (run_id, created_at, who, how, request, target, keys, state, host) "
        "SELECT 'another', created_at, who, how, request, target, keys, state, host FROM run LIMIT 1",
    )


def run_taken_away(office):
    """A run that somebody asked for."""
    sql(office, "DELETE FROM run")


def another_profile(office):
    """How many people must approve a report hangs on the profile of its run."""
    sql(office, "UPDATE run SET profile = 'another'")


def without_what_it_says(office):
    """A record that lacks everything: whoever reads it must not stumble before it is named."""
    for kind in ("seal", "key", "person_key", "signature", "review", "comment", "annotation", "schedule"):
        last = whole(office)[-1]
        record = following(office, kind, office.key, {})
        put(office, Record(**{**asdict(record), "key": last.key, "signature": last.signature}))


def of_another_kind(office):
    """A record whose fields are of other kinds."""
    last = whole(office)[-1]
    record = following(office, "signature", office.key, {"meaning": [], "user": None})
    put(office, Record(**{**asdict(record), "key": last.key, "signature": last.signature}))


def schedule_put_in(office):
    """The desk would sign its runs as asked for by somebody who never did."""
    sql(
        office,
        "INSERT INTO schedule (name, body, state, since, seen, created_at, who) VALUES ('nightly', ?, 'active', "
        "'2026-01-01T00:00:00+00:00', '{}', '2026-01-01', 'Ann <ann@id.example.org>')",
        json.dumps({"timing": {}, "request": {"mode": "train"}}),
    )


ROADS: tuple[Callable[[object], None], ...] = (
    unsigned_approval, approval_by_another_key, approval_by_a_key_that_it_brings_in, borrowed_signature,
    rewritten_last_record, replayed_after_its_revocation, signature_taken_away, all_signatures_taken_away,
    all_written_anew_by_another_key, sealed_anew_by_another_key, cut_tail, reordered, emptied, another_author,
    another_text, draft_put_in, draft_taken_away, another_requester, another_request, run_put_in, run_taken_away,
    another_profile, without_what_it_says, of_another_kind, schedule_put_in,
)  # fmt: skip
