"""Bringing a file to the desk: it keeps its name, its digest is said, and nothing is written over unasked."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import AftercloseError
from core.fingerprint import sha256
from core.platform.filedigest import digest_of_file
from core.queries.runs.run_labels import short_ids
from core.report.formatting import bytes_text, minute
from core.request import uploads
from core.request.uploads import Upload
from core.review.people import who_is
from core.sources.tabular.inventory import PACKED, SUFFIXES
from dashboard import acting, form_state, parts, shell
from dashboard.words import literal

_KINDS = [ending.lstrip(".") for ending in (*SUFFIXES, *PACKED)]
_ROUND, _LAST, _FAULT = "upload-round", "upload-last", "upload-fault"
"""In the session: which uploader is drawn, what came of the last upload, and why it was refused."""

_QUESTION = "upload-question"
"""In the session: the file of which the page asks what becomes of it, and since when (monotonic seconds)."""

ANSWER_S, _LOOK_S = 600.0, 60.0
"""So long such a file lies in the desk's memory, which others need, too; and how often that is looked at."""

_OUTCOMES = {
    "new": "Kept as",
    "same": "There already, byte by byte:",
    "replaced": "Replaced:",
    "beside": "Kept beside the other one as",
}


def show() -> None:
    """Draw the place to drop a file, and what came of the last one."""
    settings = shell.settings()
    refused = acting.refusal("launch") or uploads.refusal(settings)
    most = max(uploads.room(settings) // uploads.MIB, 1)
    with st.container(key="upload"):
        file = st.file_uploader(
            f"Drop a file here, up to {most:,} MiB",
            type=_KINDS,
            key=_key(),
            max_upload_size=most,
            disabled=bool(refused),
            on_change=_on_upload,
            help="CSV and other text, Parquet, Feather or Excel; packed as gz, bz2 or zst.",
        )
        with st.container(key="upload-outcome"):
            if refused:
                st.caption(literal(refused))
            elif st.session_state.get(_FAULT):
                st.error(literal(str(st.session_state[_FAULT])), icon=":material/error:")
            elif file is not None:
                _ask(file)
            else:
                _outcome()


def _key() -> str:
    return f"upload-{st.session_state.get(_ROUND, 0)}"


def _on_upload() -> None:
    """Keep a file that has just come, unless another one of its name is in the way."""
    file = st.session_state.get(_key())
    for name in (_FAULT, _QUESTION):
        st.session_state.pop(name, None)
    if file is not None:
        _keep(file, "ask")


def _keep(file: Any, instead: Literal["ask", "replace", "beside"], agreed_sha256: str = "") -> None:
    settings = shell.settings()
    refused = acting.refusal("launch") or uploads.refusal(settings)
    try:
        if refused:
            _forget(file)
            st.session_state[_FAULT] = refused
            return
        data = file.getvalue()
        if instead == "ask" and uploads.in_the_way(settings, file.name, sha256(data)):
            return  # the page asks
        upload = uploads.keep(
            settings,
            file.name,
            data,
            who=who_is(shell.person().label),
            instead=instead,
            agreed_sha256=agreed_sha256,
        )
    except AftercloseError as error:
        _forget(file)
        st.session_state[_FAULT] = str(error)
        return
    _forget(file)
    st.session_state[_LAST] = upload
    form_state.put("path", str(upload.path))


def _forget(file: Any) -> None:
    """Let go of a file that came, and of the browser's copy: the next uploader is another one."""
    _let_go(file)
    st.session_state.pop(_QUESTION, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _let_go(file: Any) -> None:
    """Take what was written out of the desk's memory; Streamlit would keep it as long as the page is open."""
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    if isinstance(manager, MemoryUploadedFileManager) and context:
        manager.remove_file(context.session_id, file.file_id)


def _ask(file: Any) -> None:
    """Ask what becomes of the file that is in the way; nothing is written before."""
    settings, digest = shell.settings(), sha256(file.getvalue())
    other = uploads.in_the_way(settings, file.name, digest)
    if other is None:
        return
    earlier, _ = st.session_state.get(_QUESTION, (None, 0.0))
    if earlier is None or earlier.file_id != file.file_id:
        st.session_state[_QUESTION] = file, time.monotonic()
    _give_up_waiting()
    replaced, about = digest_of_file(other), other.stat()
    written = datetime.fromtimestamp(about.st_mtime, UTC).isoformat()
    st.warning(
        f"**{literal(other.name)}** is there already with other content: {bytes_text(about.st_size)}, written "
        f"{minute(written)}. The new one has {bytes_text(file.size)}. Nothing is written yet. Either way "
        "earlier runs keep the rows that they read.",
        icon=":material/file_copy:",
    )
    with st.container(horizontal=True, gap="small"):
        st.button("Replace it", key="upload-replace", on_click=_keep, args=(file, "replace", replaced),
                  type="primary")  # fmt: skip
        st.button(f"Keep both, as {uploads.beside(other.name, digest)}", key="upload-beside", on_click=_keep,
                  args=(file, "beside"))  # fmt: skip


@parts.redrawn("upload-wait", every_s=_LOOK_S)
def _give_up_waiting() -> None:
    """Let go of a file of which nobody said in time what becomes of it."""
    file, since = st.session_state.get(_QUESTION, (None, 0.0))
    if file is None or time.monotonic() - since < ANSWER_S:
        return
    _forget(file)
    st.session_state[_FAULT] = (
        f"{file.name} waited {ANSWER_S / 60:.0f} minutes for an answer and was let go; nothing was written. "
        "Bring it again."
    )
    st.rerun()


def _outcome() -> None:
    upload: Upload | None = st.session_state.get(_LAST)
    if upload is None:
        folder = uploads.folder_of(shell.settings())
        st.caption(
            f"It is kept under its own name in {literal(str(folder))}, and never written over unasked."
        )
        return
    st.markdown(
        f":green[:material/check_circle:] {_OUTCOMES[upload.outcome]} **{literal(upload.path.name)}**, "
        f"{bytes_text(upload.size)}, SHA-256 `{short_ids(upload.sha256)}…`",
        help=f"{upload.path}, SHA-256 {upload.sha256}",
    )
