"""A look at the prices that a run would read, before it is started: what they hold, and what the gate would say.

It is taken by itself of what is read in a moment; of an address or a large file once it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.prices.calendar_fit import Fit
from core.prices.rule_summaries import RuleSummary
from core.queries.look import SAMPLE, Look, basis_sentence, fit_sentence, left_out_sentence, look_apart
from core.report.formatting import bytes_text, count, counted, share, spaced
from core.request.profiles import PROFILE
from core.request.stages import parameters_of, stage_named
from core.sources.addresses.address import names_address
from core.sources.reading import FILES
from core.sources.tabular.inventory import inventory_of
from core.sources.tabular.options import CANONICAL
from dashboard import acting, compact, form_state, look_table, monospaced, shell, wrapped
from dashboard.words import literal

AT_ONCE_BYTES = 24_000_000
"""What is read and judged within seconds; a larger file waits for a press."""

MOST_RULES = 6
MOST_REMEMBERED = 8
_REQUESTED, _ANSWERS = "look-asked", "look-taken"
_RELEVANT = frozenset(
    {
        PROFILE, "source", "path", "min_train_sessions", "horizon_sessions",
        *(p.name for p in parameters_of(map(stage_named, ("ingest", "validate"))).values()),
    }
)  # fmt: skip
"""What of a request changes a look."""


def answer_to(request: Mapping[str, str], source: str) -> Look | AftercloseError | None:
    """Return what a look at the prices of a request has shown in this session; None without one. Nothing is read."""
    subject = _subject(request, source)
    return None if subject is None else _answers().get(_key(subject))


def show(request: Mapping[str, str], source: str, *, wrong: bool) -> bool:
    """Draw the look, or why there is none yet, and return whether it was taken just now.

    Parameters
    ----------
    wrong : bool
        Whether the request names nothing that can be read.
    """
    subject = None if wrong or acting.refusal("launch") else _subject(request, source)
    with st.container(key="look"):
        place = st.empty()
        answer = None if subject is None else _answers().get(_key(subject))
        is_new = subject is not None and answer is None and _at_once(subject)
        if is_new and subject is not None:
            with place.container():
                _head("Reading and judging these prices…", "hourglass_top", "gray")
            answer = _answers()[_key(subject)] = _answer(subject)
            _forget_oldest()
        with place.container():
            if isinstance(answer, Look):
                _draw(answer)
            elif isinstance(answer, AftercloseError):
                _head("This cannot be read", "error", "red")
                shell.problem(answer)
            else:
                _waiting(request, source, wrong=wrong)
    return is_new


def tickers_of(path: str, source: str) -> tuple[str, ...]:
    """Return the tickers of the look at a path that was taken last in this session, whatever was chosen of it."""
    looks = [
        answer
        for (subject, _), answer in _answers().items()
        if isinstance(answer, Look)
        and dict(subject).get("path", "") == path
        and dict(subject)["source"] == source
    ]
    return max((tuple(look.tickers) for look in looks), key=len, default=())


def _answers() -> dict[Any, Look | AftercloseError]:
    answers: dict[Any, Look | AftercloseError] = st.session_state.setdefault(_ANSWERS, {})
    return answers


def _forget_oldest() -> None:
    answers = _answers()
    for key in list(answers)[:-MOST_REMEMBERED]:
        del answers[key]


def _key(subject: Mapping[str, str]) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, int, int], ...]]:
    return tuple(sorted(subject.items())), _stamp(subject)


def _at_once(subject: dict[str, str]) -> bool:
    """Return whether a look is taken without being asked for."""
    size = _size(subject)
    return size is not None and (size <= AT_ONCE_BYTES or st.session_state.get(_REQUESTED) == subject)


def _subject(request: Mapping[str, str], source: str) -> dict[str, str] | None:
    """Return what is looked at; None for a source that has to be asked, or where nothing is chosen."""
    if source not in (FILES, SAMPLE) or (source == FILES and not request.get("path")):
        return None
    own = {name: text for name, text in request.items() if name in _RELEVANT}
    return {**own, "source": source}


def _size(subject: Mapping[str, str]) -> int | None:
    """Return how many bytes are read; None where nothing is there. An address is as large as can be."""
    if subject["source"] == SAMPLE:
        return 0
    if names_address(subject["path"]):
        return 2**62
    files = _stamp(subject)
    return sum(size for _, size, _ in files) if files else None


def _stamp(subject: Mapping[str, str]) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of writing of each file that is read; nothing where there is none."""
    if subject["source"] == SAMPLE or names_address(subject["path"]):
        return ()
    try:
        looks = [(str(file), file.stat()) for file in inventory_of(subject["path"]).files]
    except (AftercloseError, OSError):
        return ()
    return tuple((name, look.st_size, look.st_mtime_ns) for name, look in looks)


