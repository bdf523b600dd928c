"""The first page: one screen and one sheet, whatever the evaluation holds, and a way to everything else."""

from __future__ import annotations

import re

import pytest

from core.report.narrative import first_page
from core.report.page_one import MOST_LINES
from core.report.sections import ANALYST_SECTIONS, BEHIND, CONTENTS
from tests.report.test_render import BODIES, one_line, section_of


@pytest.fixture(params=BODIES)
def body(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def whole(trained):
    """A train run with everything that a first page may have: advice, a line of money, an alarm, a kept model."""
    trained["advice"] = {
        "decision": "insufficient evidence",
        "sentence": "There is no champion to keep or to replace; the candidate is not shown to be better than chance.",
        "reasons": [],
    }
    trained["equity"] = [
        {"date": "2003-01-02", "model": 1.0, "buy_and_hold": 0.9995},
        {"date": "2008-01-02", "model": 1.31, "buy_and_hold": 3.7},
        {"date": "2012-12-31", "model": 1.79, "buy_and_hold": 6.8},
    ]
    return trained


def test_the_first_page_has_forty_five_lines_of_eighty_characters_at_most(body, rendered):
    """Also with a ticker of 400 letters and markup for names."""
    lines = first_page(rendered(body)[0]).splitlines()
    assert len(lines) <= MOST_LINES == 45
    assert max(map(len, lines)) <= 80


def test_it_stays_within_its_lines_when_everything_is_wrong(whole, rendered):
    """Doubts give way and are counted; the alarm, the advice and the question stay."""
    whole["leak_alarm"] = {"raised": True, "reason": "An AUC of 0.71 is more likely a leak than skill. " * 3}
    whole["model"] |= {"age_sessions": 900}
    whole["rows"] = 200
    whole["data"] |= {"rows_in": 13000, "price_basis": "unknown", "adjusted_close": "copied_from_close"}
    whole["by_fold"] = whole["by_fold"][:1]
    page = first_page(rendered(whole)[0])
    assert len(page.splitlines()) <= MOST_LINES
    assert "WARNING: Leak alarm" in page
    assert re.search(r"- \d+ more: see Doubts, limits and intended use\.", page)
    assert "Asked of you  Is candidate 3fa94c0de811" in page


@pytest.mark.parametrize(
    "words",
    [
        "Asked of you Is candidate 3fa94c0de811, which nobody uses yet, good enough to be used?",
        "Advice Insufficient evidence. There is no champion (the model in use) to keep or to replace;",
        "How sure Judged 2003-01-02 to 2012-12-31 by models that knew earlier sessions only;",
        "95 of 100 such intervals hold the true figure.",
        "Data 12,158 rows of 5 tickers, 2000-03-01 to 2013-03-01; 3 rows removed, 19 warnings, 0 findings accepted",
        "This model 0.498 [0.486, 0.511] 50.5% 6.1%",
        "Reversal of the previous day 0.512 n/a 51.2% 17.1%",
        "Buy and hold n/a n/a n/a 21.4%",
        "AUC: how often a day before a rise is ranked above one before a fall",
        "Changed since the last signed report: see the desk, or afterclose review.",
    ],
)
def test_it_answers_what_a_signer_asks(words, whole, rendered):
    """By hand from the fixture: what is asked, how good, how sure, the data, and where the changes are."""
    assert words in one_line(first_page(rendered(whole)[0]))


def test_it_asks_of_a_model_in_use_whether_it_may_stay_and_explains_the_e_value(scored, rendered):
    """No word of the verdict goes unexplained on the page."""
    scored["sequential"] = {
        "e_value": 1.2,
        "worse_e_value": 0.8,
        "threshold": 40.0,
        "sessions": 126,
        "line": [],
    }
    page = one_line(first_page(rendered(scored)[0]))
    assert "May model 3fa94c0de811 stay in use?" in page
    assert "E-value: evidence that may be read daily; without skill 1 model in 40 ever reaches 40." in page
    assert "all of it after its training" in page


def test_the_pages_pictures_are_money_interval_and_data(whole, rendered):
    """Two curves that end where the evaluation says, a bar for each ticker, the interval of the model."""
    page = rendered(whole)[1]
    gallery = page[page.index('class="gallery"') : page.index("What is doubtful")]
    titles = re.findall(r'aria-label="([^"]+)"', gallery)
    assert titles == [
        "What one unit of money became", "AUC with its interval beside baselines", "Sessions with prices by ticker",
    ]  # fmt: skip
    curves = re.findall(r'<polyline class="(\w+)" points="([^"]+)"', gallery)
    assert [kind for kind, _ in curves] == ["model", "rule"]
    heights = [float(points.split(",")[-1]) for _, points in curves]
    # 128 is 0.5 and 12 is 8, each doubling alike: 1.79 and 6.8 by their logarithms
    assert heights == pytest.approx([128 - 116 * 1.8400 / 4, 128 - 116 * 3.7655 / 4], abs=0.1)
    assert gallery.count('class="bar model"') == 1 + 5


def test_of_many_tickers_their_number_over_time_is_drawn(whole, rendered):
    """Forty bars would be a wall."""
    entry = whole["data"]["tickers"]["AAPL"]
    whole["data"]["tickers"] = {f"T{n:02d}": {**entry, "first": f"{2000 + n % 10}-03-01"} for n in range(40)}
    assert "Tickers with prices over time" in rendered(whole)[1]


def test_an_old_evaluation_without_a_line_of_money_has_a_page_without_that_picture(trained, rendered):
    """What an earlier release evaluated can still be reported."""
    page = rendered(trained)[1]
    assert "What one unit of money became" not in page
    assert "AUC with its interval beside baselines" in page


def test_the_reviewers_headings_follow_the_first_page_and_the_appendix_has_contents(body, rendered):
    """Who signs writes on the second page; the contents name every section of the appendix, in order, as links."""
    text, page = rendered(body)
    rest = text[len(first_page(text)) :]
    assert rest.lstrip("\n").startswith(ANALYST_SECTIONS[0])
    assert one_line(section_of(text, CONTENTS)) == "; ".join(BEHIND) + "."
    (listed,) = re.findall(r'<ol class="contents">(.*?)</ol>', page)
    assert re.findall(r">([^<>]+)</a>", listed) == list(BEHIND)
    assert set(re.findall(r'href="#([^"]+)"', listed)) <= set(re.findall(r'section id="([^"]+)"', page))


def test_findings_beyond_the_listed_ones_count_as_accepted(whole, rendered):
    """Two are listed, and a last entry stands for 1,500 more."""
    listed = {
        "rule": "large_move",
        "ticker": "IBM",
        "date": "2012-01-03",
        "who": "Ann",
        "why": "true",
        "until": "2030-01-01",
    }
    whole["data"]["waivers"] = [listed, listed, {"rule": "beyond", "value": 1500}]
    assert "1,502 findings accepted by a person" in one_line(first_page(rendered(whole)[0]))
