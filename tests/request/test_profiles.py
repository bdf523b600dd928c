"""Profiles: values in place of defaults, wherever a run begins."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from core.errors import ParameterError, SettingsError
from core.request import settings
from core.request.profiles import ChangedSetting, changed_settings
from core.runs.resolve import resolve

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = """
[train]
seed = 9

[profile:us-megacaps]
tickers = MSFT,AAPL
start = 2010-01-04
seed = 11

[profile:plain]
"""


@pytest.fixture
def configured(tmp_path):
    """Settings with two profiles and a fresh data root."""
    (tmp_path / "luigi.cfg").write_text(CONFIG, encoding="utf-8")
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


def planned(configured, **request):
    """The resolved values of a request."""
    return resolve(request, settings=configured, now=NOW)


def test_a_profile_replaces_defaults_and_a_given_value_replaces_the_profiles(configured):
    """Default 9, profile 11, given 13: each wins over the one before; other defaults stay."""
    assert planned(configured)["seed"] == 9
    under = planned(configured, profile="us-megacaps")
    assert (under["seed"], under["tickers"], under["start"]) == (11, "AAPL,MSFT", "2010-01-04")
    assert under["fold_sessions"] == 252
    assert planned(configured, profile="us-megacaps", seed="13")["seed"] == 13


def test_a_profile_and_the_same_values_given_one_by_one_are_one_plan(configured):
    """The name is in no key: what counts is what it stands for."""
    spelt = planned(configured, tickers="AAPL,MSFT", start="2010-01-04", seed="11")
    assert planned(configured, profile="us-megacaps") == spelt


def test_a_profile_is_shown_with_what_differs_only(configured):
    """In the order of the stages, as text; an empty profile differs in nothing."""
    assert changed_settings(configured.profiles["us-megacaps"], configured.defaults) == [
        ChangedSetting("tickers", "", "MSFT,AAPL"),
        ChangedSetting("start", "", "2010-01-04"),
        ChangedSetting("seed", "9", "11"),
    ]
    assert changed_settings(configured.profiles["plain"], configured.defaults) == []


def test_an_unknown_profile_is_named_with_the_nearest(configured, tmp_path):
    """Misspelt: the nearest; none at all: how to make one."""
    with pytest.raises(ParameterError, match=r"no profile .us-megacap.*Did you mean us-megacaps"):
        planned(configured, profile="us-megacap")
    bare = settings.load({}, tmp_path / "elsewhere")
    with pytest.raises(ParameterError, match=r"\[profile:daily\]"):
        planned(bare, profile="daily")


MISTAKES = [
    ("[profile:x]\nsede = 7\n", "line 5: unknown key 'sede' in [profile:x]", "Did you mean seed?"),
    ("[profile:x]\nseed = y\n", "line 5: [profile:x] seed is 'y'", "a whole number"),
    ("[profile:x]\ninput_digest = y\n", "unknown key 'input_digest'", "more"),
    ("[profile:x]\nseed\n", "luigi.cfg cannot be read", "line 5"),
    ("[profile:x]\nseed = 1\n[profile:x]\n", "line 6: [profile:x] already exists", "each section once"),
    ("[profile:x]\nseed = 1\nseed = 2\n", "line 6: key 'seed' in [profile:x]", "each key once"),
    ("[profile:Big Caps]\nseed = 1\n", "line 4: [profile:Big Caps] names the profile", "small letters"),
    ("[profile:sample]\nseed = 1\n", "line 4: [profile:sample] has the name of runs", "another name"),
]


@pytest.mark.parametrize(("text", "came", "hint"), MISTAKES, ids=[m[1][:40] for m in MISTAKES])
def test_a_mistake_in_a_profile_stops_what_asks_for_it_and_nothing_else(text, came, hint, tmp_path):
    """File, line and nearest name, like any other section; the profiles around it stay as they are."""
    name = text[len("[profile:") : text.index("]")]
    around = f"[profile:first]\nseed = 2\n\n{text}\n[profile:last]\nseed = 3\n"
    (tmp_path / "luigi.cfg").write_text(around, encoding="utf-8")
    configured = settings.load({}, tmp_path)
    assert {name: values["seed"] for name, values in configured.profiles.items()} == {"first": 2, "last": 3}
    assert planned(configured, profile="last")["seed"] == 3
    with pytest.raises(SettingsError) as raised:
        planned(configured, profile=name)
    assert came in str(raised.value)
    assert hint in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_mistake_outside_of_profiles_stops_everything(tmp_path):
    """A misspelt section may be anything: nothing runs before it is mended."""
    (tmp_path / "luigi.cfg").write_text("[profil:x]\nseed = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"unknown section \[profil:x\].*expected one of"):
        settings.load({}, tmp_path)


def test_the_main_job_takes_a_profile(run_luigi, small, data, tmp_path, root):
    """``luigi ... Ingest --profile`` makes what the spelt-out options make; a wrong name exits 4."""
    names = [option.removeprefix("--").replace("-", "_") for option in small[::2]]
    lines = [f"{name} = {value}" for name, value in zip(names, small[1::2], strict=True)]
    (tmp_path / "luigi.cfg").write_text("[profile:small]\n" + "\n".join(lines) + "\n", encoding="utf-8")
    env = {"LUIGI_CONFIG_PATH": str(tmp_path / "luigi.cfg")}
    made = run_luigi("--profile", "small", data=data, env=env, task="Ingest")
    assert made.code == 0, made.err
    (made_here,) = (data / "checkpoints" / "ingest").iterdir()
    assert made_here.name.startswith("prices-")
    # the same by its options: there is nothing left to do
    spelt = run_luigi(*small[:6], data=data, task="Ingest")
    assert "nothing to do" in spelt.err
    assert run_luigi("--profile", "smal", data=data, env=env, task="Ingest").code == 4


def test_the_terminal_shows_profiles(run_afterclose, data, tmp_path):
    """A row per difference; as JSON by name."""
    (tmp_path / "luigi.cfg").write_text(CONFIG, encoding="utf-8")
    shown = run_afterclose("profiles", "--settings", data=data, cwd=tmp_path)
    assert shown.code == 0
    assert ["us-megacaps", "seed", "11", "9"] in [line.split() for line in shown.out.splitlines()]
    told = json.loads(run_afterclose("profiles", "--settings", "--json", data=data, cwd=tmp_path).out)
    assert told["us-megacaps"][2] == {"name": "seed", "default": "9", "value": "11"}


def test_thousands_of_profiles_are_read_in_a_moment(tmp_path):
    """Each by its own lines, and a fault has the line of the file: 500 took nine seconds of every command."""
    one = "[profile:p{0}]\nsource = yahoo\ntickers = A{0}\nmode = {1}\n\n"
    modes = ["nosuch" if number == 1_990 else "score" for number in range(2_000)]
    text = "".join(one.format(number, mode) for number, mode in enumerate(modes))
    (tmp_path / "luigi.cfg").write_text(f"{text}[profile:p7]\nstart = 2015-01-02\n")
    before = time.process_time()
    configured = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
    assert time.process_time() - before < 15
    assert len(configured.profiles) == 1_998
    assert configured.profiles["p1999"]["tickers"] == "A1999"
    assert set(configured.profile_faults) == {"p7", "p1990"}
    assert f"line {1_990 * 5 + 4}: [profile:p1990] mode is 'nosuch'" in str(
        configured.profile_faults["p1990"]
    )
    assert "line 10001: [profile:p7] already exists" in str(configured.profile_faults["p7"])


HUGE = {
    "a section": "[" + "x" * 500_000 + "]\n",
    "a key": "[user]\n" + "x" * 500_000 + " = 1\n",
    "a key of Luigi's": "[worker]\n" + "x" * 500_000 + " = 1\n",
    "a choice": "[user]\nrole = " + "x" * 500_000 + "\n",
    "a number": "[files]\nupload_mb = " + "9" * 500_000 + "\n",
    "no section": "x" * 500_000 + "\n",
    "a section twice": ("[profile:" + "x" * 400_000 + "]\n") * 2,
    "a file": "# nothing\n" * 200_000,
}


@pytest.mark.parametrize("what", HUGE)
def test_what_is_huge_is_refused_in_a_short_message(what, tmp_path):
    """At once, whatever it is."""
    (tmp_path / "luigi.cfg").write_text(HUGE[what])
    before = time.process_time()
    try:
        configured = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
        (fault,) = configured.profile_faults.values()
    except SettingsError as error:
        fault = error
    assert time.process_time() - before < 10
    assert len(str(fault)) < 2_000
    assert fault.exit_code == 4
