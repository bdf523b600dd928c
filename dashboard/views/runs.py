"""Start a run, and find those that go or went."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import streamlit as st

from core.errors import AftercloseError
from core.journal import Journal
from core.parameters import Parameter, Value
from core.requestform import main_fields, more_fields, request_of
from core.runs.launcher import launch
from dashboard import listing, shell

RUNS_A_PAGE = 10
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)


def page() -> None:
    """Lay out the form and the runs."""
    journal = shell.journal()
    runs = journal.count_runs() if journal else 0
    if not runs:
        st.info(
            "Nothing has run here yet. Press **Run**: the built-in sample takes about fifteen seconds, "
            "and you will see every stage.",
            icon=":material/info:",
        )
    with st.container(border=True, key="request"):
        source = str(choose_source())
        form(source)
    if journal is not None and runs:
        active(journal)
        recent(journal, runs)


def choose_source() -> Value:
    """Draw the choice of the source; outside the form, because it says which fields the form has."""
    parameter = main_fields()["source"]
    default = str(shell.settings()["source"])
    return st.segmented_control(
        "Source", parameter.choices, default=default, required=True, help=parameter.help, key="source"
    )


def form(source: str) -> None:
    """Draw the form and, when its button is pressed, start the run."""
    values: dict[str, Value] = {"source": source}
    with st.form("run-form", border=False):
        if source == "files":
            values["path"] = field(main_fields()["path"])
        with st.grid(4, min_column_width=180):
            for name in ("tickers", "start", "end", "mode"):
                values[name] = field(main_fields()[name])
        with st.expander("More options", key="more"):
            for heading, parameters in more_fields().items():
                st.markdown(f"**{heading}**")
                with st.grid(4, min_column_width=180):
                    for parameter in parameters:
                        values[parameter.name] = field(parameter)
        pressed = st.form_submit_button(
            "Run", type="primary", icon=":material/play_arrow:", key="run", disabled=not shell.can_write()
        )
    if not shell.can_write():
        st.caption("The data root cannot be written, so nothing can be run from here.")
    if pressed:
        start(values)


def start(values: dict[str, Value]) -> None:
    """Start what the form asks for and go to watch it; a mistake is shown where it was made."""
    settings = shell.settings()
    try:
        launched = launch(
            settings,
            request_of(values, settings.defaults),
            person=shell.person(),
            how="desk",
            folder=Path.cwd(),
        )
    except AftercloseError as error:
        shell.problem(error)
        return
    if not launched.new:
        shell.notice("This very run is already going; here it is.")
    shell.go("run", run=launched.run_id)


def field(parameter: Parameter) -> Value:
    """Draw the widget for one parameter, holding its default, and return its value."""
    label, key, help_ = (
        parameter.name.replace("_", " ").capitalize(),
        f"field-{parameter.name}",
        parameter.help,
    )
    default = shell.settings()[parameter.name]
    match parameter.kind:
        case "choice":
            index = parameter.choices.index(str(default))
            return st.selectbox(label, parameter.choices, index=index, help=help_, key=key)
        case "names":
            chosen = [name for name in str(default or "").split(",") if name]
            return ",".join(st.multiselect(label, parameter.choices, default=chosen, help=help_, key=key))
        case "date":
            return date_field(label, key, help_, default)
        case "integer" | "number":
            return number_field(parameter, label, key, default)
        case "flag":
            return st.checkbox(label, bool(default), help=help_, key=key)
        case _:
            hint = "all the source has" if parameter.kind == "tickers" else None
            return st.text_input(label, str(default or ""), placeholder=hint, help=help_, key=key)


def number_field(parameter: Parameter, label: str, key: str, default: Value) -> Value:
    """Draw the widget for a number within its bounds and return it, None when it is left empty."""
    kind: type[int | float] = int if parameter.kind == "integer" else float
    low, high, value = (
        None if number is None else kind(number) for number in (parameter.low, parameter.high, default)
    )
    form_ = "%d" if kind is int else "%g"
    return st.number_input(label, low, high, value, format=form_, help=parameter.help, key=key)


def date_field(label: str, key: str, help_: str, default: Value) -> Value:
    """Draw the widget for a date and return it in ISO form, None when it is left empty."""
    value = date.fromisoformat(str(default)) if default else None
    chosen = st.date_input(label, value, EARLIEST, LATEST, format="YYYY-MM-DD", help=help_, key=key)
    return chosen.isoformat() if isinstance(chosen, date) else None


def active(journal: Journal) -> None:
    """Draw the runs that go now."""
    running = journal.active_runs()
    if running:
        st.subheader("Going now", anchor=False)
        listing.rows(running, "active")


def recent(journal: Journal, count: int) -> None:
    """Draw the latest runs, a page at a time."""
    st.subheader("Recent runs", anchor=False)
    pages = -(-count // RUNS_A_PAGE)
    number = st.session_state.get("runs-page", 1)
    listing.rows(journal.runs(limit=RUNS_A_PAGE, offset=RUNS_A_PAGE * (number - 1)), "recent")
    if pages > 1:
        st.pagination(pages, key="runs-page")
    st.caption("Times are UTC.")


page()
