"""A browser of the folders that runs read: a table of folders and price files, found by words, chosen by a press.

The table is one of HTML, read out as one and walked through by keyboard; its script only carries presses to the desk.
"""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from core.errors import AftercloseError
from core.paths import real_path, typed_path
from core.queries import price_files
from core.queries.price_files import Listing, PriceFile
from core.report.formatting import bytes_text, counted
from core.request import roots
from core.sources.addresses.address import names_address
from core.sources.tabular.inventory import is_table_name
from dashboard import form_state, pressable, shell
from dashboard.fields import LIVE

SCRIPT = "file_browser.js"
_FOLDER, _WORDS, _PRESSED = "browse-folder", "browse-words", "browse-files"


def show(chosen: str) -> None:
    """Draw the folders and the files in them; a press on a file, or on "use this folder", fills the form's path.

    Parameters
    ----------
    chosen : str
        The path that the form holds.
    """
    words = st.text_input(
        "Find a file by its name",
        key=_WORDS,
        type="search",
        live=LIVE,
        placeholder="part of a name or folder",
    )
    folder = _folder(chosen)
    try:
        listing = (
            price_files.search(shell.settings(), words)
            if words
            else price_files.listing(shell.settings(), folder)
        )
    except AftercloseError as error:
        shell.problem(error)
        return
    pressable.table(SCRIPT, "files-place")(
        key=_PRESSED,
        data={
            "html": markup(
                listing, None if words else folder, tuple(price_files.folders(shell.settings())), chosen
            )
        },
        on_choose_change=_choose,
        on_open_change=_open,
    )


def is_within(path: str) -> bool:
    """Return whether a path lies in a folder that can be browsed."""
    return not names_address(path) and any(
        real_path(typed_path(path)).is_relative_to(root) for root in price_files.folders(shell.settings())
    )


def _folder(chosen: str) -> Path:
    """Return the folder that is looked into: the one opened last, else that of the file that is chosen."""
    first = price_files.folders(shell.settings())[0]
    for text in (
        str(st.session_state.get(_FOLDER) or ""),
        str(typed_path(chosen).parent) if chosen else "",
    ):
        if text and is_within(text) and Path(text).is_dir():
            return real_path(Path(text))
    return first


def _choose() -> None:
    path = st.session_state[_PRESSED].get("choose")
    if path:
        form_state.put("path", str(path))


def _open() -> None:
    path = st.session_state[_PRESSED].get("open")
    if path:
        st.session_state[_FOLDER] = str(path)
        st.session_state[_WORDS] = ""


def markup(listing: Listing, folder: Path | None, roots: tuple[Path, ...], chosen: str) -> str:
    """Return the table as HTML; nothing that comes from a name is markup.

    Parameters
    ----------
    folder : Path or None
        That is listed; None for what was found by words.
    roots : tuple of Path
        The folders to begin with.
    chosen : str
        The path that is chosen already.
    """
    rows = "".join(_row(entry, chosen, None if folder else roots) for entry in listing.entries)
    if not rows:
        nothing = "No folder and no price file is in here." if folder else "No price file is called so."
        rows = f'<tr role="row"><td role="cell" colspan="3" class="quiet">{nothing}</td></tr>'
    left_out = "" if listing.complete else '<p class="quiet">Not all are listed; find the others by name.</p>'
    heads = "".join(
        f'<th role="columnheader" scope="col">{name}</th>' for name in ("Name", "Size", "Written")
    )
    return (
        f"{_way(folder, roots, listing) if folder else ''}"
        '<div class="wrapped file-list" tabindex="0" role="region" aria-label="Price files"><table role="table">'
        f'<thead><tr role="row">{heads}</tr></thead><tbody>{rows}</tbody></table></div>{left_out}'
    )


def _way(folder: Path, roots: tuple[Path, ...], listing: Listing) -> str:
    """Return the way to a folder, each part pressed to go there, and the button that takes the folder whole."""
    root = max((root for root in roots if folder.is_relative_to(root)), key=lambda each: len(each.parts))
    parts = [_button("open", other, other.name or "/", "crumb") for other in roots if other != root]
    inner = [folder, *folder.parents]
    parts += [
        _button("open", each, each.name or "/", "crumb here" if each == folder else "crumb")
        for each in reversed(inner)
        if each.is_relative_to(root)
    ]
    files = sum(not entry.is_folder for entry in listing.entries)
    whole = _button("choose", folder, f"Use all {counted(files, 'file')}", "whole") if files > 1 else ""
    return f'<nav class="way" aria-label="Folder">{"".join(parts)}{whole}</nav>'


def _row(entry: PriceFile, chosen: str, roots: tuple[Path, ...] | None) -> str:
    does, sign = ("open", "folder") if entry.is_folder else ("choose", "description")
    here = str(entry.path) == chosen
    name = entry.path.name
    below = ""
    if roots is not None:
        root = next((root for root in roots if entry.path.is_relative_to(root)), entry.path.parent)
        below = f'<span class="quiet">{escape(str(entry.path.parent.relative_to(root.parent)))}</span>'
    size = counted(entry.size, "file") if entry.is_folder else bytes_text(entry.size)
    button = _button(does, entry.path, name, "chosen" if here else "", sign="check" if here else sign)
    return (
        f'<tr role="row"{" class=here" if here else ""}><td role="cell" data-label="Name">{button}{below}</td>'
        f'<td role="cell" data-label="Size" class="number">{size}</td>'
        f'<td role="cell" data-label="Written" class="unbroken">{_written(entry.modified)}</td></tr>'
    )


def _button(does: str, path: Path, text: str, kind: str, *, sign: str = "") -> str:
    icon = f'<span aria-hidden="true" class="sign">{sign}</span>' if sign else ""
    pressed = ' aria-pressed="true"' if kind == "chosen" else ""
    return (
        f'<button type="button" class="{kind}" data-does="{does}" data-path="{escape(str(path))}"{pressed}>'
        f"{icon}{escape(text)}</button>"
    )


def _written(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def about(path: str) -> str:
    """Return what is known of a path that the form holds: what it is, its size, when it was written.

    Nothing of a path that a run may not read: how large a file is, and whether it is there, is a piece of it.
    """
    if not path:
        return "Name a file or folder of prices on this machine, or an address."
    if names_address(path):
        return "An address: asked when you say so."
    try:
        roots.check_path(path, shell.settings(), parameter="path")
        status = typed_path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            files = sum(is_table_name(each.name) for each in typed_path(path).iterdir())
            return f"A folder with {counted(files, 'file')} of prices."
    except AftercloseError as error:
        return str(error)
    except OSError:
        return "A pattern: every file that it matches is read."
    return f"{bytes_text(status.st_size)}, written {datetime.fromtimestamp(status.st_mtime, UTC):%Y-%m-%d %H:%M} UTC."
