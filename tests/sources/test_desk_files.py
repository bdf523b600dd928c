"""Files as desks meet them, from public bug reports and vendors' layouts: read rightly, or one message that helps.

``desk_files/cases.json`` says of each what it is, where the situation is known from, and what is expected. Tickers and
prices are invented. Each case goes through ingest, validate and clean.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.errors import AftercloseError, ValidationFailed
from core.parameters import settings_from
from core.prices.waivers import parse
from core.request.stages import STAGES, parameters_of
from core.runs.compute import Job, LoadedArtifact, compute
from core.sources import source_named
from core.sources.ingest_settings import IngestSettings

HERE = Path(__file__).with_name("desk_files")
CASES = {case["id"]: case for case in json.loads((HERE / "cases.json").read_text(encoding="utf-8"))}


class Outcome:
    """What came of a case: the cleaned rows, or an exit code; and everything that was said."""

    def __init__(self, case):
        self.rows, self.exit, self.findings = None, 0, []
        try:
            self._run(case)
        except ValidationFailed as error:
            self.exit, self.findings = error.exit_code, error.findings["findings"]
            self.words = f"{error} {json.dumps(self.findings, ensure_ascii=False)}"
        except AftercloseError as error:
            self.exit, self.words = error.exit_code, str(error)
        # a word in the file's own name does not count as said
        self.words = self.words.replace(Path(case["path"]).name, "").lower()

    def _run(self, case):
        known = parameters_of(STAGES)
        values = {name: parameter.parse(parameter.default) for name, parameter in known.items()}
        values |= {"source": "files", "path": str(HERE / case["path"]), "vintage": 0, "mode": "train"}
        texts = [text.replace("{here}", str(HERE)) for text in case["arguments"]]
        for option, text in zip(texts[::2], texts[1::2], strict=True):
            name = option.removeprefix("--").replace("-", "_")
            values[name] = known[name].parse(text)
        tickers = (values["tickers"],) if values["tickers"] else ()
        waivers = parse(Path(values["waivers"]).read_bytes(), "waivers.toml") if values["waivers"] else ()
        found = source_named("files").resolve(
            settings_from(IngestSettings, values), tickers, datetime.now(UTC)
        )
        values |= {"input_digest": found.input_digest, "input_name": found.input_name}
        made = {}
        for stage in STAGES[:3]:
            inputs = {kind: made[kind] for kind in stage.reads if kind in made}
            own = {p.name: values[p.name] for p in stage.parameters}
            for artifact in compute(stage.name, Job(inputs, own, tickers, date(2026, 1, 1), waivers=waivers)):
                made[artifact.kind] = LoadedArtifact(artifact, artifact.kind, "ab")
        self.rows = made["prices_clean"].artifact.frame
        self.findings = made["findings"].artifact.body["findings"]
        self.words = json.dumps(made["findings"].artifact.body, ensure_ascii=False)


def said(words, outcome):
    """Whether each of the words was said; of a list within the list, one."""
    return all(
        any(w.lower() in outcome.words for w in ([word] if isinstance(word, str) else word)) for word in words
    )


def never_said(words, outcome):
    """Whether none of the words was said."""
    return not any(word.lower() in outcome.words for word in words)


def is_read(expected, outcome):
    """Whether the rows by ticker and the first row of the first ticker are those expected."""
    if outcome.rows is None:
        return False
    counts = {str(ticker): int(rows) for ticker, rows in outcome.rows["ticker"].value_counts().items()}
    ticker = next(iter(expected["tickers"]))
    if counts != expected["tickers"]:
        return False
    row = outcome.rows[outcome.rows["ticker"] == ticker].iloc[0]
    day, *numbers = expected["first"]
    fits = [
        number is None
        or any(row[name] == pytest.approx(n) for n in (number if isinstance(number, list) else [number]))
        for name, number in zip(("open", "high", "low", "close", "volume"), numbers, strict=True)
    ]
    right = str(row["date"])[:10] == day and all(fits)
    return (
        right and said(expected.get("says", ()), outcome) and never_said(expected.get("never", ()), outcome)
    )


def is_refused(expected, outcome):
    """Whether it ended with that code, in the words that help."""
    exits = expected["exit"] if isinstance(expected["exit"], list) else [expected["exit"]]
    few = all(
        sum(finding["rule"] == rule for finding in outcome.findings) <= most
        for rule, most in expected.get("at_most", {}).items()
    )
    return (
        outcome.exit in exits
        and few
        and said(expected["says"], outcome)
        and never_said(expected.get("never", ()), outcome)
    )


def is_found(expected, outcome):
    """Whether the gate stopped with that finding."""
    return outcome.exit == expected["exit"] and any(
        finding["rule"] == expected["rule"]
        and finding["ticker"] == expected["ticker"]
        and expected["date"] in (finding["date"], *finding.get("dates", ()))
        for finding in outcome.findings
    )


def holds(expected, outcome):
    """Whether the outcome is what is expected, or one of what may be."""
    kinds = {"read": is_read, "refused": is_refused, "finding": is_found}
    (kind, what), *_ = expected.items()
    return any(holds(one, outcome) for one in what) if kind == "any" else kinds[kind](what, outcome)


@pytest.mark.parametrize("name", CASES)
def test_a_file_as_desks_meet_it_is_read_rightly_or_refused_in_words_that_help(name):
    """Never silently wrong."""
    case = CASES[name]
    outcome = Outcome(case)
    assert holds(case["expect"], outcome), f"{case['situation']}: {outcome.exit} {outcome.words[:600]}"


def test_a_wrong_answer_is_noticed():
    """The gate itself: other rows, another price, another code or a missing word do not hold."""
    case = CASES["19"]
    outcome, expected = Outcome(case), case["expect"]["read"]
    assert is_read(expected, outcome)
    assert not is_read({**expected, "tickers": {"ZQX": 59}}, outcome)
    assert not is_read({**expected, "first": ["2022-01-03", 51.3, *expected["first"][2:]]}, outcome)
    refused = Outcome(CASES["97p"])
    assert is_refused({"exit": 30, "says": ["pickle"]}, refused)
    assert not is_refused({"exit": 4, "says": ["pickle"]}, refused)
    assert not is_refused({"exit": 30, "says": ["workbook"]}, refused)
