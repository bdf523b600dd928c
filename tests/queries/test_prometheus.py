"""Metrics and lineage events, to real receivers on this machine; nothing of them by default."""

from __future__ import annotations

import dataclasses
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core.journal import Journal
from core.platform.isolated import Bounds
from core.queries.operations.prometheus import serve
from core.request import settings
from core.runs import openlineage
from core.schedule.scheduler import utc_clock
from tests.hostile import drips, hostile, leads_to
from tests.late import needs

needs("prometheus_client", "the extra [observe] is not installed")


@pytest.fixture
def receiver():
    """A server that keeps what was posted to it: (address, bodies)."""
    bodies = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def with_url(tmp_path, url):
    """The environment of a run whose configuration names a receiver."""
    (tmp_path / "luigi.cfg").write_text(f"[observe]\nopenlineage_url = {url}\n", encoding="utf-8")
    return {"LUIGI_CONFIG_PATH": str(tmp_path / "luigi.cfg")}


def test_a_run_tells_its_start_and_its_end(receiver, run_luigi, small, data, tmp_path):
    """START and COMPLETE of one run id; the end names what was written."""
    url, bodies = receiver
    made = run_luigi(*small[:6], data=data, task="Ingest", env=with_url(tmp_path, url))
    assert made.code == 0, made.err
    assert [body["eventType"] for body in bodies] == ["START", "COMPLETE"]
    assert len({body["run"]["runId"] for body in bodies}) == 1
    (folder,) = (data / "checkpoints" / "ingest").iterdir()
    assert [out["name"] for out in bodies[1]["outputs"]] == [f"ingest/{folder.name}"]


def test_the_end_says_schema_quality_and_version(receiver, run_luigi, small, data, tmp_path):
    """Columns of each table, the fingerprint of each checkpoint, rows and findings of what was read."""
    url, bodies = receiver
    made = run_luigi(*small[:6], data=data, task="Clean", env=with_url(tmp_path, url))
    assert made.code == 0, made.err
    (source,), outputs = bodies[1]["inputs"], {out["name"].split("/")[0]: out for out in bodies[1]["outputs"]}
    findings = json.loads(next((data / "checkpoints" / "validate").glob("*/findings.json")).read_text())
    assert source["facets"]["version"]["datasetVersion"] == findings["source"]["sha256"]
    assert source["inputFacets"]["dataQualityMetrics"]["rowCount"] == 600
    rules = {
        row["assertion"]: row["success"]
        for row in source["inputFacets"]["dataQualityAssertions"]["assertions"]
    }
    assert rules == {finding["rule"]: True for finding in findings["findings"]}
    assert "no_adjusted_close" in rules
    columns = [field["name"] for field in outputs["clean"]["facets"]["schema"]["fields"]]
    assert columns[:8] == ["date", "ticker", "open", "high", "low", "close", "adj_close", "volume"]
    (meta,) = (data / "checkpoints" / "clean").glob("*/meta.json")
    assert (
        outputs["clean"]["facets"]["version"]["datasetVersion"] == json.loads(meta.read_text())["fingerprint"]
    )
    assert outputs["clean"]["outputFacets"]["outputStatistics"]["rowCount"] == 600


def test_a_receiver_that_is_not_there_is_one_line_in_the_log(run_luigi, small, data, tmp_path):
    """The run succeeds."""
    made = run_luigi(*small[:6], data=data, task="Ingest", env=with_url(tmp_path, "http://127.0.0.1:1"))
    assert made.code == 0, made.err
    (log,) = (data / "runs").glob("*/log.jsonl")
    events = [json.loads(line)["event"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert events.count("lineage_trouble") == 2


def test_a_receiver_that_never_comes_to_an_end_keeps_no_run_waiting(tmp_path, monkeypatch):
    """Each piece of its answer comes in time."""
    monkeypatch.setattr(openlineage, "BOUNDS", Bounds(memory_mb=256, time_s=15))
    with hostile(drips("text/plain")) as port:
        environ = with_url(tmp_path, f"http://127.0.0.1:{port}")
        change = openlineage.RunChange("r1", "report", {}, "running", {})
        trouble = openlineage.emit(settings.load(environ, tmp_path), change)
    assert trouble == "the OpenLineage event was not sent to 127.0.0.1: TookTooMuch"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_receiver_that_leads_elsewhere_has_not_taken_the_event(receiver, tmp_path, status):
    """It would lead a run to servers that it reaches and others do not."""
    url, bodies = receiver
    with hostile(leads_to(f"{url}/api/v1/lineage", status)) as port:
        environ = with_url(tmp_path, f"http://127.0.0.1:{port}")
        change = openlineage.RunChange("r1", "report", {}, "running", {})
        trouble = openlineage.emit(settings.load(environ, tmp_path), change)
    assert trouble == "the OpenLineage event was not sent to 127.0.0.1: TooManyRedirects"
    assert bodies == []


def test_a_file_of_the_library_in_the_folder_adds_nothing_to_an_event(receiver, tmp_path, monkeypatch):
    """It can ask for variables of the environment, which hold passwords."""
    url, bodies = receiver
    (tmp_path / "openlineage.yml").write_text(
        "facets:\n  environment_variables: [A_PASSWORD]\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A_PASSWORD", "s3cret")
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    change = openlineage.RunChange("r1", "report", {}, "running", {})
    assert openlineage.emit(settings.load(with_url(tmp_path, url), tmp_path), change) is None
    assert [body["eventType"] for body in bodies] == ["START"]
    assert "s3cret" not in json.dumps(bodies)


def test_the_metrics_are_those_of_the_journal(tmp_path):
    """Served on this machine, looked up at each scrape."""
    configured = dataclasses.replace(settings.load({}, tmp_path), data=tmp_path / "data")
    server = serve(lambda: configured, utc_clock, 0)
    url = f"http://127.0.0.1:{server.server_port}/metrics"

    def scraped():
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    assert list(scraped()) == ["afterclose_free_bytes"]
    journal = Journal(configured.data)
    for number, state in enumerate(("succeeded", "failed", "failed")):
        journal.add_run(f"r{number}", who="x", how="desk", request={}, target="report", state="running")
        journal.end(f"r{number}", state, 0, None)
    told = scraped()
    assert told['afterclose_runs{state="failed"}'] == "2.0"
    assert told['afterclose_runs{state="succeeded"}'] == "1.0"
    assert told['afterclose_report_missing{profile="sample"}'] == "1.0"
    server.shutdown()
    server.server_close()


def test_the_terminal_prints_them(run_afterclose, data):
    """In Prometheus' text form."""
    told = run_afterclose("metrics", data=data)
    assert told.code == 0, told.err
    assert "# TYPE afterclose_free_bytes gauge" in told.out
