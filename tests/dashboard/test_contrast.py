"""Words can be read in both themes: contrasts of 4.5 and more, by the formula of WCAG 2.2 (1.4.3)."""

from __future__ import annotations

import re
import tomllib

import pytest

TINT = 0.1
"""Share of the primary colour behind a chosen segment, as Streamlit draws it."""


def channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(rgb: list[float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_gives_the_values_that_are_known():
    """Black on white, and the grey that just passes."""
    assert contrast(channels("#000000"), channels("#ffffff")) == pytest.approx(21)
    assert contrast(channels("#767676"), channels("#ffffff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
def test_buttons_and_what_is_chosen_can_be_read(root, number):
    """White on the primary colour; the words of a chosen segment on its tint; captions of tables on their head."""
    config = tomllib.loads((root / "dashboard/.streamlit/config.toml").read_text(encoding="utf-8"))
    theme = config["theme"][("light", "dark")[number]]
    css = (root / "dashboard/desk.css").read_text(encoding="utf-8")
    chosen = re.search(r'aria-checked="true"[^{]*\{\s*color: light-dark\((#\w+), (#\w+)\)', css)
    head = re.search(
        r"thead th \{[^}]*background: light-dark\((#\w+), (#\w+)\); color: light-dark\((#\w+), (#\w+)\)", css
    )
    assert chosen is not None
    assert head is not None
    primary, page = channels(theme["primaryColor"]), channels(theme["backgroundColor"])
    tinted = [TINT * over + (1 - TINT) * under for over, under in zip(primary, page, strict=True)]
    assert contrast(channels("#ffffff"), primary) >= 4.5
    assert contrast(channels(chosen.groups()[number]), tinted) >= 4.5
    assert contrast(channels(head.groups()[number]), channels(head.groups()[number + 2])) >= 4.5
