"""``afterclose dashboard``: loopback only, one clear message when it cannot start, safe from any folder."""

from __future__ import annotations

import dataclasses
import http.client
import os
import socket
import struct
import tomllib
from pathlib import Path

import psutil
import pytest

from core.cli import daemon, dashboard
from core.cli.dashboard import (
    SAFE,
    address_of,
    app_path,
    command_line,
    loopback,
    refuse_readable_login,
    url_of,
)
from core.errors import CommandError
from core.request.settings import load
from tests.commands import free_port


def test_a_taken_port_is_named_with_the_option_that_changes_it(run_afterclose, data):
    """One line: which port, and what to type."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = run_afterclose("dashboard", "--port", str(port), data=data)
    assert outcome.code == 2
    assert len(outcome.messages) == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in outcome.err
    assert "--port" in outcome.err


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "example.com", ""])
def test_an_address_that_others_reach_is_refused(run_afterclose, data, address):
    """Without a log-in there is no way to open the desk to others."""
    outcome = run_afterclose("dashboard", "--address", address, data=data)
    assert outcome.code == 2
    assert len(outcome.messages) == 1
    assert "nobody has to log in" in outcome.err


@pytest.mark.parametrize(
    ("given", "used"), [("localhost", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")]
)
def test_every_spelling_of_loopback_is_taken(given, used):
    """``localhost`` is not left to a resolver."""
    assert loopback(given) == used


def test_other_addresses_do_not_pass_as_loopback():
    """A name that resolves to loopback today may resolve to anything tomorrow."""
    with pytest.raises(CommandError):
        loopback("localhost.example.com")


def test_the_url_of_an_ipv6_address_has_brackets():
    """What is printed can be opened."""
    assert url_of("127.0.0.1", 8501) == "http://127.0.0.1:8501"
    assert url_of("::1", 8501) == "http://[::1]:8501"


def test_a_mistake_in_the_settings_is_said_before_anything_starts(run_afterclose, data, tmp_path):
    """The desk does not open on settings that no run would take."""
    (tmp_path / "luigi.cfg").write_text("[user]\nnmae = A\n", encoding="utf-8")
    outcome = run_afterclose("dashboard", data=data, cwd=tmp_path)
    assert outcome.code == 4
    assert outcome.messages[0].endswith("Did you mean name?")


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_file_of_tokens_that_cannot_be_used_is_said_before_anything_starts(
    run_afterclose, data, tmp_path, mode
):
    """It is not there, or others may read it: one message, no address that nobody serves, no scheduler beside it."""
    (tmp_path / "luigi.cfg").write_text("[api]\ntokens = tokens.toml\n", encoding="utf-8")
    if mode is not None:
        (tmp_path / "tokens.toml").touch(mode)
    outcome = run_afterclose("dashboard", data=data, cwd=tmp_path)
    assert outcome.code == (20 if mode is None else 4)
    assert (outcome.out, len(outcome.messages)) == ("", 1)
    assert "tokens.toml" in outcome.err


def test_the_file_of_settings_agrees_with_the_command_line(root):
    """Who starts Streamlit by hand gets the same safety, and the root's link leads to the same file."""
    path = app_path().parent / ".streamlit" / "config.toml"
    assert (root / ".streamlit" / "config.toml").resolve() == path.resolve()
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, value in SAFE.items():
        if name == "logger.level":
            continue
        section, key = name.split(".")
        assert str(written[section][key]).lower() == value.lower(), name
    assert written["server"]["address"] == "127.0.0.1"
    assert written["server"]["port"] == 8501


def test_every_safe_setting_is_one_that_streamlit_knows():
    """A setting that was renamed would be safe no more; the desk would not start."""
    from streamlit import config

    known = config.get_config_options()
    assert set(SAFE) <= set(known)
    assert {word.split("=")[0].removeprefix("--") for word in command_line("127.0.0.1", 1)[6:]} <= set(known)


