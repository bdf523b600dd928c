"""The report on the desk: a finding once, and what people write below the evidence for it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.queries.reports.document import CHANGED, WRITTEN, document
from core.report import sections
from dashboard.said_once import in_reading_order, said_once


@pytest.fixture
def several(finished):
    """The sections of a report of which nothing was changed."""
    (page,) = finished.glob("checkpoints/report/*/report.html")
    text = page.with_name("report.txt").read_text(encoding="utf-8")
    return document(page.read_text(encoding="utf-8"), text, text)


def by_title(several) -> dict[str, str]:
    return {section.title: section.markup for section in several}


def test_the_headline_figures_stand_in_the_decision_alone(several):
    """Verdict and AUC head the section of performance on paper, where it is read alone."""
    before, after = by_title(several), by_title(said_once(several))
    assert "<dt>Verdict</dt>" in before[sections.PERFORMANCE]
    assert "<dt>Verdict</dt>" not in after[sections.PERFORMANCE]
    assert before[sections.DECISION].count("<svg") == 3
    assert after[sections.DECISION].count("<svg") == 1
    assert after[sections.DATA].count("<svg") == before[sections.DATA].count("<svg") + 1, (
        "the extent of prices"
    )
    assert "Changed since the last signed report" not in after[sections.DECISION]
    assert re.search(r'<p class="verdict"><strong>[^<:]+</strong>: AUC ', after[sections.DECISION])


def test_no_doubt_is_lost_where_it_is_said_once(several):
    """The decision has each whole, of which it had the first sentence; limits that always hold stay below."""
    before, after = by_title(several), by_title(said_once(several))
    doubts = re.findall("<li>(.*?)</li>", before[sections.LIMITS].partition("Limits that always hold")[0])
    assert len(doubts) > 1
    for doubt in doubts:
        of_verdict = doubt.startswith("The verdict is")
        assert (doubt in after[sections.DECISION]) is not of_verdict
        assert doubt not in after[sections.LIMITS]
    assert "Limits that always hold" in after[sections.LIMITS]


def test_a_decision_that_a_person_changed_takes_nothing_from_the_others(several):
    """It may say no more what the others would be left without."""
    changed = [replace(s, kind=CHANGED) if s.title == sections.DECISION else s for s in several]
    assert said_once(changed) == changed


def test_what_people_write_comes_below_the_evidence_in_its_own_order(several):
    """So that it is written after that was read; nothing else changes its place."""
    ordered = in_reading_order(several)
    assert [s.title for s in ordered if s.kind == WRITTEN] == list(sections.ANALYST_SECTIONS)
    assert [s.title for s in ordered][-4:] == list(sections.ANALYST_SECTIONS)
    assert [s for s in ordered if s.kind != WRITTEN] == [s for s in several if s.kind != WRITTEN]