def _answer(subject: Mapping[str, str]) -> Look | AftercloseError:
    try:
        return _looked(*_key(subject), datetime.now(UTC).date().isoformat())
    except AftercloseError as error:
        return error


@st.cache_data(max_entries=16, show_spinner=False)
def _looked(subject: tuple[tuple[str, str], ...], *rests_on: object) -> Look:
    del rests_on
    return look_apart(shell.settings(), dict(subject), now=datetime.now(UTC))


def _waiting(request: Mapping[str, str], source: str, *, wrong: bool) -> None:
    subject, refused = _subject(request, source), acting.refusal("launch")
    if refused:
        _head("No look", "visibility_off", "gray")
        st.caption(f"{refused} So nothing is read here.")
    elif wrong and subject is not None:
        _head("No look yet", "visibility_off", "gray")
        st.caption("Correct what is marked; then what is in these prices is shown here.")
    elif subject is not None:
        _ask(subject)
    elif source == FILES:
        _head("A look at your prices", "visibility", "gray")
        st.caption("Bring a file, pick one, or type its path. Before anything runs you see here:")
        st.markdown(
            "- how many rows, tickers and sessions it has, and from when to when\n"
            "- a picture of each ticker, with the sessions that it lacks\n"
            "- what the gate would stop or point out, with the lines of the file\n"
            "- whether the history is long enough to judge a model\n"
            "- which exchange's calendar its days are"
        )
    else:
        _head("Asked when the run starts", "cloud", "gray")
        words = (
            f"{source.capitalize()} is asked for these tickers when the run starts, and its answer is judged by the "
            "gate like any file. Nothing is asked while you fill in this page."
        )
        compact.draw(f'<div class="quiet sealed look-asked">{compact.words(words)}</div>')


def _ask(subject: dict[str, str]) -> None:
    size = _size(subject)
    about = "It is at an address, which is asked only when you say so."
    if size is not None and size < 2**62:
        about = f"It has {bytes_text(size)}: to read and judge it takes a while."
    _head("No look yet", "visibility", "gray")
    st.caption(about)
    st.button(
        "Look at it", icon=":material/visibility:", key="look-at", on_click=_ask_for_it, args=(subject,)
    )


def _ask_for_it(subject: dict[str, str]) -> None:
    st.session_state[_REQUESTED] = subject


def _head(text: str, sign: str, colour: str) -> None:
    st.markdown(f"##### :{colour}[:material/{sign}:] {literal(text)}")


def _draw(look: Look) -> None:
    wrong = sum(finding["severity"] == "error" for finding in look.findings)
    if look.stops:
        _head(f"{look.name}: {counted(wrong, 'error')}", "error", "red")
    elif look.shortage:
        _head("Readable, but too short to judge a model", "history", "orange")
    else:
        _head("Ready to run", "check_circle", "green")
    name = "" if look.stops else f"**{literal(look.name)}** "
    if words := name + literal(_how(look)):
        st.caption(words)
    rules = look.rules()  # what would stop a run stands above the figures
    errors = [rule for rule in rules if rule.severity == "error"]
    if errors:
        compact.draw(f'<div id="{look_table.ERRORS}">{_rules(errors, look.name)}</div>')
    with st.container(key="look-figures"):
        compact.draw(f'<div class="look-facts" id="{look_table.PLACE}">{_facts(look)}</div>')
    _advice(look)
    compact.draw(_tickers(look))
    if len(errors) < len(rules):
        warnings = [rule for rule in rules if rule.severity != "error"]
        number = counted(sum(rule.count for rule in warnings), "thing")
        with st.expander(f"{number} pointed out, that do not stop a run", key="look-warnings"):
            compact.draw(_rules(warnings, look.name))
    with st.expander("First rows, and how the file was read", key="look-rows"):
        wrapped.table(
            {name: [_cell(row[name]) for row in look.first_rows] for name in look.columns}, "look-first-rows"
        )
        for sentence in (fit_sentence(look), basis_sentence(look)):
            st.caption(literal(sentence))


