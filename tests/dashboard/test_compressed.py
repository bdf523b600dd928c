"""Scripts and styles go out compressed, once made and then from memory; everything else as it comes."""

from __future__ import annotations

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.compressed import Compressed, files_of

SCRIPT = "let a = 1;" * 500


@pytest.fixture
def asked():
    """How often the app behind it was asked, by path."""
    return []


@pytest.fixture
def client(asked):
    """A browser before an app of one script, one page, and nothing else."""

    def answer(request):
        asked.append(request.url.path)
        headers = {"cache-control": "public, immutable, max-age=31536000", "etag": "x"}
        return PlainTextResponse(SCRIPT, headers=headers)

    routes = [
        Route(path, answer)
        for path in (
            "/static/js/a.js",
            "/static//js/a.js",
            "/static/js/other.js",
            "/static/a.woff2",
            "/page.js",
        )
    ]
    middleware = [Middleware(Compressed, files={"/static/js/a.js", "/static/js/none.js"})]
    return TestClient(Starlette(routes=routes, middleware=middleware))


def raw(client, path, **headers):
    """The answer with its bytes as they came over the wire."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_a_script_is_compressed_once(client, asked):
    """The second browser is answered from memory; it is kept for a year as before, and says how it is written."""
    for _ in range(2):
        answer, body = raw(client, "/static/js/a.js", **{"accept-encoding": "gzip"})
        assert gzip.decompress(body).decode() == SCRIPT
        assert len(body) == int(answer.headers["content-length"]) < len(SCRIPT) / 10
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        assert "etag" not in answer.headers
    assert asked == ["/static/js/a.js"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/a.js", {"accept-encoding": "identity"}),
        ("/static/js/a.js", {"accept-encoding": "gzip", "range": "bytes=0-9"}),
        ("/static/a.woff2", {"accept-encoding": "gzip"}),
        ("/page.js", {"accept-encoding": "gzip"}),
        ("/static//js/a.js", {"accept-encoding": "gzip"}),
        ("/static/js/other.js", {"accept-encoding": "gzip"}),
    ],
)
def test_what_is_no_script_or_not_asked_for_so_goes_through(client, path, headers):
    """Fonts are compressed already; a browser without gzip, and a part of a file, get the file.

    So does whoever spells the path of a script otherwise, or makes one up: nothing of that stays in memory.
    """
    answer, body = raw(client, path, **headers)
    assert "content-encoding" not in answer.headers
    assert body.decode() == SCRIPT


def test_what_is_not_there_is_said_as_it_comes(client):
    """A wrong name is kept by nobody."""
    answer, _ = raw(client, "/static/js/none.js", **{"accept-encoding": "gzip"})
    assert answer.status_code == 404


def test_the_files_that_are_kept_are_those_of_the_program(tmp_path):
    """A desk keeps as many answers as its program has scripts and styles, whatever it is asked for."""
    for name in ("static/js/a.js", "static/css/b.css", "static/media/c.woff2", "index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert files_of(tmp_path) == {"/static/js/a.js", "/static/css/b.css"}
