"""The HTTP interface on a real desk: off until a file of tokens is named, and each role its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request

from core.errors import MissingFileError, ParameterError, SettingsError
from core.request import settings as configuration
from core.review.attempts import MOST
from core.review.people import Person
from core.review.tokens import add_token, person_of, read_tokens
from dashboard.api import ENDPOINTS, _answering, _is_well, _texts, description
from tests.shared import copy_root


def ask(url, token="", body=None, host="", forwarded=""):
    """Status and JSON of one request."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= {"Host": host} if host else {}
    headers |= {"X-Forwarded-For": forwarded} if forwarded else {}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose luigi.cfg names a file of tokens."""
    made = tmp_path_factory.mktemp("api")
    (made / "luigi.cfg").write_text(f"[api]\ntokens = tokens.toml\n\n[files]\nroots = {made}\n")
    return made


@pytest.fixture(scope="module")
def tokens(folder):
    """A token of each role."""
    return {role: add_token(folder / "tokens.toml", f"a-{role}", role) for role in ("viewer", "operator")}


@pytest.fixture(scope="module")
def url(prepared, folder, tokens, start_desk, tmp_path_factory):
    """The address of a desk with the interface, on a data root of its own."""

    data = tmp_path_factory.mktemp("apidata") / "data"
    copy_root(prepared, data)
    return start_desk(data, cwd=folder).url


def test_answers_are_what_the_commands_print(url, tokens, prepared, run_afterclose):
    """Runs, one run, reports, findings, the evaluation and the predictions."""
    viewer = tokens["viewer"]
    status, runs = ask(f"{url}/api/runs", viewer)
    printed = json.loads(run_afterclose("runs", "--json", data=prepared).out)
    assert (status, len(runs)) == (200, len(printed))
    for run, own in zip(runs, printed, strict=True):
        assert {name for name in {*run, *own} if run.get(name) != own.get(name)} == set()
    run_id = runs[0]["run_id"]
    _, one = ask(f"{url}/api/runs/{run_id}", viewer)
    shown = json.loads(run_afterclose("show", run_id, "--json", data=prepared).out)
    assert one["keys"] == shown["keys"]
    for name in ("latest?profile=files:prices", run_id[:-2]):  # one rule, there and here
        assert ask(f"{url}/api/runs/{name}", viewer) == (200, one), name
    assert [e["state"] for e in one["events"]] == [e["state"] for e in shown["events"]]
    _, reports = ask(f"{url}/api/reports?profile=files:prices", viewer)
    assert [r["report"] for r in reports] == [runs[0]["keys"]["report"]]
    evaluation = json.loads((prepared / "latest" / "evaluation.json").read_bytes())
    for stage, kind in (
        ("validate", "findings"),
        ("evaluate", "evaluation"),
        ("train_or_score", "predictions"),
    ):
        path = prepared / "checkpoints" / stage / runs[0]["keys"][stage] / f"{kind}.json"
        _, answer = ask(f"{url}/api/runs/{run_id}/{kind}", viewer)
        written = json.loads(path.read_bytes())
        if kind == "predictions":  # their signals are those of the evaluation, which withholds the doubtful
            written["signals"] = evaluation["signals"]
        assert {name: answer[name] for name in written} == written


def test_health_needs_no_token_and_tells_nothing(url):
    """For whoever watches the process."""
    status, body = ask(f"{url}/healthz")
    assert (status, body["status"], set(body)) == (200, "ok", {"status", "version"})


def test_a_journal_that_is_gone_beside_what_was_signed_is_not_well(finished):
    """A data root of nothing yet is well; one whose records were moved away is not."""
    settings = configuration.load({"AFTERCLOSE_DATA": str(finished)})
    assert _is_well(lambda: settings)
    head = finished / "ledger" / "head.json"
    for path in finished.glob("journal.sqlite*"):
        path.unlink()
    assert not _is_well(lambda: settings)
    head.unlink()
    assert _is_well(lambda: settings)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_without_a_token_nothing_is_answered(url, endpoint):
    """Whatever the address; a wrong token is none."""
    address = url + endpoint.path.replace("{run}", "x").replace("{profile}", "x")
    body = {} if endpoint.method == "POST" else None
    for token in ("", "afterclose_wrong"):
        assert ask(address, token, body)[0] == 401


def test_a_token_starts_runs_only_in_an_operators_role(url, tokens, prices_file, folder):
    """A viewer may not; an operator may, under the configured roots alone; who asked is on record."""
    start = f"{url}/api/runs"
    assert ask(start, tokens["viewer"], {"source": "sample"})[0] == 403
    assert ask(start, tokens["operator"], {"source": "files", "path": "/etc/passwd"})[0] == 422
    assert ask(start, tokens["operator"], {"sourse": "files"})[0] == 422
    assert ask(start, tokens["operator"], ["x"])[0] == 422
    (folder / "mine.csv").write_bytes(prices_file.read_bytes())
    status, started = ask(start, tokens["operator"], {"source": "files", "path": str(folder / "mine.csv")})
    assert (status, started["new"]) == (200, True)
    _, run = ask(f"{url}/api/runs/{started['run_id']}", tokens["viewer"])
    assert (run["how"], run["who"]) == ("api", "token a-operator <token:a-operator>")
    assert run["profile"] == "files:mine"
    assert ask(f"{url}/api/hooks/nobody", tokens["operator"], {})[0] == 422


def test_what_cannot_be_asked_is_refused_in_words(url, tokens):
    """An unknown parameter, a limit that is none, a run that is not there, a foreign name."""
    viewer = tokens["viewer"]
    assert "unknown parameter 'x'" in ask(f"{url}/api/runs?x=1", viewer)[1]["error"]
    assert ask(f"{url}/api/runs?limit=0", viewer)[0] == 422
    assert ask(f"{url}/api/runs?limit={'9' * 5_000}", viewer)[0] == 422
    assert ask(f"{url}/api/runs/nobody", viewer)[0] == 404
    assert ask(f"{url}/api/runs?profile=nobody", viewer)[0] == 422
    assert ask(f"{url}/api/runs", viewer, host="evil.example.org")[0] == 421


def test_the_interface_is_off_without_a_file_of_tokens(prepared, start_desk, tmp_path):
    """Neither data nor health: the pages alone are there."""
    desk = start_desk(prepared, cwd=tmp_path)
    for address in ("/api/runs", "/api/openapi.json", "/healthz"):
        try:
            with urllib.request.urlopen(desk.url + address, timeout=60) as answer:
                text = answer.read().lower()
        except urllib.error.HTTPError as error:
            text = error.read().lower()
        assert not text.startswith(
            (b"{", b"[")
        )  # the desk's own page, as for any address that it does not know


def test_the_description_names_every_endpoint():
    """OpenAPI 3.1, each address with its method and its parameters."""
    body = description()
    assert {(m.upper(), p) for p, methods in body["paths"].items() for m in methods} == {
        (e.method, e.path) for e in ENDPOINTS
    }
    assert body["paths"]["/api/runs/{run}"]["get"]["parameters"][0]["in"] == "path"


def test_tokens_are_digests_for_the_owner_alone(tmp_path):
    """Their text is nowhere; others may not read the file; a role beyond an operator's is refused."""
    path = tmp_path / "tokens.toml"
    text = add_token(path, "ops", "operator")
    assert text not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    here = configuration.load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path)
    person = person_of(here, read_tokens(path), text)
    assert (person.role, person.logged_in, person.label) == ("operator", True, "token ops <token:ops>")
    assert person_of(here, read_tokens(path), text + "x") is None
    for name, role, words in (
        ("ops", "viewer", "already"),
        ("O P", "viewer", "small letters"),
        ("a", "approver", "role"),
    ):
        with pytest.raises(ParameterError, match=words):
            add_token(path, name, role)
    path.write_text(path.read_text().replace("operator", "admin"))
    with pytest.raises(SettingsError, match="another role"):
        read_tokens(path)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_tokens(path)
    with pytest.raises(MissingFileError):
        read_tokens(tmp_path / "none.toml")


