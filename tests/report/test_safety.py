"""Text from outside stays text, and the page neither fetches nor runs anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from core.report.blocks import visible


@pytest.fixture(params=("trained", "scored", "too_little", "too_little_new", "hostile"))
def page(request, rendered):
    return rendered(request.getfixturevalue(request.param))[1]


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    Reader().feed(page)
    return found


def test_the_page_has_only_the_elements_that_a_report_needs(page):
    """No script, frame, form, image or object, whatever the data says."""
    known = (
        "html head meta title style body div header h1 h2 p span nav ol ul li a main section dl dt dd "
        "figure figcaption table thead tbody tr th td pre code svg line circle text"
    )
    assert {tag for tag, _ in tags_of(page)} <= set(known.split())


def test_no_attribute_runs_or_fetches_anything(page):
    """Links lead to places on the page itself."""
    for _, attributes in tags_of(page):
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")
        ]
        assert (attributes.get("href") or "#").startswith("#")


def test_the_style_sheet_fetches_nothing(page):
    """No font, image or further sheet comes from elsewhere."""
    assert not re.search(r"url\(|@import|https?:", page)


def test_the_page_forbids_fetching_and_running_by_policy(page):
    """Should escaping ever fail, the browser still refuses."""
    policies = [a["content"] for tag, a in tags_of(page) if tag == "meta" and "http-equiv" in a]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_markup_in_names_is_shown_and_not_obeyed(hostile, rendered):
    """A ticker called like a script is a ticker with a strange name."""
    page = rendered(hostile)[1]
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_line_break_in_a_name_cannot_forge_a_line_of_the_report(hostile, rendered):
    """The only status line is the report's own."""
    text, page = rendered(hostile)
    assert not [
        line for line in text.split("\n") if re.match("(status: )?signed|status: signed", line, re.IGNORECASE)
    ]
    assert "\u202e" not in text + page


def test_a_strange_model_id_cannot_add_a_command(hostile, rendered):
    """What a person may copy into a shell is quoted for it."""
    text = " ".join(rendered(hostile)[0].split())
    assert "afterclose promote 'x; rm -rf ~ <script>" in text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("AAPL", "AAPL"),
        ("Münchener Rück", "Münchener Rück"),
        ("a\tb", "a\\u0009b"),
        ("a\u2028b", "a\\u2028b"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_characters_that_hide_or_steer_are_spelled_out(given, shown):
    """Letters of any language stay; controls, marks and half pairs do not."""
    assert visible(given) == shown
