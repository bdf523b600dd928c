"""The desk's looks come with the page itself; anything else passes as it is."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard import searching
from dashboard.first_paint import KEYS, LOOKS, FirstPaint

PAGE = "<html><head><title>x</title></head><body>y</body></html>"


@pytest.fixture
def client(tmp_path):
    """A site of one page on disk and one text behind it."""
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    routes = [
        Route("/", lambda _: FileResponse(tmp_path / "index.html")),
        Route("/text", lambda _: PlainTextResponse("</head>")),
        Route(
            "/media/report.html", lambda _: HTMLResponse(PAGE, headers={"Content-Disposition": "attachment"})
        ),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(FirstPaint)]))


def test_a_page_has_the_looks_and_keys_in_its_head_and_nothing_of_the_file_s_own_headers(client):
    """Also for a browser that has the file already: what is kept is not asked whether it still holds."""
    tag = client.get("/", headers={"accept": "*/*"}).headers["etag"]
    answer = client.get("/", headers={"accept": "text/html", "if-none-match": tag})
    assert answer.status_code == 200
    style, script = (path.read_text(encoding="utf-8") for path in (LOOKS, KEYS))
    added = f"<style>{style}</style><script>{script}</script>"
    assert answer.text == PAGE.replace("</head>", f"{added}</head>")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_what_is_no_page_passes_as_it_is(client):
    """A text, and a page that was not asked for as one."""
    assert client.get("/text", headers={"accept": "text/html"}).text == "</head>"
    assert client.get("/", headers={"accept": "*/*"}).text == PAGE


def test_a_page_that_is_downloaded_is_what_it_was(client):
    """Some browsers ask for a download as for a page: a signed report with our looks in it is another document."""
    assert client.get("/media/report.html", headers={"accept": "text/html"}).text == PAGE


def test_every_letter_of_the_program_is_in_the_list_of_keys():
    """What ``g`` and a letter open stands under ``?``; a page was opened by a letter that the list did not have."""
    script = KEYS.read_text(encoding="utf-8")
    letters = re.findall(r"\b([a-z]): \"", script[script.index("const pages = {") :].split("};")[0])
    listed = {key.removeprefix("g ") for key in searching.KEYS if key.startswith("g ")}
    assert len(letters) > 10
    assert set(letters) == listed
