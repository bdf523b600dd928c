"""What the tests of the Yahoo source share: the stand-in, a reading, a run of the ingest stage."""

from __future__ import annotations

import importlib.util
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import SourceError
from core.parameters import settings_from
from core.platform.progress import silent
from core.request import settings
from core.runs.execution import Runner
from core.runs.log import RunLog
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from core.sources import source_named
from core.sources.context import Context
from core.sources.ingest_settings import IngestSettings


@pytest.fixture(scope="session")
def loopback():
    """The module beside this file."""
    spec = importlib.util.spec_from_file_location("loopback", Path(__file__).with_name("loopback.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["loopback"] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stand_in(loopback, tmp_path_factory):
    """One server for a module's tests; while it is there, this process meets it and never Yahoo."""
    server = loopback.Yahoo(tmp_path_factory.mktemp("yahoo"))
    before = {name: os.environ.get(name) for name in server.environment}
    os.environ.update(server.environment)
    yield server
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    server.close()


@pytest.fixture
def yahoo(stand_in):
    """The stand-in, empty; afterwards every host that was asked must have been one of Yahoo's."""
    from yfinance import cache

    from core.sources.yahoo_session import shared_session

    # yfinance holds on to the first cache folder of its process; each test has its own
    cache._TzCacheManager._tz_cache = cache._CookieCacheManager._Cookie_cache = None

    shared_session.cache_clear()
    stand_in.reset()
    yield stand_in
    assert {host for host, _, _ in stand_in.requests if not host.endswith("yahoo.com")} == set()


class Heard(list):
    """Events told by the source."""

    def __call__(self, event, *, level="info", **facts):
        """Note one."""
        self.append((event, facts))

    def of(self, event):
        """The facts of all events of a name."""
        return [facts for name, facts in self if name == event]


@pytest.fixture
def heard():
    """What the source tells."""
    return Heard()


@pytest.fixture
def read(yahoo, heard, tmp_path):
    """Read tickers through the real client: ``read("AAA,BBB", start=..., end=..., on_missing="drop")``."""

    def reading(tickers, *, progress=silent, tries=3, **given):
        parameters = {
            "start": None, "end": "2024-01-31", "on_missing": "fail", "yahoo_threads": 4, "yahoo_timeout_s": 5.0,
            "yahoo_limit_wait_s": 0.02, "yahoo_overlap_sessions": 10, **given,
        }  # fmt: skip
        context = Context(tmp_path / "data", progress, heard, tries, 0.01)
        return source_named("yahoo").read(
            settings_from(IngestSettings, parameters), tuple(tickers.split(",")), context
        )

    return reading


@pytest.fixture
def refused(read):
    """The one message with which a reading ends."""

    def refusing(tickers, **given):
        with pytest.raises(SourceError) as caught:
            read(tickers, **given)
        assert type(caught.value) is SourceError  # not transient: the stage does not try all tickers again
        return str(caught.value)

    return refusing


class Watcher:
    """Nobody in particular."""

    def stage(self, stage, state, facts):
        """Ignore."""

    def progress(self, stage):
        """Ignore."""
        return silent


@pytest.fixture
def ingest(yahoo, tmp_path):
    """Plan and run the ingest stage as a run does at a given time (UTC); returns (plan, table, log lines)."""
    import json

    from core.tables.codec import decode

    configured = settings.Settings(
        tmp_path / "data", "", {**settings.load({}, tmp_path).defaults, "retry_wait_s": 0.01}, None
    )
    count = iter(range(1000))

    def run(now, *, fresh=False, **request):
        at = datetime.fromisoformat(now).replace(tzinfo=UTC)
        given = {"source": "yahoo", "tickers": "AAA", "yahoo_limit_wait_s": "0.02", **request}
        values = resolve(given, settings=configured, now=at, upto="ingest", fresh=fresh)
        plan = stage_plans(values, "ingest")
        runner = Runner(configured.data, RunLog(configured.data, f"run{next(count)}"), at, Watcher(), 3, 0.01)
        runner.run(plan)
        (name,) = runner.store.meta(plan.slot).artifacts
        table = decode(runner.store.read(plan.slot, name), name)
        lines = [json.loads(line) for line in runner.log.path.read_text().splitlines()]
        return plan, table, lines

    run.settings = configured
    return run