def _how(look: Look) -> str:
    """Return how the files were read, in a few words; nothing for a plain table."""
    if not look.files:
        return ""
    if len(look.files) > 1:
        return f"· {counted(len(look.files), 'file')}"
    usual = CANONICAL.record()
    how = {
        name: text
        for name, text in look.files[0].items()
        if name not in ("name", "sha256", "rows") and isinstance(text, str) and usual.get(name) != text
    }
    read_as = ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in how.items())
    left_out = left_out_sentence(look.files[0])
    return " ".join([*([f"· read as {read_as}"] if how else []), *([f"· {left_out}"] if left_out else [])])


def _cell(value: object) -> object:
    return value if isinstance(value, int | str) or value is None else f"{value:.10g}"


def _facts(look: Look) -> str:
    """Return what there is in figures, as boxes beside each other."""
    fit = look.calendar
    calendar = fit.calendar if fit else "unknown"
    days = _days(fit) if fit else "days not known"
    own = "adjusted close in it" if look.adjusted_close == "source" else "no adjusted close"
    basis = {"unknown": "not stated", "raw": "raw", "split_adjusted": "split-adjusted"}
    span = f"{look.first} to {look.last}" if look.first else "no dates"
    names = ", ".join(list(look.tickers)[:4]) + (" …" if len(look.tickers) > 4 else "")
    boxes = [
        _fact("Rows", count(look.rows), counted(len(look.columns), "column")),
        _fact("Tickers", count(len(look.tickers)), names),
        _fact("Sessions", count(look.sessions), span),
        _fact("Calendar", calendar, days),
        _fact("Prices", basis.get(look.price_basis, look.price_basis), own),
        compact.box("look-judge", [compact.quiet("History"), look_table.enough(look)]),
    ]
    return compact.grid(boxes, least_px=155)


def _days(fit: Fit) -> str:
    """Return what a calendar has against the days, in few words."""
    parts = [
        *([f"{counted(fit.missing, 'session')} missing"] if fit.missing else []),
        *([f"{counted(fit.extra, 'day')} too many"] if fit.extra else []),
    ]
    return f"{share(fit.share)}: {', '.join(parts)}" if parts else "every session is there"


def _fact(label: str, value: str, below: str) -> str:
    key = f"look-{label.lower()}"
    return compact.box(
        key,
        [compact.quiet(label), f'<span class="figure">{compact.strong(value)}</span>', compact.quiet(below)],
    )


def _advice(look: Look) -> None:
    if look.better_calendar and look.best:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="look-calendar"):
            st.markdown(
                f":orange[:material/calendar_month:] The days are those of **{look.best.calendar}** "
                f"({share(look.best.share)} in common).",
                width="content",
            )
            st.button(
                f"Use calendar {look.best.calendar}", key="use-calendar", on_click=form_state.put,
                args=("calendar", look.best.calendar),
            )  # fmt: skip
    if look.shortage:
        st.markdown(f":orange[:material/history:] {literal(look.shortage)}")


def _tickers(look: Look) -> str:
    """Return the table of tickers, and in words what its pictures show."""
    if not look.pictures:
        return ""
    more = len(look.tickers) - len(look.pictures)
    words = (
        "Line: the close as it came; ring: a day in question. Strip: sessions with a row (blue), with gaps (orange, "
        "red), before or after the ticker (grey)."
    )
    if more > 0:
        words += f" {counted(more, 'more ticker')} not drawn."
    table = look_table.markup(look, dark=st.context.theme.type == "dark")
    window = f'<div class="look-tickers" tabindex="0" role="region" aria-label="Tickers">{table}</div>'
    return f"{window}{compact.quiet(words)}"


def _rules(rules: list[RuleSummary], name: str) -> str:
    """Return what the gate says, rule by rule, with lines of the file."""
    more = len(rules) - MOST_RULES
    further = compact.quiet(f"{counted(more, 'further rule')}.") if more > 0 else ""
    return "".join(_rule(group, name) for group in rules[:MOST_RULES]) + further


def _rule(group: RuleSummary, of: str) -> str:
    name = compact.strong(spaced(group.rule))
    # the file that is looked at stands above; of several each line names its own
    own = [line.removeprefix(f"{of}, ") if line.startswith(f"{of}, line") else line for line in group.lines]
    lines = monospaced.table_lines(own) if own else ""
    says = compact.words(group.example + group.more)
    return (
        f'<div class="look-rule"><div>{name} {says}</div>'
        f"{compact.quiet(f'Expected {group.expected}. {group.action}')}{lines}</div>"
    )
