"""A file of which the page asks what becomes of it lies in the desk's memory: not for ever."""

from __future__ import annotations

import time
from types import SimpleNamespace

import streamlit as st

from dashboard import uploading


def test_a_file_that_nobody_answers_about_is_let_go(desk_page, desk_settings, monkeypatch):
    """After ten minutes, with a word; nothing is written."""
    folder = desk_settings.data / "uploads"
    monkeypatch.setattr(uploading.uploads, "in_the_way", lambda *_: folder / "prices.csv")
    folder.mkdir(parents=True)
    (folder / "prices.csv").write_text("other\n")
    file = SimpleNamespace(name="prices.csv", file_id="one", size=4, getvalue=lambda: b"new\n")
    let_go = []
    monkeypatch.setattr(uploading, "_let_go", let_go.append)
    monkeypatch.setattr(st, "file_uploader", lambda *_, **how: file if how["key"] == "upload-0" else None)

    at = desk_page("views/start.py", **{"source-of": "files"})
    assert "is there already with other content" in at.warning[0].value
    now = time.monotonic()
    monkeypatch.setattr(uploading.time, "monotonic", lambda: now + uploading.ANSWER_S - 30)
    at.run()
    assert let_go == []
    monkeypatch.setattr(uploading.time, "monotonic", lambda: now + uploading.ANSWER_S + 30)
    at.run()
    assert let_go == [file]
    assert "waited 10 minutes for an answer and was let go" in at.error[0].value
    assert "is there already" not in "".join(warning.value for warning in at.warning)
    assert (folder / "prices.csv").read_text() == "other\n"
    assert not at.exception
