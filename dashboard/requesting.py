"""The form of a run: prices, what is done with them, options; judged by the plan as it is filled in.

Everything that comes later (a look, a message, a sentence) has its place from the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import streamlit as st

from core.journal import Run
from core.parameters import Value
from core.queries.look import Look
from core.queries.runs.ahead import ChampionFacts
from core.queries.runs.options_in_use import options_in_use
from core.queries.runs.run_labels import run_name
from core.request.form import filled_by, main_fields, request_of
from core.request.profiles import PROFILE
from core.sources import OWN
from core.sources.reading import FILES
from dashboard import (
    acting,
    compact,
    fields,
    file_browser,
    folding,
    form_state,
    looking,
    options_panel,
    run_bar,
    shell,
    starting,
    uploading,
)
from dashboard.fields import NO_PROFILE
from dashboard.request_check import Judgement, judgement_of
from dashboard.words import literal

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

CLONE = "clone"
"""In the address: the run that fills the form."""

PATH = "path"
"""In the address: the file or folder that the form begins with."""

SOURCE = "source-of"
"""In the address: the source that the form begins with."""

OF = "of"
"""In the address: the profile of ``luigi.cfg`` that the run is to be of."""

_CLONED = "cloned_from"
MOST_OFFERED = 500
"""Tickers to choose from; others are typed."""

_OF_LOOK = ("tickers", "start", "end")
"""Beside the path, what decides which rows are looked at."""

BRING = "files"
"""Name of what folds the place to bring a file."""

_SUCH_AS = "AAPL, BRK-B or ^GSPC"

SOURCE_NAMES = {"sample": "Sample", FILES: "Files", "yahoo": "Yahoo", "tiingo": "Tiingo", OWN: "Own code"}


def take(run: Run) -> None:
    """Fill the form with what ``run`` asked for; what it left to the settings is as they are now."""
    now = shell.settings()
    profile = run.request.get(PROFILE, "")
    under = now.where_known(profile)
    form_state.fill(filled_by(run.request, under.defaults))
    st.session_state[PROFILE] = profile if profile in now.profiles else NO_PROFILE
    st.session_state[_CLONED] = run.run_id


def take_from_address() -> None:
    """Fill the form once with the run, or the file, that the address names, and forget it there."""
    path, run_id, source, profile = (st.query_params.pop(name, None) for name in (PATH, CLONE, SOURCE, OF))
    if profile in shell.settings().profiles:
        st.session_state[PROFILE] = profile
        _profile_changed()
    if source in SOURCE_NAMES:
        form_state.put("source", source)
    if path:
        form_state.put("source", FILES)
        form_state.put("path", path)
    if run_id:
        take(shell.run_named(shell.journal(), run_id))


def show() -> None:
    """Draw the form; it is drawn anew by itself as it is filled in."""
    with shell.guarded():
        take_from_address()

    scope = ["app"]  # of the first drawing, which is the page's; those that follow are the form's own

    @st.fragment(key="form")
    def draw() -> None:
        now, scope[0] = scope[0], "fragment"
        with shell.guarded():
            _form("app" if now == "app" else "fragment")

    draw()


def _form(scope: Literal["app", "fragment"]) -> None:
    fields.take_over()
    drawn = fields.DrawnFields()
    grid = st.container(key="start-grid")
    # one after the other: what stands below begins where the one above has its height already
    with grid, st.container(key="start-prices", border=True):
        defaults = _prices(drawn)
    with grid, st.container(key="start-which", border=True):
        _which(drawn, defaults)
    values = form_state.values(defaults)
    full = _request(values, defaults)
    # which profile it is may be told by the file's bytes alone; once a login is over this says so, and no more
    about = ("", None) if acting.refusal("launch") else run_bar.champion_of(full)
    with grid, st.container(key="start-todo", border=True):
        _todo(drawn, defaults, about)
    values = form_state.values(defaults)
    groups = options_in_use(values, scoring=_scores(values, about[1]))
    look = grid.container(key="start-look", border=True)
    with grid, st.container(key="start-options"):
        options_panel.show(drawn, groups, defaults)
    request = _request(form_state.values(defaults), defaults, about[1])
    judgement = judgement_of(form_state.values(defaults), request)
    drawn.tell(judgement.mistakes)
    if judgement.missing == "tickers":
        drawn.places["tickers"].caption(
            f"Name the tickers to ask {SOURCE_NAMES[str(values['source'])]} for, such as {_SUCH_AS}."
        )
    if "path" in drawn.places and "path" not in judgement.mistakes:
        drawn.places["path"].caption(literal(file_browser.about(request.get("path", ""))))
    with st.container(key="start-bar"):
        words = _button(request, judgement)
    with look:
        wrong = bool({"path", *_OF_LOOK} & set(judgement.mistakes))
        if looking.show(request, str(values["source"]), wrong=wrong):
            st.rerun(scope=scope)  # what it has shown counts for the button, the tickers and the words
    answer = looking.answer_to(request, str(values["source"]))
    with words:
        _say(judgement, about, answer if isinstance(answer, Look) else None, defaults, groups)


def _request(
    values: Mapping[str, Value], defaults: Mapping[str, Value], champion: ChampionFacts | None = None
) -> dict[str, str]:
    """Return what the form asks for: only what its run uses."""
    in_use = {
        p.name for group in options_in_use(values, scoring=_scores(values, champion)).values() for p in group
    }
    used = {name: value for name, value in values.items() if name in main_fields() or name in in_use}
    request = request_of(used, defaults)
    profile = _chosen_profile()
    return {PROFILE: profile, **request} if profile else request


def _scores(values: Mapping[str, Value], champion: ChampionFacts | None) -> bool:
    """Return whether a run would score: it is asked to, or left to the champion, and there is one."""
    return champion is not None and values["mode"] in ("auto", "score")


def _prices(drawn: fields.DrawnFields) -> Mapping[str, Value]:
    """Draw where prices come from, and return the defaults of the profile that is chosen."""
    main = main_fields()
    st.subheader("1 · Prices", anchor=False)
    with st.container(key="cloned"):
        if st.session_state.get(_CLONED):
            st.caption(f"Filled in as run {literal(run_name(str(st.session_state[_CLONED])))} was.")
    defaults = shell.settings().under(_profile()).defaults
    own = (
        bool(defaults["plugins"]) or defaults["source"] == OWN
    )  # of a profile that was remembered, without its module
    names = [name for name in SOURCE_NAMES if name != OWN or own]
    form_state.seed("source", form_state.value_of("source", defaults["source"]))
    source = st.segmented_control(
        main["source"].help, names, required=True, key="source", label_visibility="collapsed",
        format_func=lambda name: SOURCE_NAMES[str(name)],
    )  # fmt: skip
    form_state.remember("source", source)
    if source == FILES:
        _files(drawn, defaults)
    return defaults


def _which(drawn: fields.DrawnFields, defaults: Mapping[str, Value]) -> None:
    """Draw which of the prices count: on a phone it stands folded below the look at all of them."""
    main, source = main_fields(), str(form_state.value_of("source", defaults["source"]))
    number = sum(bool(form_state.value_of(name, defaults[name])) for name in _OF_LOOK)
    # a service is asked for tickers: there they cannot be left out
    opened = bool(number) or source not in ("sample", FILES)
    with folding.on_phone("which", "Only some tickers or sessions", number=number, opened=opened):
        with st.container(key="tickers-place"):
            drawn.draw(main["tickers"], defaults["tickers"], options=_known_tickers(source, defaults))
        with st.grid(2, min_column_width=150):
            drawn.draw(main["start"], defaults["start"])
            drawn.draw(main["end"], defaults["end"])


def _files(drawn: fields.DrawnFields, defaults: Mapping[str, Value]) -> None:
    """Draw the ways to a file: named, brought here, or picked from the folders that runs read.

    Where the page comes with a file (from a link, a run, a profile) both other ways are folded: the look comes first.
    """
    path = str(form_state.value_of("path", defaults["path"]) or "")
    opened = bool(st.session_state.setdefault("files-began-open", not path))  # not as the path is typed anew
    with folding.on_phone(BRING, "Upload a file", opened=opened):
        uploading.show()
    with folding.on_phone("browse", "Pick one here"):
        file_browser.show(path)
    drawn.draw(main_fields()["path"], defaults["path"])


def _known_tickers(source: str, defaults: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the tickers to choose from: of the sample, or of the file that was looked at last."""
    if source == "sample":
        from core.sources.sample import sessions_by_ticker

        return tuple(sessions_by_ticker())
    if source == FILES:
        return looking.tickers_of(str(form_state.value_of("path", defaults["path"]) or ""), source)[
            :MOST_OFFERED
        ]
    return ()


