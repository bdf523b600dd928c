"""luigi.cfg is read as Luigi reads it, its indented lines, too."""

from __future__ import annotations

import configparser
import random

import pytest

from core.errors import SettingsError
from core.request import settings
from core.request.config_lines import entries_of
from core.request.in_force import in_force


def load(tmp_path, text):
    """Settings from a file with this text."""
    (tmp_path / "luigi.cfg").write_text(text, encoding="utf-8")
    return settings.load({}, tmp_path)


INDENTED = [
    "[review]\n  signatures = 2\n  signers = 77@id.example.org\n[people]\n\troles_file = roles.toml\n",
    "[review]\n# n\n\n  signatures: 2\n  # and\n\n  signers =\n    77@id.example.org\n [people]\nroles_file=roles.toml",
    "  [review]\n  signatures = 2\nsigners = 77@id.example.org\n\u00a0\n[people]\n\u00a0roles_file = roles.toml\n",
]


@pytest.mark.parametrize("text", INDENTED)
def test_indented_keys_are_keys(text, tmp_path):
    """As configparser and Luigi take them: none is passed over, where two signatures would become one."""
    found = load(tmp_path, text)
    shown = found["review_signatures"], found["review_signers"], found["people_roles_file"]
    assert shown == (2, "77@id.example.org", "roles.toml")


def test_indented_keys_of_a_profile_and_of_luigi_are_judged(tmp_path):
    """A profile has all that it sets, with its lines; a misspelt key is named by its line wherever it stands."""
    found = load(tmp_path, "[profile:mine]\n  source = sample\n  review_signatures = 2\n")
    assert found.profiles["mine"] == {"source": "sample", "review_signatures": 2}
    places = {(row.section, row.key): row.origin for row in in_force(found, {})}
    assert places["profile:mine", "review_signatures"] == "luigi.cfg, line 3"
    with pytest.raises(SettingsError, match=r"line 2: unknown key 'signature' in \[review\]"):
        load(tmp_path, "[review]\n  signature = 2\n")
    with pytest.raises(SettingsError, match=r"line 2: unknown key 'task_faild' in Luigi's \[retcode\]"):
        load(tmp_path, "[retcode]\n  task_faild = 30\n")


SWALLOWED = [
    (
        "[review]\nsign_by = 18:00\n  signatures = 2\n",
        "line 3: 'signatures' is indented deeper than 'sign_by'",
    ),
    ("[review]\nsigners =\n\n  # two\n  signatures = 2\n", "line 5: 'signatures' is indented deeper"),
    ("[notices]\nurls = a://b\n  [people]\nroles_file = r\n", r"line 3: '\[people\]' is indented deeper"),
    ("[notices]\nurls = a://b\n  [profile:x]\nseed = 1\n", r"line 3: '\[profile:x\]' is indented deeper"),
    ("[core]\nlog_level = WARNING\n  no_lock = true\n", "line 3: 'no_lock' is indented deeper"),
    ("[user]\nname = Ann\n  Bob\n", r"line 3: a second line of \[user\] name"),
    ("[review]\nsignatures = 1\n  1\n", r"line 2: \[review\] signatures is '1\\n1'"),
    ("[review] # see [1]\nsignatures = 2\n", r"line 1: unknown section \[review\] # see \[1\]"),
]


@pytest.mark.parametrize(("text", "came"), SWALLOWED, ids=[came for _, came in SWALLOWED])
def test_a_key_that_another_one_would_swallow_is_named(text, came, tmp_path):
    """By INI a deeper line goes on with the value above it: never without a word where a key or heading was meant."""
    with pytest.raises(SettingsError, match=came):
        load(tmp_path, text)


def test_a_text_may_stand_below_its_key(tmp_path):
    """One line of words, wherever it stands."""
    assert load(tmp_path, "[ingest]\nsource = files\npath =\n  prices.csv\n")["path"] == "prices.csv"
    with pytest.raises(SettingsError, match="line 4: a second line of"):
        load(tmp_path, "[ingest]\npath =\n  prices.csv\n  others.csv\n")


def test_lists_may_go_on_in_lines_of_their_own(tmp_path):
    """Addresses, tickers, columns, people: what is separated anyway."""
    found = load(
        tmp_path,
        "[notices]\nurls =\n  mailto://a\n\n  slack://b\n[ingest]\ntickers = MSFT,\n  AAPL\n"
        "[files]\ncolumns = date=Datum,\n  close=Schluss\n",
    )
    assert str(found["notices_urls"]).split() == ["mailto://a", "slack://b"]
    assert "AAPL" in str(found["tickers"])
    assert str(found["columns"]).split() == ["date=Datum,", "close=Schluss"]


def test_a_file_is_read_as_luigi_reads_it():
    """Whatever configparser reads has the same sections, keys and values here, and what it refuses is at fault here."""
    pieces = [
        "[a]",
        "[b] x",
        "  [c]",
        "k = 1",
        " k: 2",
        "\tl = a = b",
        "  more",
        "   x : y",
        "",
        "# n",
        "  ; n",
        "j =",
    ]
    chosen, read = random.Random(7), 0
    for _ in range(4_000):
        text = "\n".join(["[top]", *chosen.choices(pieces, k=6)])
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        entries = entries_of(text)
        try:
            parser.read_string(text)
        except configparser.Error:
            assert any(entry.fault for entry in entries), text
            continue
        read += 1
        ours = {entry.section: dict[str, str]() for entry in entries}
        for entry in entries:
            assert not entry.fault, text
            if entry.key is not None:
                ours[entry.section][entry.key] = entry.value
        assert ours == {name: dict(parser.items(name)) for name in parser.sections()}, text
    assert read > 1_000
