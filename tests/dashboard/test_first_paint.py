"""The desk's looks come with the page itself; anything else passes as it is."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

from dashboard.first_paint import AHEAD, KEYS, LOOKS, FirstPaint

FONT = '<link rel="preload" href="./static/media/own.woff2" as="font" crossorigin />'
PAGE = f"<html><head>{FONT}<title>x</title></head><body>y</body></html>"


@pytest.fixture
def client(tmp_path):
    """A site of one page on disk and one text behind it."""
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    routes = [
        Route("/", lambda _: FileResponse(tmp_path / "index.html")),
        Route("/text", lambda _: PlainTextResponse("</head>")),
    ]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(FirstPaint)]))


def test_a_page_has_the_looks_and_keys_in_its_head_and_nothing_of_the_file_s_own_headers(client):
    """Also for a browser that has the file already: what is kept is not asked whether it still holds."""
    tag = client.get("/", headers={"accept": "*/*"}).headers["etag"]
    answer = client.get("/", headers={"accept": "text/html", "if-none-match": tag})
    assert answer.status_code == 200
    style, script, ahead = (path.read_text(encoding="utf-8") for path in (LOOKS, KEYS, AHEAD))
    added = f"<style>{style}</style><script>{script}</script>"
    assert answer.text == PAGE.replace("</head>", f"{added}</head>").replace(
        FONT, f"<script>{ahead}</script>"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_a_first_visit_has_the_cookie_that_the_socket_needs_and_a_later_one_keeps_it(client):
    """What stands for the cookie changes with every answer; the token in it stays."""
    first = client.get("/", headers={"accept": "text/html"})
    assert "samesite=" in first.headers["set-cookie"].lower()
    token = decode_xsrf_token_string(first.cookies["_streamlit_xsrf"])
    assert token[0]
    client.cookies.set("_streamlit_xsrf", first.cookies["_streamlit_xsrf"])
    again = client.get("/", headers={"accept": "text/html"})
    assert decode_xsrf_token_string(again.cookies["_streamlit_xsrf"]) == token


def test_what_is_no_page_passes_as_it_is(client):
    """A text, and a page that was not asked for as one."""
    assert client.get("/text", headers={"accept": "text/html"}).text == "</head>"
    assert client.get("/", headers={"accept": "*/*"}).text == PAGE