def test_wrong_tokens_are_answered_with_429_after_a_while_also_by_another_desk(
    prepared, folder, tokens, start_desk, tmp_path
):
    """Whoever guesses waits, and so does everybody at that address; a request without a token counts for nothing."""
    data = tmp_path / "data"
    copy_root(prepared, data)
    first, second = (f"{start_desk(data, cwd=folder).url}/api/runs" for _ in range(2))
    for _ in range(MOST + 1):
        assert ask(first)[0] == 401
    for number in range(MOST):
        assert ask((first, second)[number % 2], f"afterclose_{number}")[0] == 401
    for address in (first, second):
        assert ask(address, "afterclose_again")[0] == 429
        assert ask(address, tokens["viewer"])[0] == 429
    assert ask(first.replace("/api/runs", "/healthz"))[0] == 200
    # behind a proxy on this machine: by the address that the proxy added last, whatever stands before it
    for number in range(MOST):
        assert ask(first, "afterclose_no", forwarded=f"192.0.2.{number}, 198.51.100.7")[0] == 401
    assert ask(first, tokens["viewer"], forwarded="192.0.2.99, 198.51.100.7")[0] == 429
    assert ask(first, tokens["viewer"], forwarded="198.51.100.7")[0] == 429
    assert ask(first, tokens["viewer"], forwarded="198.51.100.8")[0] == 200


