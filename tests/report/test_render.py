"""The draft says what the evaluation says, in order, in both forms, whatever the evaluation holds."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from core.errors import DataError
from core.report.render import NEEDED, render
from core.report.sections import ANALYST_SECTIONS, PLACEHOLDER, SECTIONS, STATUS
from core.tables.artifacts import Document
from core.tables.codec import decode, encode

BODIES = ("trained", "scored", "too_little", "too_little_new", "hostile")


@pytest.fixture(params=BODIES)
def body(request):
    return request.getfixturevalue(request.param)


class Page(HTMLParser):
    """The elements, headings and words of a page; refuses tags that do not nest."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)
        self.words.append(data)


def text_headings(text: str) -> list[str]:
    """Return the lines that have a line of dashes of their own length below and an empty one above."""
    lines = text.split("\n")
    return [
        line
        for above, line, below in zip(lines, lines[1:], lines[2:], strict=False)
        if line and not above and below == "-" * len(line)
    ]


def section_of(text: str, title: str) -> str:
    after = text.split(f"\n{title}\n{'-' * len(title)}\n", 1)[1]
    following = [*SECTIONS, None][SECTIONS.index(title) + 1]
    return after if following is None else after.split(f"\n{following}\n{'-' * len(following)}\n", 1)[0]


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_the_text_has_every_section_in_reading_order(body, rendered):
    """Readers, the editor and the signature find the same headings in every report."""
    assert tuple(text_headings(rendered(body)[0])) == SECTIONS


def test_the_page_has_the_same_sections_as_the_text(body, rendered):
    """Neither form leaves out what the other says."""
    assert tuple(Page(rendered(body)[1]).headings) == SECTIONS


def test_the_verdict_is_the_first_sentence_after_the_status(trained, rendered):
    """A stakeholder who reads one sentence reads the right one."""
    text = rendered(trained)[0]
    assert one_line(section_of(text, "Decision")).startswith(trained["verdict_sentence"])
    assert text.index(f"Status: {STATUS}") < text.index("Decision")


def test_no_line_is_wider_than_a_hundred_columns(body, rendered):
    """The text fits a terminal and a printed page, even with a ticker of 400 letters."""
    assert max(map(len, rendered(body)[0].split("\n"))) <= 100


@pytest.mark.parametrize(
    "line",
    [
        "AUC 0.498 [0.486, 0.511] 0.513 [0.500, 0.527]",
        "Precision 51.2% [50.1%, 52.4%] 52.2% [51.1%, 53.3%]",
        "Brier score 0.2503 [0.2497, 0.2509] 0.2510 [0.2496, 0.2524]",
        "Previous day's sign 0.488 50.1% 50.3% 48.8% n/a n/a",
        "Previous day's sign AUC 0.010 [-0.008, 0.028] no difference shown",
        "Gradient boosting AUC -0.015 [-0.029, -0.001] lower",
        "This model, long/flat 6.1% [-4.1%, 16.0%] 0.39 [-0.25, 1.03]",
        "Buy and hold 21.4% n/a 1.02 n/a",
        "Rows judged 9,773",
        "Rows after cleaning 12,155",
        "GOOG 2,146 2,145 2004-08-19 2013-03-01 ok",
        "large move warning 17",
        "exact duplicate 2",
        "5 2007-01-02 to 2007-12-31 892 0.529 n/a 51.4% 50.5% 0.2503",
        "FB 155 0.463 n/a 51.2% 71.8% 50.5% 0.2503",
        "0.468 to 0.482 977 47.5% 49.8%",
        "volatility20 0.413 0.012 0.912 0.139 0.113 96.4 warn",
        "GOOG 2013-03-01 2013-03-04 53.4% up",
        'afterclose promote 3fa94c0de811 --why "..."',
    ],
)
def test_the_text_has_the_figures_of_the_evaluation(line, trained, rendered):
    """Each expected line is rounded by hand from the fixture."""
    assert line in {one_line(found) for found in rendered(trained)[0].split("\n")}


def test_every_table_cell_of_the_text_is_on_the_page(trained, rendered):
    """Both forms come from the same blocks, so a figure in one is in the other."""
    text, page = rendered(trained)
    words = " ".join(Page(page).words)
    figures = set(re.findall(r"\d[\d,]*\.?\d*%?", text))
    assert {figure for figure in figures if figure not in words} == set()


def test_a_changed_figure_changes_the_report(trained, rendered):
    """The report cannot show a figure of its own."""
    before = rendered(trained)[0]
    trained["performance"]["auc"]["value"] = 0.53219
    assert "0.532" not in before
    assert "0.532" in section_of(rendered(trained)[0], "Performance")


def test_an_undefined_figure_is_marked_and_its_reason_follows_the_table(trained, rendered):
    """Nothing stands for a missing figure but the word that it is missing, and why."""
    trained["performance"]["precision"] = {"value": None, "low": None, "high": None, "reason": "No up call."}
    text = section_of(rendered(trained)[0], "Performance")
    assert re.search(r"Precision +n/a +n/a", text)
    assert text.index("n/a (Precision): No up call.") > text.index("Long/flat Sharpe ratio")