def _todo(
    drawn: fields.DrawnFields, defaults: Mapping[str, Value], about: tuple[str, ChampionFacts | None]
) -> None:
    mode = main_fields()["mode"]
    st.subheader("2 · What to do", anchor=False)
    form_state.seed("mode", form_state.value_of("mode", defaults["mode"]))
    captions = run_bar.captions(*about)
    chosen = st.radio(
        "What the run does", mode.choices, key=form_state.key_of("mode"), help=mode.help, label_visibility="collapsed",
        format_func=lambda name: fields.CHOICES[str(name)], captions=[captions[name] for name in mode.choices],
    )  # fmt: skip
    form_state.remember("mode", chosen)
    drawn.places["mode"] = st.container(key="wrong-mode")


def _button(request: Mapping[str, str], judgement: Judgement) -> DeltaGenerator:
    """Draw the button that asks to start, and return the place of the words beside it."""
    refused = acting.refusal("launch")
    answer = looking.answer_to(request, str(request.get("source") or shell.settings()["source"]))
    look = answer if isinstance(answer, Look) else None
    doubt = run_bar.doubt_of_look(look, judgement.plan) if judgement.plan else ""
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="start-line"):
        words = st.container(key="start-words", gap="xxsmall")
        if doubt and request.get("source") == FILES:
            way = f'<a href="#unfold-{BRING}" target="_self" class="press">Bring a corrected file</a>'
            compact.draw(way, width="content")
        pressed = st.button(
            "Run anyway" if doubt else "Run", type="secondary" if doubt else "primary",
            icon=":material/play_arrow:", key="run", width=140, disabled=refused is not None or not judgement.runs,
        )  # fmt: skip
    if pressed:
        starting.confirm(request, plan=judgement.plan, doubt=doubt)
    return words