@pytest.mark.parametrize("token", ["", "afterclose_wrong", "viewer"])
def test_whoever_may_not_ask_is_refused_before_a_body_is_read(url, tokens, token):
    """Bytes would lie in the desk's memory, from anybody and for as long as they like: none comes here."""
    host, _, port = url.removeprefix("http://").partition(":")
    lines = ["POST /api/runs HTTP/1.1", f"Host: {host}:{port}", "Content-Length: 1900000"]
    lines += [f"Authorization: Bearer {tokens.get(token, token)}"] if token else []
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(4096).split()[1] == (b"403" if token == "viewer" else b"401")


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    """From an operator neither: after half a minute it is over, here sooner."""
    monkeypatch.setattr("dashboard.api.BODY_S", 0.05)
    monkeypatch.setattr("dashboard.api._asker", lambda *_: Person("token:x", "x", "operator"))

    async def never():
        await asyncio.sleep(60)

    answer = _answering({"POST": ENDPOINTS[-1]}, lambda: None)
    scope = {
        "type": "http",
        "method": "POST",
        "headers": [],
        "query_string": b"",
        "path_params": {},
        "client": None,
    }
    with ThreadPoolExecutor(1) as apart:  # a browser's loop may go on in this thread
        answered = apart.submit(asyncio.run, answer(Request(scope, never))).result()
    assert answered.status_code == 408


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff", b"1", b'{"a": 1}', b"NaN"])
def test_a_body_that_is_no_mapping_of_texts_is_refused_in_words(body):
    """Also one that is nested beyond all measure."""
    with pytest.raises(ParameterError, match="the body is no"):
        _texts(body)


def test_a_token_for_which_there_is_no_room_spoils_no_other(tmp_path, monkeypatch):
    """Half an entry made the whole file none: every token was refused, and the desk did not start."""
    path, write = tmp_path / "tokens.toml", os.write
    first = add_token(path, "first", "viewer")
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))
    with pytest.raises(OSError, match="No space left"):
        add_token(path, "second", "viewer")
    monkeypatch.undo()
    path.write_bytes(path.read_bytes().rstrip())
    add_token(path, "third", "viewer")
    assert person_of(configuration.load({}, tmp_path), read_tokens(path), first).role == "viewer"
