"""How far runs are apart on the rows that both judged: in a sentence, and as a table with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import AftercloseError, listed
from core.label import Label
from core.queries.models.paired_runs import BETTER, OPEN, WORSE, MeasureDifference, PairedRuns, paired_runs
from core.queries.models.signal_changes import probabilities
from core.queries.models.written_differences import decimals, difference_text, value_text
from core.queries.runs.facts import RunFacts
from core.report.formatting import chance, counted, metric
from core.store.checkpoints import Store
from dashboard import compact, data, wrapped
from dashboard.charts.compared import interval_svg
from dashboard.data import StoredArtifact
from dashboard.words import literal

Names = Mapping[str, str]
"""Run -> how it is called on the page."""


def lead(store: Store, several: Sequence[RunFacts], names: Names) -> None:
    """Say first, of every further run, what it does better or worse than the first, or that they are one."""
    first = several[0]
    for other in several[1:]:
        pair = f"between {names[other.run.run_id]} and {names[first.run.run_id]}"
        head, rest = _NONE, f" {pair}: the tables of one of them are not there."
        try:
            paired = _pair(store, first, other)
        except AftercloseError as error:
            paired, rest = None, f" {pair}: {error}"
        if paired and paired.differences:
            head, rest = outcome(paired, names[other.run.run_id], names[first.run.run_id])
        elif paired:
            rest = f" {pair}: {paired.reason}."
        compact.draw(
            f"<strong>{compact.words(head)}</strong>{compact.words(rest)} {_moved(other, first)}".rstrip()
        )


_NONE = "No difference can be given"


def outcome(paired: PairedRuns, second: str, first: str) -> tuple[str, str]:
    """Return what the differences of two runs, by their names, come to: a few words, and the rest of the sentence."""
    if _same(paired):
        rows = f"{counted(paired.rows, 'row')} that both judged ({paired.begin} to {paired.end})"
        return (
            "Same on the past",
            f": {second} and {first} give the same probability on each of the {rows}.",
        )
    labels = {
        reading: [metric(each.key).label for each in paired.differences if each.reading == reading]
        for reading in (BETTER, WORSE)
    }
    words = [f"{reading} in {listed(names)}" for reading, names in labels.items() if names]
    if words:
        others = sum(each.reading == OPEN for each in paired.differences)
        rest = f"; in {others} of {len(paired.differences)} measures no difference is shown" if others else ""
        return f"{second} is {', '.join(words)}", f" than {first}{rest}."
    pair = f" between {second} and {first}"
    valued = [each for each in paired.differences if each.value is not None and each.low is not None]
    if not valued:
        return "No difference is shown", f"{pair}."
    most = max(valued, key=lambda each: abs(each.value or 0) / ((each.high or 0) - (each.low or 0) or 1))
    furthest = f"{metric(most.key).label}, {_difference(most)}"
    return "No difference is shown", f"{pair}: every interval holds 0. Furthest from it is {furthest}."


def pairs_that_differ(store: Store, several: Sequence[RunFacts]) -> dict[str, PairedRuns]:
    """Return the further runs with a measure on shared rows that is not the first one's, by their id."""
    pairs: dict[str, PairedRuns] = {}
    for other in several[1:]:
        try:
            paired = _pair(store, several[0], other)
        except AftercloseError:
            continue  # said in the first sentence
        if paired and paired.differences and not _same(paired):
            pairs[other.run.run_id] = paired
    return pairs


def _moved(other: RunFacts, first: RunFacts) -> str:
    """Return whether the signals are others, and which moved most; empty where they share no ticker or outcome."""
    if Label.of(other.evaluation) != Label.of(first.evaluation):
        return ""
    before, after = (probabilities(each.evaluation.get("signals") or ()) for each in (first, other))
    ticker = max(before.keys() & after.keys(), key=lambda t: (abs(after[t] - before[t]), t), default="")
    if not ticker:
        return ""
    if after[ticker] == before[ticker]:
        return "New signals are the same."
    words = f": {ticker} most, {chance(before[ticker])} to {chance(after[ticker])}."
    return f"<strong>New signals differ</strong>{compact.words(words)}"


def _same(paired: PairedRuns) -> bool:
    return all(each.value == each.low == each.high == 0 for each in paired.differences)


def table(pairs: Mapping[str, PairedRuns], first: str, names: Names) -> None:
    """Draw each measure of further runs against the run ``first``, on the rows that both judged."""
    for run_id, paired in pairs.items():
        if len(pairs) > 1:
            st.markdown(f"**{literal(names[run_id])} minus {literal(names[first])}**")
        letters = [names[each].partition(" ")[0] for each in (first, run_id)]
        _forest(paired, f"differences-{run_id}", letters)


def _pair(store: Store, first: RunFacts, other: RunFacts) -> PairedRuns | None:
    return _paired(store, _tables(store, first), _tables(store, other), other.evaluation["settings"])


def _tables(store: Store, each: RunFacts) -> dict[str, StoredArtifact]:
    return data.artifacts_of(store, each.run, ("predictions", "features"))


@st.cache_data(max_entries=16, show_spinner="Comparing row by row…", hash_funcs=data.BY_CONTENT)
def _paired(
    store: Store,
    first: Mapping[str, StoredArtifact],
    second: Mapping[str, StoredArtifact],
    settings: Mapping[str, Any],
) -> PairedRuns | None:
    if len(first) < 2 or len(second) < 2:
        return None
    tables = [
        [data.table(store, run[kind]) for kind in ("predictions", "features")] for run in (first, second)
    ]
    (a, b), (c, d) = tables
    return paired_runs((a, b), (c, d), settings)


def _forest(paired: PairedRuns, key: str, letters: Sequence[str]) -> None:
    extent = (
        f"On the {counted(paired.rows, 'row')} of {counted(paired.sessions, 'session')} ({paired.begin} to "
        f"{paired.end}) that both judged and neither model had learnt from."
    )
    dark = st.context.theme.type == "dark"
    rows = [each for each in paired.differences if each.value is not None]
    wrapped.table(
        {
            "Measure": [metric(each.key).label for each in rows],
            letters[0]: [value_text(each.first, each.key, _places(each)) for each in rows],
            letters[1]: [value_text(each.second, each.key, _places(each)) for each in rows],
            "Difference": [wrapped.Drawn(compact.unbroken(_difference(each))) for each in rows],
            "Around 0": [wrapped.Drawn(_picture(each, dark=dark)) for each in rows],
            "Reading": [each.reading for each in rows],
        },
        key,
        numbers=(*letters, "Difference"),
    )
    st.caption(
        f"{extent} A bar that crosses the dotted line shows no difference; each row has a scale of its own. Of Brier "
        "score and log loss less is better."
    )


def _difference(each: MeasureDifference) -> str:
    estimate = {"value": each.value, "low": each.low, "high": each.high}
    return difference_text(estimate, each.key, _places(each))


def _places(each: MeasureDifference) -> int:
    return decimals(each.key, each.first, each.second)


def _picture(each: MeasureDifference, *, dark: bool) -> str:
    assert each.value is not None, "the caller has looked"
    svg = interval_svg(each.value, each.low, each.high, reading=each.reading, dark=dark)
    return f'<span class="forest">{compact.picture(svg, f"{_difference(each)}: {each.reading}")}</span>'