def _say(
    judgement: Judgement, about: tuple[str, ChampionFacts | None], look: Look | None,
    defaults: Mapping[str, Value], groups: options_panel.Groups,
) -> None:  # fmt: skip
    """Say beside the button what the run will do, or why it cannot be started."""
    refused = acting.refusal("launch")
    options = options_panel.summary(groups, defaults)
    drawn_where = ("path", "tickers", "start", "end", "mode")
    hidden = {name: text for name, text in judgement.mistakes.items() if name not in drawn_where}
    if refused is not None:
        st.caption(f"{refused} Nothing can be run from here.")
    elif judgement.general or hidden:
        st.markdown(fields.wrong(judgement.general or next(iter(hidden.values()))))
    elif judgement.mistakes:
        st.caption("Correct what is marked, then run.")
    elif judgement.missing:
        st.caption("Choose the prices, then it can run. What the run will do is said here first.")
    elif judgement.plan is not None:
        coming = run_bar.foresee(judgement.plan, about, look, form_state.values(defaults))
        run_bar.words(coming, judgement.plan, about[0], look, options)
    else:
        st.caption("The address is asked when you press Run; what will be done is shown first.")


def _chosen_profile() -> str:
    chosen = str(st.session_state.get(PROFILE) or NO_PROFILE)
    return "" if chosen == NO_PROFILE or chosen not in shell.settings().profiles else chosen


def _profile() -> str:
    """Draw the choice of a profile where the settings have any, and return its name, empty for none."""
    profiles = shell.settings().profiles
    if not profiles:
        return ""
    chosen = st.selectbox(
        "Profile", [NO_PROFILE, *profiles], key=PROFILE, on_change=_profile_changed,
        help="A named set of parameters from luigi.cfg; what is changed below wins.",
    )  # fmt: skip
    return "" if chosen == NO_PROFILE else str(chosen)


def _profile_changed() -> None:
    form_state.fill(shell.settings().under(_chosen_profile()).defaults)
