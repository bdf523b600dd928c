"""What the desk changes in Streamlit's program is there in the one that is installed, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit

from dashboard.program_parts import SOON, amended

PROGRAM = Path(streamlit.__file__).parent / "static/static/js"


def file_of(kind):
    """The one file of a kind and its bytes."""
    (path,) = PROGRAM.glob(f"{kind}.*.js") if kind != "index" else _entry()
    return f"/static/js/{path.name}", path.read_bytes()


def _entry():
    page = (PROGRAM.parent.parent / "index.html").read_text(encoding="utf-8")
    return [path for path in PROGRAM.glob("index.*.js") if f'src="./static/js/{path.name}"' in page]


def test_every_part_that_pages_need_is_loaded_with_the_program():
    """Each kind's loader is handed to what starts it at once; all else of the program stands as it was."""
    path, body = file_of("index")
    sent = amended(path, body).decode()
    for kind in SOON:
        assert f".lazy)(__afterclose_soon(()=>H(()=>import(`./{kind}." in sent, kind
    before, own = body.decode(), sent.partition("\n")[0]
    assert sent.count("__afterclose_soon(") == len(SOON) + 1
    assert sent.count("import(") == before.count("import(")
    assert len(sent) - len(own) - 1 - len(before) == len(SOON) * len("__afterclose_soon()")


def test_a_gap_is_filled_at_once():
    """React's half second between two gaps is the only thing that changes in its file."""
    path, body = file_of("react-dom")
    sent = amended(path, body)
    assert len(body) - len(sent) == 2
    assert body.count(b"nl+500-S()") == 1
    assert sent == body.replace(b"nl+500-S()", b"nl+0-S()")


@pytest.mark.parametrize("kind", ["protobuf", "Selectbox", "Html"])
def test_other_files_go_out_as_they_are(kind):
    """Nothing else is touched."""
    path, body = file_of(kind)
    assert amended(path, body) == body


def test_another_streamlit_goes_out_as_it_is():
    """Where the program is written otherwise, it works as it would without the desk."""
    for path in ("/static/js/index.x.js", "/static/js/react-dom.x.js"):
        assert amended(path, b"const other = () => 500\n") == b"const other = () => 500\n"
