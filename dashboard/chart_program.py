"""The charts' part of Streamlit's program as the desk sends it: with the kinds of chart that the desk draws alone.

Streamlit sends the whole of plotly, 4.7 MB, of which the desk draws four kinds of trace. Each piece of plotly stands
under its path, as ``name=_({"src/..."(e,t){...}})``, and names the pieces that it needs as ``name()``. So the list of
kinds is cut to those of the desk, and a piece that none of them needs, at first or second hand, is sent empty. Where
the file is written otherwise it goes out as it is.
"""

from __future__ import annotations

import re

TRACES = ("bar", "heatmap", "candlestick")
"""Kinds of trace beside ``scatter``, which plotly has always; a browser test draws each chart of the desk."""

_PIECE = re.compile(r'(?<![\w$.])([\w$]+)=([_g])\(\{"([^"]+)"\(')
_WHOLE = re.compile(r"\}\}\)(?:,|;var |;)\Z")
"""How a piece ends where nothing but the next piece follows."""

_KINDS = re.compile(
    r'(_\(\{"lib/index\.js"\(e,t\)\{var n=[\w$]+\(\);n\.register\(\[)((?:[\w$]+\(\),?)+)(\]\),t\.exports=n\}\}\))'
)
_NEEDED = re.compile(r"(?<![\w$.])([\w$]+)\(\)")


def trimmed(program: str) -> str:
    """Return the charts' part of the program with the desk's kinds of chart alone.

    >>> trimmed("export const chart = 1")
    'export const chart = 1'
    """
    pieces = list(_PIECE.finditer(program))
    kinds = _KINDS.search(program)
    if not pieces or kinds is None:
        return program
    places = [(match.start(), match[1], match[3]) for match in pieces]
    ends = [start for start, _, _ in places[1:]] + [kinds.start()]
    text = {name: program[start:end] for (start, name, _), end in zip(places, ends, strict=True)}
    names = {path: name for _, name, path in places}
    drawn = [names.get(f"lib/{kind}.js") for kind in TRACES]
    if (
        len(text) != len(places)
        or None in drawn
        or not {f"{name}()" for name in drawn} <= set(kinds[2].split(","))
    ):
        return program
    shell = program[: places[0][0]] + kinds[1] + program[kinds.end() :]
    needed = _reached([name for name in drawn if name] + _pieces_in(shell, text), text)
    cut = [
        part if name in needed or not _WHOLE.search(part) else f'{name}=_({{"{path}"(){{}}}}){_end(part)}'
        for (_, name, path), part in zip(places, text.values(), strict=True)
    ]
    registered = ",".join(f"{name}()" for name in drawn)
    return program[: places[0][0]] + "".join(cut) + kinds[1] + registered + kinds[3] + program[kinds.end() :]


def _pieces_in(part: str, text: dict[str, str]) -> list[str]:
    return [name for name in _NEEDED.findall(part) if name in text]


def _reached(first: list[str], text: dict[str, str]) -> set[str]:
    """Return the pieces that are needed by ``first``, themselves included."""
    reached, todo = set[str](), first
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _pieces_in(text[name], text)
    return reached


def _end(part: str) -> str:
    match = _WHOLE.search(part)
    return match[0].removeprefix("}})") if match else ""
