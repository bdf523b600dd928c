"""What can be done with the runs that are ticked: compare two, ask again, export, put aside, name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core.journal import Journal, Run
from core.queries.operations.run_table import RunRow
from core.queries.runs.holdings import as_zip, exceeds_zip_limit, export_command
from core.queries.runs.run_labels import run_name
from core.report.formatting import counted
from core.request.stages import NAMES
from core.review import aside
from core.review.annotations import MOST_NAME, MOST_NOTE, annotate
from core.runs.launcher import launch
from dashboard import acting, parts, requesting, shell, starting
from dashboard.words import literal

PLACE = "runs"
_CLEARED = "runs-cleared"
_WHY = "aside-runs-why"


def cleared() -> int:
    """Return a number that changes whenever an act is done: nothing is ticked after it."""
    return int(st.session_state.get(_CLEARED, 0))


def _clear() -> None:
    st.session_state[_CLEARED] = cleared() + 1


def show(journal: Journal, ticked: Sequence[RunRow]) -> None:
    """Draw the actions once something is ticked; one that does not fit it is off and says what it needs."""
    if not ticked:
        return
    st.markdown(f"**{len(ticked)} ticked**", width="content")
    _compare(ticked)
    _retry(ticked)
    _clone(ticked)
    _export(journal, ticked)
    _put_aside(ticked)
    _name(ticked)


def _button(label: str, icon: str, key: str, off: str | None) -> bool:
    """Draw a button that is off while ``off`` says why; return whether it was pressed."""
    return st.button(label, icon=f":material/{icon}:", key=key, disabled=off is not None, help=off)


def _compare(ticked: Sequence[RunRow]) -> None:
    off = None if comparable(ticked) else "Tick two to four finished runs of one profile."
    if _button("Compare", "compare_arrows", "act-compare", off):
        st.switch_page(
            "views/compare.py", query_params={shell.RUN_PARAMETER: [r.run.run_id for r in ticked[::-1]]}
        )


def comparable(ticked: Sequence[RunRow]) -> bool:
    """Return whether runs can be set side by side: two to four with a report, of one profile."""
    return (
        2 <= len(ticked) <= 4
        and len({r.profile for r in ticked}) == 1
        and all(r.report.report_state for r in ticked)
    )


def _retry(ticked: Sequence[RunRow]) -> None:
    failed = [row for row in ticked if retriable(row)]
    off = acting.refusal("launch") or (
        None if len(failed) == len(ticked) else "Tick runs that came to nothing."
    )
    if not _button("Retry", "replay", "act-retry", off):
        return
    if len(failed) == 1:
        starting.confirm(starting.again(failed[0].run), failed[0].run.target)
    else:
        _ask_retry(failed)


def retriable(row: RunRow) -> bool:
    """Return whether a run can be asked for again: it came to nothing, and was for a stage."""
    return not row.run.active and row.run.state != "succeeded" and row.run.target in NAMES


@parts.question("Retry these runs?", icon=":material/replay:")
def _ask_retry(rows: Sequence[RunRow]) -> None:
    st.write(
        "Each is asked for again, at once. Finished stages are reused; the failed one and those after it are made."
    )
    _list(rows)

    def act() -> str:
        settings = shell.settings()
        for row in rows:
            launch(
                settings, starting.again(row.run), person=shell.person(), how="desk", folder=Path.cwd(),
                target=row.run.target,
            )  # fmt: skip
        _clear()
        return f"{counted(len(rows), 'run')} started again."

    acting.confirm(PLACE, "Retry", "retry-yes", lambda: _say(act))


def again(run: Run, *, first: bool) -> None:
    """Draw the button that asks for the same again, the ``first`` to be pressed or one of several; a run for something
    else than a stage has none.
    """
    if run.target not in NAMES:
        return
    failed, off = run.state != "succeeded", acting.refusal("launch")
    if st.button(
        "Retry" if failed else "Run again", icon=":material/replay:", key="retry" if failed else "again",
        type="primary" if first else "secondary", disabled=off is not None,
        help=off or "Asks for the same again: what is there is reused, and what would be done is shown first.",
    ):  # fmt: skip
        starting.confirm(starting.again(run), run.target)


def _list(rows: Sequence[RunRow]) -> None:
    names = [(row.annotation.name or run_name(row.run.run_id), row) for row in rows]
    st.markdown(
        "\n".join(f"- {literal(name)}: {literal(row.profile)}, {row.run.state}" for name, row in names)
    )


def _say(act: Callable[[], str]) -> None:
    acting.saying(PLACE, act)


def _clone(ticked: Sequence[RunRow]) -> None:
    off = None if len(ticked) == 1 else "Tick one run: the form is filled as it was."
    if st.button(
        "Clone", icon=":material/content_copy:", key="act-clone", disabled=off is not None, help=off,
    ):  # fmt: skip
        st.switch_page("views/start.py", query_params={requesting.CLONE: ticked[0].run.run_id})


def _export(journal: Journal, ticked: Sequence[RunRow]) -> None:
    off = None
    if exceeds_zip_limit(journal, *(row.run for row in ticked)):
        off = f"Too large for the browser: {'; '.join(export_command(row.run) for row in ticked[:3])}"
    if any(row.run.active for row in ticked):
        off = "A run in progress can be exported when it is over."
    st.download_button(
        "Export", data=parts.to_download(lambda: zip_of(ticked)), icon=":material/folder_zip:", key="act-export",
        on_click="ignore", file_name=f"{ticked[0].run.run_id}.zip" if len(ticked) == 1 else "runs.zip",
        mime="application/zip", disabled=off is not None, help=off,
    )  # fmt: skip


def zip_of(rows: Sequence[RunRow]) -> bytes:
    """Return the export of one run, or a zip that holds that of each."""
    settings = shell.settings()
    if len(rows) == 1:
        return as_zip(settings, rows[0].run)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as several:
        for row in rows:
            several.writestr(f"{row.run.run_id}.zip", as_zip(settings, row.run))
    return packed.getvalue()


def _put_aside(ticked: Sequence[RunRow]) -> None:
    back = all(row.aside for row in ticked)
    off = acting.refusal("decide")
    if any(row.run.active for row in ticked):
        off = "A run in progress cannot be put aside."
    label, icon = ("Take up again", "undo") if back else ("Put aside", "inventory_2")
    if _button(label, icon, "act-aside", off):
        _ask_aside([row for row in ticked if row.aside == back], back=back)


@parts.question("Put aside", icon=":material/inventory_2:")
def _ask_aside(rows: Sequence[RunRow], *, back: bool) -> None:
    st.write(
        "They are listed again, and a failed one asks for somebody on Today."
        if back
        else "They leave this list and Today's inbox; nothing is removed, and they can be taken up again."
    )
    _list(rows)
    st.text_input("Why", key=_WHY, max_chars=1000, placeholder="In a sentence; it is kept on record")

    def act() -> str:
        settings, journal, act_on = (
            shell.settings(),
            shell.journal_to_write(),
            aside.take_up if back else aside.put_aside,
        )
        why = str(st.session_state[_WHY])  # as it is typed now, not as it was when the question was drawn
        for row in rows:
            act_on(
                settings, journal, aside.about_run(row.profile, row.run.run_id), why, person=shell.person()
            )
        _clear()
        return f"{counted(len(rows), 'run')} {'taken up again' if back else 'put aside'}."

    acting.confirm(PLACE, "Take up again" if back else "Put aside", "aside-yes", lambda: _say(act))


def _name(ticked: Sequence[RunRow]) -> None:
    if _button("Name, tags, note", "sell", "act-name", acting.refusal("annotate")):
        ask_name([row.run.run_id for row in ticked], ticked[0] if len(ticked) == 1 else None)


@parts.question("Name, tags and note", icon=":material/sell:")
def ask_name(run_ids: Sequence[str], alone: RunRow | None) -> None:
    """Ask what runs are to be called; of several only tags are added."""
    before, first = alone.annotation if alone else None, run_ids[0]
    keys = {what: f"{what}-{first}" for what in ("name", "tags", "note")}
    old = list(before.tags) if before else []
    if before is not None:
        st.text_input("Name", before.name, max_chars=MOST_NAME, key=keys["name"])
    else:
        st.caption(f"These tags are added to {counted(len(run_ids), 'run')}.")
    st.multiselect(
        "Tags", old, old, accept_new_options=True, key=keys["tags"], placeholder="Type a word, then Enter"
    )
    if before is not None:
        st.text_area("Note", before.note, max_chars=MOST_NOTE, key=keys["note"])
    st.caption("Kept on record with your name and the time.")

    def act() -> str:
        settings, journal, typed = shell.settings(), shell.journal_to_write(), st.session_state
        tags = [str(tag) for tag in typed.get(keys["tags"]) or []]
        for run_id in run_ids:
            annotate(
                settings, journal, run_id, person=shell.person(), name=typed.get(keys["name"]),
                note=typed.get(keys["note"]), add=[tag for tag in tags if tag not in old],
                remove=[tag for tag in old if tag not in tags],
            )  # fmt: skip
        _clear()
        return f"{counted(len(run_ids), 'run')} annotated."

    acting.confirm(PLACE, "Save", "name-yes", lambda: _say(act))
