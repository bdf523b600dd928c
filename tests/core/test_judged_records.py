"""The one way to the ledger's records: whoever rests an act on them has them judged (core/seals/judged_journal.py)."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing

import pytest

from core.journal import Journal
from core.journal.faults import JournalError
from core.request import settings
from core.review import ledger
from core.seals.judged_journal import judged_journal
from tests.docs.test_house_rules import ROOT, SOURCES, shown

READING = {"records", "ledger", "of_kinds", "request_of", "first_signer"}
"""Methods of a journal that return records of the ledger."""

JUDGING = {"judged_journal", "judge_ledger"}
"""Functions that return a journal whose records were judged."""

RAW = {
    "core/review/ledger_check.py": "the judgement of verify, and which keys count for the list of keys",
    "core/upkeep/verification.py": "verify: what it names where nothing could be judged",
    "core/review/ledger.py": "the end of the chain, within the transaction that adds to it; is a coming key on record",
    "core/review/registering.py": "people's keys, of a journal that its callers had judged; within the transaction",
    "core/review/keys.py": "the first key of a ledger whose head is lost",
    "core/review/sealed.py": "which runs an admin takes, also where a ledger is begun anew",
    "core/review/standing.py": "a report's state, by the journal that its caller had judged, or shows",
    "core/review/approvals.py": "the same, how many approved it",
    "core/review/published.py": "the same, which proofs count: each record is judged by its own signature",
    "core/review/publication.py": "the same, what of a report is published",
    "core/review/aside.py": "the same, what was put aside",
    "core/notices/sealing.py": "keys: notices that this machine sealed go out also while the ledger is broken",
    "core/review/annotations.py": "shown",
    "core/review/comments.py": "shown",
    "core/review/decision_history.py": "shown",
    "core/cli/review.py": "shown",
    "core/queries/": "shown: pages go on under the alarm that a broken ledger raises",
    "dashboard/": "the same",
}
"""Who reads records that nobody judged -> why; what is signed, promoted, started, given out or sent rests on none."""

SHARED = {
    "standing", "signable", "approvals", "judge_number", "registered", "put_aside_here", "recorded_since",
    "with_own_key",
}  # fmt: skip
"""Functions over a journal that somebody else judges, or shows."""

ACTING = (
    "review/signoff", "review/publication", "review/published", "review/registering", "review/comments",
    "review/aside", "review/keys", "review/decisions", "review/requesters", "review/makers", "review/waive",
    "runs/announcing", "schedule/reminders",
)  # fmt: skip
"""Modules of core with acts."""

SHOWING = {"published", "state_of", "runs_put_aside"}
"""Functions of these that say how something stands, to a page."""


def judged_names(function) -> set[str]:
    """Names of a function that hold judged records, by what they are made of or said to be."""
    names = {"self.ledger"}
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and node.annotation and ast.unparse(node.annotation) == "JudgedJournal":
            names.add(node.arg)
        if isinstance(node, ast.Assign):
            pairs = zip(
                getattr(node.targets[0], "elts", node.targets),
                getattr(node.value, "elts", [node.value]),
                strict=False,
            )
            names |= {ast.unparse(target) for target, value in pairs if is_judging(value)}
    return names


def is_judging(node) -> bool:
    """Whether an expression is a call that judges."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in JUDGING


def is_judged(node, names) -> bool:
    return is_judging(node) or ast.unparse(node) in names


def readings(text: str):
    """(line, what) of each reading of records that nobody judged."""
    if not any(f".{name}(" in text for name in READING):
        return
    for function in [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]:
        calls = [n.func for n in ast.walk(function) if isinstance(n, ast.Call)]
        reading = [c for c in calls if isinstance(c, ast.Attribute) and c.attr in READING]
        names = judged_names(function) if reading else set()
        yield from ((c.lineno, ast.unparse(c)) for c in reading if not is_judged(c.value, names))


def handed_on(text: str):
    """(line, what) of each journal that nobody judged and that an act hands to what reads its records."""
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    for function in [each for each in functions if each.name not in SHOWING]:
        names = judged_names(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in SHARED:
                journals = [a for a in node.args if ast.unparse(a).rpartition(".")[2] == "journal"]
                yield from ((node.lineno, ast.unparse(node)) for a in journals if ast.unparse(a) not in names)


def test_records_that_nobody_judged_are_read_in_few_places():
    """Each with its reason; a file that reads none any more leaves the list."""
    found = {
        shown(path)
        for path in SOURCES
        if not shown(path).startswith(("benchmarks", "tools", "core/journal", "core/seals"))
        and any(readings(path.read_text()))
    }
    allowed = {path: next((name for name in RAW if path.startswith(name)), "") for path in found}
    assert sorted(path for path, name in allowed.items() if not name) == []
    assert sorted(set(RAW) - set(allowed.values())) == []


def test_no_act_hands_on_a_journal_that_nobody_judged():
    """What is over a journal of its caller's is as sound as that."""
    found = {}
    for name in ACTING:
        path = ROOT / "core" / f"{name}.py"
        if lines := [f"{line}: {words}" for line, words in handed_on(path.read_text())]:
            found[name] = lines
    assert found == {}


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        ("return journal.records()", True),
        ("return self.journal.of_kinds([KEY])", True),
        ("return judged_journal(journal).records()", False),
        ("ledger = judged_journal(journal)\n    return ledger.request_of(run)", False),
        ("own, ledger = key(), judged_journal(journal)\n    return ledger.ledger()", False),
        ("ledger = journal\n    return ledger.records()", True),
    ],
)
def test_the_rule_tells_them_apart(body, raw):
    """The gate itself."""
    assert bool(list(readings(f"def f(journal):\n    {body}\n"))) == raw


def test_the_rule_knows_what_is_handed_on():
    """A journal as it came, and one that was judged."""
    assert list(handed_on("def f(journal):\n    return standing(store, journal, key)\n"))
    assert not list(handed_on("def f(journal):\n    return standing(store, judged_journal(journal), key)\n"))
    assert not list(handed_on("def f(journal: JudgedJournal):\n    return standing(store, journal, key)\n"))


@pytest.mark.parametrize("change", ["a row before it", "other words"])
def test_drafts_under_the_first_seal_are_those_that_it_sealed(tmp_path, change):
    """They have no records of their own: a row that was put in before them, or other words, are as little on record."""
    over, journal = settings.load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path), Journal(tmp_path)
    journal.save_draft("old-000000000000", "as an earlier version kept it", author="Old")
    ledger.seal(over, journal)
    assert [draft.author for draft in judged_journal(journal).drafts("old-000000000000")] == ["Old"]
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as raw:
        if change == "other words":
            raw.execute("UPDATE draft SET body = 'buy everything'")
        else:
            raw.execute(
                "INSERT INTO draft (seq, report_key, number, at, author, body) SELECT 0, 'new-111111111111', 1, at, "
                "author, 'buy everything' FROM draft"
            )
        raw.commit()
    key = "old-000000000000" if change == "other words" else "new-111111111111"
    with pytest.raises(JournalError, match="is not what is on record"):
        judged_journal(journal).drafts(key)
