"""The pins are asked for known vulnerabilities by pip-audit, of a service on loopback; without one that is said."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEAK = {
    "id": "GHSA-0000-0000-0000", "aliases": ["CVE-2026-1"], "summary": "Weak.",
    "affected": [{"package": {"name": "weak", "ecosystem": "PyPI"},
                  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]}],
}  # fmt: skip


@pytest.fixture
def audit(monkeypatch):
    """The tool as a module, with two pins."""
    loader = SourceFileLoader("audit", str(ROOT / "tools" / "audit"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = module_from_spec(spec_from_loader("audit", loader))
    loader.exec_module(module)
    monkeypatch.setattr(module, "pins", lambda: ["sound==2.0", "weak==1.0"])
    for limit in ("FIRST_S", "ALL_S"):  # a busy machine takes more than ten seconds to start the auditor
        monkeypatch.setattr(module, limit, 300)
    monkeypatch.setattr(sys, "argv", ["audit", str(Path(sys.executable).parent)])
    return module


@pytest.fixture
def service(monkeypatch):
    """A service that knows one weak package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps({"vulns": [WEAK]} if asked["package"]["name"] == "weak" else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AFTERCLOSE_AUDIT_URL", f"http://127.0.0.1:{server.server_port}/")
    yield
    server.shutdown()
    server.server_close()


def test_a_known_vulnerability_fails_the_check_until_it_is_ignored_with_a_reason(audit, service, capsys):
    """Named with package, identifier and the version that mends it; by its other name as well."""
    assert audit.main() == 1
    assert "weak 1.0: CVE-2026-1, mended in 1.1" in capsys.readouterr().out
    audit.IGNORED["GHSA-0000-0000-0000"] = "not reached"
    assert audit.main() == 0
    assert "2 pins, 0 known vulnerabilities, 1 ignored" in capsys.readouterr().out


def test_where_no_service_answers_it_is_said_and_nothing_fails(audit, monkeypatch, capsys):
    """A port on which nobody listens."""
    monkeypatch.setenv("AFTERCLOSE_AUDIT_URL", "http://127.0.0.1:9/")
    assert audit.main() == 0
    assert capsys.readouterr().out == "audit: not done: no service of known vulnerabilities answered\n"


def test_every_pin_of_the_lock_is_asked():
    """Of both files."""
    loader = SourceFileLoader("audit", str(ROOT / "tools" / "audit"))
    module = module_from_spec(spec_from_loader("audit", loader))
    loader.exec_module(module)
    pins = module.pins()
    assert "streamlit" in {pin.partition("==")[0] for pin in pins}
    assert len(pins) > 200
