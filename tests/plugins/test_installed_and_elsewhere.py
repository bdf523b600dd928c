"""Own code that is installed as a package, and own code on workers of a Dask cluster."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from core.errors import DataError
from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of, outcome_of
from core.fingerprint import sha256_file
from core.label import Label
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables import limits
from core.tables.engine import Engine
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of
from tests.commands import ROOT, command

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "desk-features"
version = "1.0"

[project.entry-points."afterclose.plugins"]
desk = "desk_features.bars"

[tool.setuptools]
packages = ["desk_features"]
"""
BARS = """
from core.plugins import feature
from desk_features.windows import WINDOW

@feature(warm_up=WINDOW - 1, text="mean of the last bar ranges, as a share of the close")
def desk_range(panel):
    return panel.mean((panel.high - panel.low) / panel.close, WINDOW)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the wheel of a small package was installed, as pip does; a path away from the program."""
    home = tmp_path_factory.mktemp("desk_features")
    source = home / "source"
    (source / "desk_features").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "desk_features" / "__init__.py").write_text("")
    (source / "desk_features" / "bars.py").write_text(BARS)
    (source / "desk_features" / "windows.py").write_text("WINDOW = 20\n")
    uv = Path(sys.executable).with_name("uv")
    build = [
        uv,
        "build",
        "--wheel",
        "--quiet",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "-o",
        home,
        source,
    ]
    subprocess.run(build, check=True, env={**os.environ, "PYTHONPATH": sysconfig.get_paths()["purelib"]})
    (wheel,) = home.glob("*.whl")
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--offline", "--target", home / "site", wheel],
        check=True,
    )
    return home / "site"


def test_an_installed_module_is_named_by_its_entry_point(installed, tmp_path):
    """Listed with its features, run by its name alone, and its digest changes with any file of the package."""
    (tmp_path / "luigi.cfg").write_text("[plugins]\nmodules = desk\n")
    there = {"PYTHONPATH": str(installed)}
    words = {"cwd": tmp_path, "data": tmp_path / "data", "env": there}
    listed = command("afterclose", "plugins", "--json", **words)
    assert listed.code == 0, listed.err
    (entry,) = json.loads(listed.out)
    assert (entry["module"], entry["path"]) == ("desk_features.bars", "desk")
    small = ("--tickers", "AAPL,IBM", "--start", "2010-01-04", "--end", "2012-12-31")
    done = command("afterclose", "run", *small, **words)
    assert done.code == 0, done.err
    features = json.loads((tmp_path / "data" / "latest" / "features.json").read_text())
    assert features["columns"][-1] == "desk_range"
    (own,) = features["own"]
    assert (own["module"], own["sha256"]) == ("desk_features/bars.py", entry["digest"])
    assert sorted(features["modules"][entry["digest"]]) == [
        "desk_features/__init__.py", "desk_features/bars.py", "desk_features/windows.py",
    ]  # fmt: skip
    (installed / "desk_features" / "windows.py").write_text("WINDOW = 10\n")
    (changed,) = json.loads(command("afterclose", "plugins", "--json", **words).out)
    assert changed["digest"] != entry["digest"]
    assert (changed["features"][0]["warm_up"], changed["audit"]) == (9, "not yet")


def test_a_name_that_nothing_has_is_refused_with_those_that_are_there(installed, tmp_path):
    """Exit code 4; without the package there is none."""
    there = command(
        "afterclose",
        "run",
        "--plugins",
        "desks",
        cwd=tmp_path,
        data=tmp_path / "d",
        env={"PYTHONPATH": str(installed)},
    )
    assert there.code == 4
    assert "there is no module 'desks'" in there.err
    assert "(desk)" in there.err
    without = command("afterclose", "run", "--plugins", "desk", cwd=tmp_path, data=tmp_path / "d")
    assert (without.code, "none is installed" in without.err) == (4, True)


MODULE = (
    (ROOT / "examples" / "ranges.py").read_text()
    + """

from core.plugins import label

@feature(warm_up=1, text="rank of the return in the session", across=True)
def return_rank(panel):
    return panel.rank(panel.adj_close / panel.lag(panel.adj_close, 1) - 1)

@label(text="the return is above the mean", event="above the mean", across=True)
def above(panel):
    gained = panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close - 1
    return gained > panel.mean_across(gained)
"""
)


@pytest.fixture
def in_parts(prices, tmp_path, monkeypatch):
    """Prices with one ticker a part, and a function that returns the digest of the features that an engine makes."""
    monkeypatch.setattr(limits, "PARQUET_ABOVE_ROWS", 100)
    with Scratch(tmp_path) as scratch:
        with TableWriter(scratch, "prices_clean") as writer:
            for _, rows in prices(tickers=("AA", "BB", "CC", "DD")).frame.groupby("ticker"):
                writer.add(arrow_of(rows.reset_index(drop=True)))
            stored = writer.stored({})

        def made(engine, text=MODULE, limit_s=20.0):
            (tmp_path / "mine.py").write_text(text)
            plugins = Plugins(modules_named("mine.py", tmp_path, limit_s))
            outcome, label = outcome_of(plugins, Label(5, "above"))
            workplace = Workplace(scratch, engine)
            table = engineer(
                stored,
                label,
                outcome=outcome,
                feature_set=feature_set_of(plugins),
                workplace=workplace,
                audited=True,
            )
            return sha256_file(table.stored)

        yield made


@pytest.mark.slow
def test_workers_of_a_dask_cluster_run_and_audit_own_code(in_parts):
    """Two workers of a real cluster: the bytes are those of this process; a leak and a slow call are named as here."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    alone = in_parts(Engine())
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        there = Engine("dask", scheduler=cluster.scheduler_address)
        assert in_parts(there) == alone
        leak = MODULE.replace(
            "def range20(panel):", "def range20(panel):\n    return panel.close / panel.close[-1]\n"
        )
        with pytest.raises(DataError, match=r"^feature range20 of (AA|BB|CC|DD) on 20"):
            in_parts(there, leak)
        slow = MODULE.replace("def range20(panel):", "def range20(panel):\n    while True: pass\n")
        with pytest.raises(
            DataError, match=r"feature range20 fails: mine\.py, line \d+: takes longer than 0\.5 s"
        ):
            in_parts(there, slow, 0.5)
