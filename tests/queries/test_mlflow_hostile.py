"""Tracking servers that lie: files stay out of folders of this machine, and what is not understood is one sentence."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.errors import SourceError
from core.journal import Journal
from core.queries.reports import mlflow_run
from core.request import settings
from tests.late import needs

needs("mlflow", "the extra mlflow is not installed")


class Tracking:
    """A server that says where artifacts go, or answers something else."""

    def __init__(self) -> None:
        self.artifacts, self.answers = "", None
        self.leads_to, self.asked = "", 0
        tracking = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                tracking.asked += 1
                if tracking.leads_to:
                    self.send_response(307)
                    self.send_header("Location", f"{tracking.leads_to}{self.path}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                data = tracking.answers if tracking.answers is not None else tracking.body(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the library's names

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def body(self, path: str) -> bytes:
        """What a server of MLflow would say."""
        about = {
            "run_id": "r" * 32, "run_uuid": "r" * 32, "experiment_id": "1", "status": "RUNNING",
            "artifact_uri": self.artifacts, "lifecycle_stage": "active", "start_time": 1,
        }  # fmt: skip
        experiment = {
            "experiment_id": "1",
            "name": "x",
            "artifact_location": self.artifacts,
            "lifecycle_stage": "active",
        }
        answer = (
            {"experiment": experiment} if "experiments/get" in path else {"run": {"info": about, "data": {}}}
        )
        if "runs/search" in path:
            answer = {"runs": []}
        if "runs/update" in path:
            answer = {"run_info": about}
        return json.dumps(answer).encode()


@pytest.fixture
def tracking():
    """One that answers."""
    made = Tracking()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def send(finished, tracking):
    """Hand the finished run over."""
    configured = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished)
    (run,) = Journal(finished).runs()
    yield lambda: mlflow_run.export(configured, run, tracking.url)
    import mlflow

    while mlflow.active_run():
        mlflow.end_run()


@pytest.mark.parametrize("scheme", ["file://", ""])
def test_a_server_does_not_say_into_which_folder_of_this_machine_files_go(tmp_path, tracking, send, scheme):
    """Where artifacts go is its answer: it would write over what this account may write."""
    folder = tmp_path / "of_somebody"
    tracking.artifacts = f"{scheme}{folder}"
    with pytest.raises(SourceError, match="a folder of this machine"):
        send()
    assert not folder.exists()


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"<html>", b'{"experiment": 3}'], ids=repr)
def test_an_answer_that_is_none_of_mlflow_is_one_sentence(tracking, send, answer):
    """A log-in page, or another program on that port."""
    tracking.answers = answer
    with pytest.raises(SourceError) as caught:
        send()
    assert "\n" not in str(caught.value)


def test_a_server_does_not_say_which_other_one_is_asked(tracking, send):
    """It would have this machine ask what it does not reach itself, this machine's own services among them."""
    inner = Tracking()
    tracking.leads_to = inner.url
    try:
        with pytest.raises(SourceError, match="did not take the run"):
            send()
    finally:
        inner.server.shutdown()
        inner.server.server_close()
    assert tracking.asked
    assert not inner.asked


@pytest.mark.parametrize("name", ["ann:s3cret@", "ann:s3#cret@", "s3cret?x@"])
def test_a_password_in_the_address_of_a_server_that_does_not_answer_is_not_told(finished, name, monkeypatch):
    """MLflow quotes the address as it was given."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    configured = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished)
    (run,) = Journal(finished).runs()
    with pytest.raises(SourceError) as caught:
        mlflow_run.export(configured, run, f"http://{name}127.0.0.1:1")
    assert "s3" not in str(caught.value)
    assert "cret" not in str(caught.value)


@pytest.fixture
def dripping():
    """A server that sends a byte every tenth of a second, and never the last one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(10**9))
            self.end_headers()
            while not over.wait(0.1):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return

        do_POST = do_GET  # noqa: N815 - the library's names

        def log_message(self, *_):
            pass

    over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    over.set()
    server.shutdown()
    server.server_close()


def test_a_server_that_never_comes_to_an_end_is_given_up(finished, dripping, monkeypatch):
    """Each byte is an answer to MLflow's client, whose own limit is of one byte's time."""
    monkeypatch.setattr(mlflow_run, "LIMIT_S", 6.0, raising=False)
    configured = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished)
    (run,) = Journal(finished).runs()
    with pytest.raises(SourceError, match="did not come to an end"):
        mlflow_run.export(configured, run, dripping)