@pytest.mark.slow
def test_it_serves_from_any_folder_on_loopback_only(start_desk, data, tmp_path):
    """Started elsewhere it prints its address, answers there, and refuses a page of another site."""
    desk = start_desk(data, cwd=tmp_path)
    host = desk.url.removeprefix("http://")
    assert f"the desk is at {desk.url} (data in {data})" in desk.printed.read_text(encoding="utf-8")
    assert _handshake(host, host) == 101
    assert _handshake(host, "evil.example") == 403
    port = int(host.rpartition(":")[2])
    assert _listeners(port) == {"127.0.0.1"}
    desk.stop()
    assert "Traceback" not in desk.printed.read_text(encoding="utf-8")


@pytest.mark.slow
def test_no_variable_and_no_file_of_the_folder_loosens_the_desk(start_desk, data, tmp_path):
    """Names of its own, a prefix that the door does not know, programs without a browser, another address."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(
        "[server]\nenableAgentApi = true\nbaseUrlPath = 'x'\nenableXsrfProtection = false\n"
    )
    env = {
        "STREAMLIT_SERVER_TRUSTED_USER_HEADERS": '{"X-Sub": "sub"}', "STREAMLIT_SERVER_ENABLE_AGENT_API": "true",
        "STREAMLIT_SERVER_BASE_URL_PATH": "x", "STREAMLIT_SERVER_ADDRESS": "0.0.0.0",
        "STREAMLIT_SERVER_ALLOWED_HOSTS": '["*"]', "STREAMLIT_GLOBAL_DEVELOPMENT_MODE": "true",
        "AFTERCLOSE_ORIGIN": "https://evil.example",
    }  # fmt: skip
    desk = start_desk(data, cwd=tmp_path, env=env)
    host = desk.url.removeprefix("http://")
    assert _handshake(host, "evil.example", "https://evil.example") == 403
    assert _asked(host, "/", {"Host": "evil.example"})[0] == 421
    assert _handshake(host, host) == 101
    for path, status in (("/x/_stcore/health", 404), ("/x/_stcore/metrics", 404), ("/_stcore/health", 200)):
        assert _asked(host, path, {"Host": host})[0] == status, path
    assert _asked(host, "/_stcore/agent/interact", {"Host": host})[0] in (403, 404, 405)
    assert _listeners(int(host.rpartition(":")[2])) == {"127.0.0.1"}
    desk.stop()


def _handshake(host: str, claimed: str, origin: str | None = None) -> int:
    """The status that a page of ``origin`` gets that opens the desk's socket under the Host ``claimed``."""
    headers = {
        "Host": claimed, "Origin": origin or f"http://{claimed}", "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    return _asked(host, "/_stcore/stream", headers)[0]


def _asked(host: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to a GET with exactly these headers."""
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


PATHS = (
    "/",
    "/run",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/static/none.js",
    "/nowhere",
)

LOOKED_UP = """
import os, socket
real = socket.getaddrinfo
def noted(host, *args, **kwargs):
    if host not in (None, "", "127.0.0.1", b"127.0.0.1"):
        with open(os.environ["LOOKED_UP"], "a") as file:
            print(host, file=file)
    return real(host, *args, **kwargs)
socket.getaddrinfo = noted
"""


@pytest.mark.slow
def test_only_its_own_origin_and_names_come_through_the_door(start_desk, data, tmp_path):
    """Another port gets no socket, a foreign Host nothing, nobody frames a page; no name is looked up."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(LOOKED_UP)
    asked = tmp_path / "asked.txt"
    desk = start_desk(data, env={"PYTHONPATH": str(tmp_path / "path"), "LOOKED_UP": str(asked)})
    host = desk.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    assert _handshake(host, host) == 101
    assert _handshake(host, f"localhost:{port}") == 101
    for origin in (
        f"http://127.0.0.1:{port + 1}", f"http://localhost:{port}", f"https://{host}", "http://evil.example", "null",
        f"http://{host}.evil.example", "http://127.0.0.1", f"http://{host}/",
    ):  # fmt: skip
        assert _handshake(host, host, origin) == 403, origin
    for path in PATHS:
        for foreign in (
            "evil.example",
            f"evil.example:{port}",
            f"127.0.0.1:{port + 1}",
            f"127.0.0.1.evil.example:{port}",
        ):
            assert 400 <= _asked(host, path, {"Host": foreign})[0] < 500, (path, foreign)
        status, headers = _asked(host, path, {"Host": host})
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["x-frame-options"] == "DENY"
        assert status < 500
    assert not asked.exists(), asked.read_text()
    desk.stop()


@pytest.mark.slow
def test_a_socket_takes_no_message_of_hundreds_of_megabytes(start_desk, data):
    """One that says it is so large is closed before its bytes come, whoever sends it; Streamlit itself would wait."""
    host, _, port = start_desk(data).url.removeprefix("http://").partition(":")
    lines = [
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]  # fmt: skip
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b" 101 " in connection.recv(4096)
        connection.sendall(b"\x82\xff" + struct.pack(">Q", 60_000_000) + bytes(4))
        answer = connection.recv(4096)
    assert answer[:1] == b"\x88", "closed"
    assert int.from_bytes(answer[2:4]) == 1009, "too large"


def _listeners(port: int) -> set[str]:
    return {
        c.laddr.ip
        for c in psutil.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN and c.laddr.port == port
    }


def test_with_a_login_the_desk_may_listen_elsewhere_and_only_by_number():
    """A name would be up to a resolver; the host that people open is let in, the address itself is not."""
    assert address_of("0.0.0.0") == "0.0.0.0"
    with pytest.raises(CommandError):
        address_of("desk.example.org")
    words = command_line("0.0.0.0", 8501, Path("/etc/login.toml"), "desk.example.org")
    assert "--secrets.files=/etc/login.toml" in words
    hosts = [word for word in words if word.startswith("--server.allowedHosts=")]
    assert [host.partition("=")[2] for host in hosts] == ["desk.example.org", "127.0.0.1", "localhost"]


def test_a_file_for_logging_in_that_cannot_be_used_stops_the_start(run_afterclose, data, tmp_path):
    """One message, before anything listens."""
    outcome = run_afterclose(
        "dashboard", "--address", "0.0.0.0", "--login", str(tmp_path / "none.toml"), data=data
    )
    assert outcome.code in (2, 4, 20)
    assert len(outcome.messages) == 1
    assert "none.toml" in outcome.err


def test_a_desk_with_a_login_refuses_to_start_where_runs_could_read_its_file(tmp_path, monkeypatch):
    """The login file under the working folder, or under [files] roots."""
    monkeypatch.chdir(tmp_path)
    configured = load({"AFTERCLOSE_DATA": str(tmp_path / "data")})
    (tmp_path / "login.toml").touch()
    with pytest.raises(CommandError, match="from which runs may read price files"):
        refuse_readable_login(tmp_path / "login.toml", configured)
    (tmp_path / "prices").mkdir()
    apart = dataclasses.replace(
        configured, defaults={**configured.defaults, "roots": str(tmp_path / "prices")}
    )
    refuse_readable_login(tmp_path / "login.toml", apart)


def test_the_scheduler_of_a_desk_with_a_login_knows_that_it_is_a_team(tmp_path, monkeypatch):
    """It starts the runs, and what they may read follows from it: as one person at a terminal they read any file."""
    login = tmp_path / "login.toml"
    monkeypatch.setattr(dashboard, "public_address", lambda _: "https://desk.example.org/oauth2callback")
    monkeypatch.setenv("AFTERCLOSE_DATA", str(tmp_path / "data"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("AFTERCLOSE_LOGIN", "AFTERCLOSE_LOGIN_FILE", "AFTERCLOSE_ORIGIN"):
        monkeypatch.setenv(name, "")
    seen = {}
    monkeypatch.setattr(daemon, "beside_this_process", lambda: seen.update(os.environ))
    monkeypatch.setattr(dashboard.os, "execv", lambda *_: None)
    dashboard.command.callback(
        port=free_port(), address="127.0.0.1", login=login, no_scheduler=False, as_json=True
    )
    assert (seen["AFTERCLOSE_LOGIN"], seen["AFTERCLOSE_LOGIN_FILE"]) == ("1", str(login))
