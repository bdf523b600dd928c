"""Prometheus metrics of a data root, read from the journal whenever they are asked for.

Off by default. The scheduler serves them on this machine when ``[observe] metrics_port`` is set;
``afterclose metrics`` prints them once, for a textfile collector. Needs the extra ``[observe]``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from core.errors import SettingsError
from core.journal.schedules import Schedules
from core.platform.storage import nearest_folder
from core.registry.choosing import profiles_here
from core.registry.origins import runs_of
from core.request.settings import Settings
from core.schedule.freshness import FRESH, freshness

ADDRESS = "127.0.0.1"


def registry(load: Callable[[], Settings], clock: Callable[[], datetime]) -> Any:
    """Return a registry whose one collector looks at the journal at each scrape.

    Raises
    ------
    SettingsError
        If the extra is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry
    except ImportError as error:
        raise SettingsError(
            "metrics need prometheus-client", expected="the extra [observe] installed"
        ) from error
    collectors = CollectorRegistry(auto_describe=False)
    collectors.register(_Collector(load, clock))
    return collectors


def serve(load: Callable[[], Settings], clock: Callable[[], datetime], port: int) -> Any:
    """Serve the metrics on this machine only, from a thread, and return the server."""
    collectors = registry(load, clock)
    from prometheus_client import start_http_server

    with SettingsError.of_disk(f"[observe] metrics_port {port} cannot be used", expected="a free port"):
        server, _ = start_http_server(port, addr=ADDRESS, registry=collectors)
    return server


class _Collector:
    def __init__(self, load: Callable[[], Settings], clock: Callable[[], datetime]) -> None:
        self._load, self._clock = load, clock

    def collect(self) -> Iterator[Any]:
        """Yield the metrics as they are now."""
        from prometheus_client.core import GaugeMetricFamily as Gauge

        settings, now = self._load(), self._clock()
        free = shutil.disk_usage(nearest_folder(settings.data)).free
        yield Gauge("afterclose_free_bytes", "Room on the disk of the data root.", free)
        journal = Schedules.find(settings.data, settings.journal)
        if journal is None:
            return
        for name, text, counted in _counted(journal):
            family = Gauge(name, text, labels=["state"])
            for state, count in sorted(counted.items()):
                family.add_metric([state], count)
            yield family
        yield from (Gauge(name, text, value) for name, text, value in _values(journal))
        for name, text, by_profile in _by_profile(settings, now):
            family = Gauge(name, text, labels=["profile"])
            for profile, value in sorted(by_profile.items()):
                family.add_metric([profile], value)
            yield family


def _counted(journal: Schedules) -> Iterator[tuple[str, str, dict[str, int]]]:
    for table, name, text in (
        ("run", "afterclose_runs", "Runs by state."),
        ("schedule", "afterclose_schedules", "Schedules by state."),
        ("occurrence", "afterclose_occurrences", "Times that schedules were due, by what became of them."),
    ):
        yield name, text, journal.count_states(table)


def _values(journal: Schedules) -> Iterator[tuple[str, str, float]]:
    beat = journal.last_beat()
    if beat is not None:
        at = datetime.fromisoformat(beat.at).timestamp()
        yield "afterclose_scheduler_beat_timestamp_seconds", "When a scheduler last looked at the clock.", at


def _by_profile(settings: Settings, now: datetime) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield the gauges of each profile: one profile that works does not hide another that fails."""
    ended, took = dict[str, float](), dict[str, float]()
    behind, absent = dict[str, float](), dict[str, float]()
    for profile in profiles_here(settings):
        success = next(
            (run for run in runs_of(settings, profile) if run.state == "succeeded" and run.ended_at), None
        )
        if success is not None and success.ended_at:
            ended[profile] = datetime.fromisoformat(success.ended_at).timestamp()
            took[profile] = success.took_s(now) or 0.0
    for row in freshness(settings, now):
        absent[row.profile] = max(absent.get(row.profile, 0.0), float(row.state != FRESH))
        if row.behind is not None:
            behind[row.profile] = max(behind.get(row.profile, 0.0), float(row.behind))
    yield "afterclose_last_success_timestamp_seconds", "End of a profile's newest successful run.", ended
    yield "afterclose_last_success_seconds", "How long it took.", took
    yield (
        "afterclose_report_missing",
        "1 if a profile has no verified report of the session that is due.",
        absent,
    )
    yield "afterclose_sessions_behind", "Sessions that a profile's newest report lacks.", behind
