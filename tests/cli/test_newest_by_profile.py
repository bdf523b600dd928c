"""Whatever is called the newest is that of one profile: runs, what Python loads, metrics; also after a restore."""

from __future__ import annotations

import pytest

from core.errors import ParameterError
from tests.cli.conftest import FIRST

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("words", [("show", "latest"), ("logs", "--json"), ("export",), ("cancel", "latest")])
def test_the_newest_run_is_that_of_one_profile(words, universes, run_afterclose, tmp_path):
    """Without a name none is guessed; with one it is the newest of that profile, whoever ran since."""
    unnamed = run_afterclose(*words, data=universes.data, cwd=tmp_path)
    assert unnamed.code == 4
    assert FIRST in unnamed.err
    assert universes.second in unnamed.err
    assert not list(tmp_path.iterdir())
    if words[0] != "cancel":  # which would have nothing to stop
        named = run_afterclose(*words, "--profile", FIRST, data=universes.data, cwd=tmp_path)
        assert named.code == 0, named.err
        exported = [path.name for path in tmp_path.iterdir()]
        assert universes.runs[FIRST][-1] in "".join([named.out, *exported])
        assert universes.runs[universes.second][-1] not in "".join([named.out, *exported])


def test_what_python_loads_is_of_one_profile(universes):
    """The folder of the last run's links is another profile's."""
    from afterclose import load

    with pytest.raises(ParameterError, match="there are 2 profiles here"):
        load("predictions", data=universes.data)
    for profile, tickers in ((FIRST, {"AAA", "BBB"}), (universes.second, {"CCC", "DDD", "EEE"})):
        assert set(load("predictions", data=universes.data, profile=profile)["ticker"]) == tickers


def test_metrics_tell_each_profile_by_itself(universes, run_afterclose):
    """A success of one is none of the other."""
    told = run_afterclose("metrics", data=universes.data).out.splitlines()
    for name in (
        "last_success_timestamp_seconds",
        "last_success_seconds",
        "report_missing",
        "sessions_behind",
    ):
        rows = [line for line in told if line.startswith(f"afterclose_{name}{{")]
        assert {row.split('"')[1] for row in rows} == {FIRST, universes.second}, name