def test_the_analysts_sections_wait_for_a_person(body, rendered):
    """The program writes no judgement of its own under them."""
    for title in ANALYST_SECTIONS:
        assert section_of(rendered(body)[0], title).strip() == PLACEHOLDER


def test_a_draft_says_that_nobody_signed_it(body, rendered):
    """Status line and sign-off block agree."""
    assert "Nobody has signed this draft" in section_of(rendered(body)[0], "Sign-off")


def test_a_trained_report_tells_how_to_promote_and_a_scored_one_does_not(trained, scored, rendered):
    """Only a candidate can be promoted."""
    assert "afterclose promote" in rendered(trained)[0]
    assert "afterclose promote" not in rendered(scored)[0]


def test_a_kept_model_is_reported_loudly_and_not_as_a_candidate(trained, rendered):
    """When training failed, no sentence claims that something was trained."""
    trained["model"]["retained"] = "the fit did not converge"
    text = one_line(rendered(trained)[0])
    assert "WARNING: Training failed; the previous model was kept: the fit did not converge" in text
    assert "afterclose promote" not in text
    assert "candidate" not in text


def test_too_little_data_shows_no_figure_and_says_why(too_little, rendered):
    """No number is made up when nothing could be judged."""
    text = rendered(too_little)[0]
    assert "n/a" in section_of(text, "Performance")
    assert "200 sessions are too few" in section_of(text, "Performance")
    assert not re.search(r"\d\.\d{3}", section_of(text, "Performance"))
    assert "There is no model" in section_of(text, "Model")
    assert "Drift was not measured" in section_of(text, "Drift")


def test_a_candidate_that_nothing_judged_is_marked_before_the_way_to_promote_it(
    too_little, trained, rendered
):
    """A model can be fitted on history too short to judge it."""
    too_little["model"] = trained["model"]
    text = one_line(section_of(rendered(too_little)[0], "Model"))
    assert text.index("WARNING: Nothing is known") < text.index("afterclose promote")


def test_too_little_new_data_shows_the_figures_of_the_training(too_little_new, rendered):
    """The model's walk-forward figures stand under their own caption, not as this run's."""
    text = section_of(rendered(too_little_new)[0], "Performance")
    now, earlier = text.split("At training, walked forward through time")
    assert "0.498" not in now
    assert re.search(r"AUC +0\.498 +\[0\.486, 0\.511\]", earlier)


def test_the_sample_is_called_old_and_other_sources_are_not(trained, rendered):
    """Nobody takes the embedded sample for current prices, and no other source is called a sample."""
    plainly = "real daily prices of five US stocks, 2000 to 2013"
    assert plainly in section_of(rendered(trained)[0], "Data")
    trained["data"]["source"]["name"] = "files"
    assert plainly not in rendered(trained)[0]


def test_the_same_evaluation_gives_the_same_bytes_in_any_process(trained, tmp_path, rendered):
    """No clock, hash order or locale is in the report."""
    path = tmp_path / "evaluation.json"
    path.write_bytes(encode(Document("evaluation", trained)).data)
    program = (
        "import hashlib,sys; from core.tables.codec import decode; from core.report.render import render;"
        "made = render(decode(open(sys.argv[1],'rb').read(), 'evaluation.json'));"
        "print(hashlib.sha256(''.join(t.text for t in made).encode()).hexdigest())"
    )
    made = {
        subprocess.run(  # the seed of hashing can only be set for a new process
            [sys.executable, "-c", program, path],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("77", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(made) == 1


def test_rendering_leaves_the_evaluation_as_it_was(trained):
    """The function is pure."""
    before = copy.deepcopy(trained)
    render(Document("evaluation", trained))
    assert trained == before


def test_an_evaluation_read_from_its_file_gives_the_same_report(body):
    """The committed file alone is enough to make the report again."""
    document = Document("evaluation", body)
    read = decode(encode(document).data, "evaluation.json")
    assert isinstance(read, Document)
    assert render(read) == render(document)


@pytest.mark.parametrize("key", NEEDED)
def test_an_evaluation_without_something_needed_is_refused_by_name(key, trained):
    """The message says what is missing; nothing is left out in silence."""
    del trained[key]
    with pytest.raises(DataError, match=f"it has no {key}"):
        render(Document("evaluation", trained))


def test_an_evaluation_with_a_figure_of_the_wrong_type_is_refused(trained):
    """A hand-edited file ends in a message, not in a traceback."""
    trained["performance"]["auc"]["value"] = "high"
    with pytest.raises(DataError, match="cannot be reported"):
        render(Document("evaluation", trained))


def test_a_table_of_very_many_tickers_is_shortened_and_says_so(trained, rendered):
    """Thousands of tickers do not make a report of thousands of lines."""
    row = trained["by_ticker"]["AAPL"]
    trained["by_ticker"] = {f"T{i:04d}": {**row, "auc": 0.4 + i / 10_000} for i in range(2000)}
    text = section_of(rendered(trained)[0], "By ticker")
    assert "40 of 2,000 shown" in text
    assert "T0000" in text
    assert "T1999" in text
    assert "T1000" not in text
