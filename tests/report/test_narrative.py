"""The text that a person edits: sections are replaced one by one, everything else stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ParameterError
from core.report.narrative import (
    body_of,
    changes,
    cleaned,
    marked_as_draft,
    sections_of,
    unwritten,
    with_section,
)

PLACEHOLDER = "[to be written by the reviewer]"
NAMES = ["Context", "Business implications", "Risks", "Ethical considerations"]

DECIDED = f"""Decision
--------
No better than chance.


Context
-------
{PLACEHOLDER}


Business implications
---------------------
{PLACEHOLDER}


Risks
-----
{PLACEHOLDER}


Ethical considerations
----------------------
{PLACEHOLDER}
"""

HEAD = """DAILY EQUITY-PRICE REPORT
=========================
  Source sample
"""

APPENDIX = """Appendix: digests and settings
------------------------------
features.json  abc
"""

GENERATED = f"""{HEAD}
Status: DRAFT - not signed


{DECIDED}

Sign-off
--------
Nobody has signed this.


{APPENDIX}"""

BODY = f"{HEAD}\n\n{DECIDED}\n\n{APPENDIX}"

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn"])).filter(
    lambda text: text.strip() != PLACEHOLDER
)


def test_the_body_is_the_report_without_status_and_sign_off():
    """Everything else is there to the byte."""
    assert body_of(GENERATED) == BODY


def test_the_body_of_a_real_report_has_all_four_sections(prepared, lookers):
    """Heading and placeholder as the report stage writes them are found."""
    generated = (lookers.folder_of(prepared, "report") / "report.txt").read_text()
    body = body_of(generated)
    assert sections_of(body) == dict.fromkeys(NAMES, "")
    assert unwritten(body) == NAMES
    assert "not signed" not in body
    assert "Sign-off\n--------" not in body


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_section_gives_the_text_back(name):
    """Taking a placeholder out and putting it back changes no byte."""
    assert with_section(BODY, name, "") == BODY
    assert with_section(with_section(BODY, name, "Words."), name, "  \n") == BODY


@given(name=st.sampled_from(NAMES), written=words)
def test_what_is_written_is_read_back_and_nothing_else_moves(name, written):
    """Up to blank ends, the section reads as written; the three others stay open."""
    text = with_section(BODY, name, written)
    others = dict.fromkeys(NAMES, "")
    assert sections_of(text) == others | {name: written.strip("\n").rstrip()}
    assert with_section(text, name, "") == BODY


def test_sections_are_independent():
    """All four can be written, in any order."""
    text = BODY
    for name in reversed(NAMES):
        text = with_section(text, name, f"About {name}.\n\nMore.")
    assert sections_of(text) == {name: f"About {name}.\n\nMore." for name in NAMES}
    assert unwritten(text) == []


def test_a_heading_that_was_edited_away_is_missed():
    """It cannot be written to, and counts as unwritten."""
    text = BODY.replace("Risks\n-----\n", "")
    assert "Risks" not in sections_of(text)
    assert unwritten(text) == NAMES
    with pytest.raises(KeyError):
        with_section(text, "Risks", "Words.")


def test_a_heading_inside_a_section_is_refused():
    """Two headings of one name could not be told apart, and words would be lost."""
    with pytest.raises(ParameterError, match="Risks"):
        with_section(BODY, "Context", "Quiet.\n\nRisks\n-----\nNone.")


def test_a_name_in_running_text_is_no_heading():
    """Only a line of its own over as many dashes is one."""
    text = with_section(BODY, "Context", "Risks\nare named below.\nRisks\n---")
    assert sections_of(text)["Context"] == "Risks\nare named below.\nRisks\n---"
    assert sections_of(text)["Risks"] == ""


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("tab\tstays", "tab\tstays"),
        ("\x00\x07\x1b[31mred\x1b[0m\x7f\x85", "[31mred[0m"),
        ("pay \u202e001\u202c now", "pay 001 now"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("soft\u00adhyphen \u061c\u3164\U000e0041tag", "softhyphen tag"),
        ("half\ud800pair", "halfpair"),
        ("日本 naïve ☃ é", "日本 naïve ☃ é"),
    ],
)
def test_only_what_can_be_seen_is_kept(came, kept):
    """Control, hidden and direction-turning characters go; readable ones of any script stay."""
    assert cleaned(came) == kept


@given(st.text())
def test_cleaning_twice_is_cleaning_once_and_can_be_encoded(text):
    """What is saved always has UTF-8 bytes to sign."""
    once = cleaned(text)
    assert cleaned(once) == once
    once.encode()


def test_a_draft_is_marked_at_both_ends():
    """Whoever sees only the first or the last line sees that it is unsigned."""
    lines = marked_as_draft("Text\n\n").splitlines()
    assert lines[0] == lines[-1] == "*** DRAFT - NOT SIGNED - NOT FOR DISTRIBUTION ***"
    assert "Text" in lines


def test_changes_show_what_was_written():
    """Removed and added lines stand with their signs; no change gives nothing."""
    assert changes(BODY, BODY) == ""
    diff = changes(BODY, with_section(BODY, "Risks", "Thin trading.")).splitlines()
    assert f"-{PLACEHOLDER}" in diff
    assert "+Thin trading." in diff
    assert len([line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]) == 2
