"""TOML that somebody brought is read at once or refused, and nothing of it is an unexpected error."""

from __future__ import annotations

import time

import pytest

from core.errors import AftercloseError, SettingsError
from core.platform.toml_text import NotToml, in_short, toml_in, toml_of
from core.prices import waivers
from core.review.login_file import _auth
from core.review.roles_file import read_roles
from core.review.tokens import read_tokens

HOSTILE = {
    "a long number": "[[waiver]]\nuntil = " + "1" * 5_000,
    "a key of thousands of parts": "[[waiver]]\nrule" + ".a" * 20_000 + " = 1",
    "a quoted key of thousands of parts": "[[waiver]]\nrule" + '."a b"' * 5_000 + " = 1",
    "a heading of thousands of parts": "[a" + ".a" * 20_000 + "]\n",
    "levels": "waiver = " + "[" * 50_000,
    "levels of tables": "waiver = [" + "{a=" * 10_000,
    "a huge line": "a = '" + "x" * 100_000 + "'",
    "a huge file": "# x\n" * 400_000,
    "quotes": "a = " + '\\"' * 30_000,
    "no day": "[[waiver]]\nuntil = 2024-13-45",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_nobody_writes_is_one_fault_at_once(what, tmp_path):
    """By whichever reader: waivers, roles, tokens, logging in."""
    path, before = tmp_path / "x.toml", time.process_time()
    path.write_text(HOSTILE[what])
    path.chmod(0o600)
    for read in (toml_in, lambda file: toml_of(file.read_text())):
        with pytest.raises(NotToml):
            read(path)
    with pytest.raises(SettingsError):
        waivers.parse(HOSTILE[what].encode(), "waivers.toml")
    for reader in (read_roles, read_tokens, _auth):
        with pytest.raises(AftercloseError) as caught:
            reader(path)
        assert len(str(caught.value)) < 900
    assert time.process_time() - before < 10


@pytest.mark.parametrize("value", ["0x" + "f" * 5_000, "{a = {b = 1}}", "[1, [2]]", "true", "12:00:00"])
def test_a_value_of_another_kind_is_named_in_few_words(value):
    """Also a number that Python itself would not write out."""
    with pytest.raises(SettingsError, match="until is") as caught:
        waivers.parse(f'[[waiver]]\nuntil = {value}\nrule = "zero_volume"'.encode(), "w.toml")
    assert len(str(caught.value)) < 200


def test_what_people_write_is_read():
    """Texts and comments may have as many dots as they like."""
    dots = "." * 400
    assert toml_of(f'# {dots}\na = "{dots}" # {dots}\n[b.c."d.e"]\nf.g = 1') == {
        "a": dots, "b": {"c": {"d.e": {"f": {"g": 1}}}},
    }  # fmt: skip
    assert in_short("x" * 200) == repr("x" * 80)
