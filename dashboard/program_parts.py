"""Streamlit's program as the desk sends it: parts that every page needs are loaded before the first page is drawn.

Streamlit loads the browser part of each kind of element once an element of that kind comes. React draws a gap
meanwhile and, so that gaps do not flicker, fills none in the first 500 ms of a page nor within 500 ms of another gap.
Most of a reload's seconds were that wait, and pages jumped as the gaps were filled. So the desk sends two files
with a small change each: the kinds of element in :data:`SOON` are loaded with the program, which waits for none of
them, and a gap is filled as soon as it can be. Where another Streamlit is written otherwise, its files go out as
they are.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from dashboard.chart_program import trimmed

SOON = (
    "Html", "Button", "PageLink", "Selectbox", "ButtonGroup", "DownloadButton", "TextArea", "TextInput", "Checkbox",
    "Progress",
)  # fmt: skip
"""Kinds of element that are on many pages, and small: 60 kB in all, beside the 2.3 MB that every page loads."""

_LOADED_LATE = re.compile(
    r"\.lazy\)\((\(\)=>[\w$]+\(\(\)=>import\(`\./(?:" + "|".join(SOON) + r")\.[\w-]+\.js`\),"
    r"__vite__mapDeps\(\[[\d,]*\]\),import\.meta\.url\))\)"
)
_SOON = (
    "function __afterclose_soon(load){let part;const coming=load();coming.then(loaded=>{part=loaded},()=>{});"
    "return()=>part?{then:take=>take(part)}:coming}\n"
)
"""Loads a part at once; whoever draws it later has it without waiting, or waits for it as ever."""

_WAIT = re.compile(r"(?<=\(t=nl\+)500(?=-S\(\),10<t\))")


def amended(path: str, body: bytes) -> bytes:
    """Return a file of Streamlit's program as it is sent.

    >>> amended("/static/js/react-dom.x.js", b"(t=nl+500-S(),10<t)")
    b'(t=nl+0-S(),10<t)'
    >>> amended("/static/js/other.x.js", b"(t=nl+500-S(),10<t)")
    b'(t=nl+500-S(),10<t)'
    """
    kind = PurePosixPath(path).name.partition(".")[0]
    if kind == "react-dom":
        return _WAIT.sub("0", body.decode()).encode()
    if kind == "PlotlyChart":
        return trimmed(body.decode()).encode()
    if kind == "index":
        text, changed = _LOADED_LATE.subn(r".lazy)(__afterclose_soon(\1))", body.decode())
        return (_SOON + text).encode() if changed else body
    return body
