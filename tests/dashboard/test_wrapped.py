"""Tables to be read: whole cells, nothing as markup, an end where nobody reads on."""

from __future__ import annotations

import pandas as pd

from dashboard import wrapped


def test_cells_and_heads_are_text(reader):
    """A name from outside draws nothing and closes no attribute."""
    made = wrapped.markup({'<i>"x': ['<img src="http://a.example/p.png">', None]})
    assert "<img" not in made
    assert "<i>" not in made
    assert 'data-label="&lt;i&gt;&quot;x"' in made


def test_numbers_stand_right_and_what_is_missing_is_empty():
    """Also what a frame calls missing."""
    frame = pd.DataFrame({"n": [1200, 3], "what": ["a", float("nan")]})
    made = wrapped.markup({name: list(values) for name, values in frame.items()})
    assert made.count('class="number"') == 3
    assert ">1,200</td>" in made
    assert 'data-label="what"></td>' in made


def test_figures_written_as_text_stand_right_where_their_column_is_named():
    """Head and cells; a column beside it does not."""
    made = wrapped.markup({"AUC": ["0.498", "n/a"], "Who": ["this", "that"]}, numbers=("AUC",))
    assert made.count('class="number"') == 3


def test_an_interval_stands_below_its_figure():
    """And is text: nothing in it is markup."""
    assert wrapped.figure("51.1% [49.4%, 52.7%]").markup == "51.1%<small>[49.4%, 52.7%]</small>"
    assert wrapped.figure("<b> [<i>]").markup == "&lt;b&gt;<small>[&lt;i&gt;]</small>"


def test_a_digest_may_go_on_in_the_next_line_and_words_may_not():
    """Nothing is added to the text: what is copied is the digest."""
    digest = "0123456789abcdef" * 4
    made = wrapped.markup({"sha": [digest], "word": ["hist_gradient_boosting"]})
    assert digest in made.replace("<wbr>", "")
    assert "01234567<wbr>89abcdef" in made
    assert ">hist_gradient_boosting<" in made


def test_a_date_in_a_heading_is_not_broken_in_two():
    """Where a column is narrow a browser would end the line behind its hyphen."""
    made = wrapped.markup({"Since 2013-02-22": ["+1"]})
    assert 'scope="col"><bdi>Since <bdi class="unbroken">2013-02-22</bdi></bdi></th>' in made
