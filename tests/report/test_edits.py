"""What counts as an edit of the generated part: by hand-made reports."""

from core.report.edits import Edit, edit_records, edits
from core.report.narrative import with_added, with_section

GENERATED = """DAILY EQUITY-PRICE REPORT
=========================
Source sample

Decision
--------
AUC 0.502 over 9,973 rows.
Plain words.


Context
-------
[to be written by the reviewer]


Risks
-----
[to be written by the reviewer]


Appendix: digests and settings
------------------------------
Training seed  7
"""


def test_words_of_the_analyst_are_no_edit():
    """Neither under the four headings nor under one that was added."""
    text = with_section(GENERATED, "Context", "AUC 0.9, I say.\n\nTwo paragraphs.")
    text = with_section(with_added(text, "Liquidity"), "Liquidity", "Thin: 12 rows.")
    assert edits(GENERATED, text) == []


def test_a_changed_figure_and_changed_words_are_told_apart():
    """Each with its heading, what was there and what is."""
    text = GENERATED.replace("0.502", "0.602").replace("Plain words.", "Fine words.")
    both = edits(GENERATED, text)
    before, after = "AUC 0.502 over 9,973 rows.\nPlain words.", "AUC 0.602 over 9,973 rows.\nFine words."
    assert both == [Edit("Decision", before, after, figure=True)]
    (words,) = edits(GENERATED, GENERATED.replace("Plain words.", "Fine words."))
    assert words == Edit("Decision", "Plain words.", "Fine words.", figure=False)
    assert edit_records([words]) == [
        {"section": "Decision", "before": "Plain words.", "after": "Fine words.", "figure": False}
    ]


def test_added_and_removed_lines_are_edits():
    """A line of one's own under a generated heading, a line taken out, and the title."""
    (added,) = edits(GENERATED, GENERATED.replace("Plain words.", "Plain words.\nAUC 0.9 really."))
    assert (added.before, added.after, added.figure) == ("", "AUC 0.9 really.", True)
    (removed,) = edits(GENERATED, GENERATED.replace("Training seed  7\n", ""))
    assert (removed.section, removed.after, removed.figure) == ("Appendix: digests and settings", "", True)
    (title,) = edits(GENERATED, GENERATED.replace("Source sample", "Source other"))
    assert title.section == "Title"


def test_taking_out_an_analyst_s_heading_is_an_edit():
    """The report always has the four; a report without Risks is not as it was generated."""
    without = GENERATED.replace("Risks\n-----\n[to be written by the reviewer]\n\n\n", "")
    (gone,) = edits(GENERATED, without)
    assert gone.before.startswith("Risks")
    assert gone.after == ""


def test_blank_lines_and_spaces_at_line_ends_are_no_edit():
    """What cannot be seen changes nothing."""
    assert edits(GENERATED, GENERATED.replace("Plain words.\n", "Plain words.  \n\n")) == []
