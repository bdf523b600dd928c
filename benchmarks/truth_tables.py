"""What ``docs/truth.json`` says, as the tables of ``docs/truth.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from truth_counts import AIM, ONE_SIDED, misses, plain, share, surely_misses

MARK = "\\*"
WORLDS = ("noise", "correlated", "one-753", "two-120", "one-94", "year")
"""Studies without anything to predict, each a column."""

FIGURES = {
    "auc": "AUC",
    "precision": "precision",
    "recall": "recall",
    "hit_rate": "hit rate",
    "brier": "Brier score",
    "brier_skill": "Brier skill",
    "log_loss": "log loss",
    "long_flat_return": "return a year",
    "long_flat_sharpe": "Sharpe ratio",
}
_NOTEBOOK, _INPUT = "notebook: ", "input: "


def label(name: str) -> str:
    """Return an interval's name in words.

    >>> label("long_flat_sharpe less that of buy_and_hold")
    'Sharpe ratio less that of buy and hold'
    """
    for column, words in sorted(FIGURES.items(), key=lambda item: -len(item[0])):
        for before in ("", ": "):
            start = f"{before}{column}"
            if name == column or name.startswith(f"{column} ") or (before and name.endswith(start)):
                return name.replace(column, words, 1).replace("_", " ")
    return name.replace("_", " ")


def _cell(counted: Mapping[str, Any] | None, panels: int | None = None) -> str:
    """Return a coverage, and of how many panels where these are not ``panels``."""
    if counted is None:
        return ""
    n = counted["panels"]
    mark = "" if AIM[0] <= counted["holds"] / n <= AIM[1] else MARK
    return share(counted["holds"], n) + mark + (f" ({n:,})" if panels not in (None, n) else "")


def _side(yes: int, panels: int) -> str:
    return share(yes, panels) + (MARK if yes / panels > ONE_SIDED else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def noise(stored: Mapping[str, Any]) -> str:
    """Return the coverage of every interval of the panels with nothing to predict, beside a notebook's."""
    study = stored["studies"]["noise"]
    intervals, rows = study["intervals"], []
    for name, counted in intervals.items():
        if name.startswith(_NOTEBOOK):
            continue
        plain = intervals.get(_NOTEBOOK + name.removeprefix("logistic regression: "))
        n = counted["panels"]
        sides = (_side(counted[side], n) for side in ("below", "above"))
        rows.append((label(name), _cell(counted, study["panels"]), *sides, _cell(plain)))
    return _table((*_head_of(study), "a notebook's covers"), rows)


def worlds(stored: Mapping[str, Any]) -> str:
    """Return the coverage of every interval by world."""
    studies = {name: stored["studies"][name] for name in WORLDS if name in stored["studies"]}
    names = dict.fromkeys(
        n for study in studies.values() for n in study["intervals"] if not n.startswith(_NOTEBOOK)
    )
    head = ("", *(f"{study['short']} ({study['panels']:,})" for study in studies.values()))
    rows = [
        (label(n), *(_cell(study["intervals"].get(n), study["panels"]) for study in studies.values()))
        for n in names
    ]
    plain = f"{_NOTEBOOK}auc"
    rows.append(("a notebook's AUC", *(_cell(study["intervals"].get(plain)) for study in studies.values())))
    return _table(head, rows)


def events(stored: Mapping[str, Any]) -> str:
    """Return how often each verdict, alarm, advice and reason came by world; questions never answered yes left out."""
    studies = {name: stored["studies"][name] for name in WORLDS if name in stored["studies"]}
    names = dict.fromkeys(
        name
        for study in studies.values()
        for name, counted in study["events"].items()
        if not any(words in name for words in ("some look", "some day", _INPUT))
    )
    head = ("", *(f"{study['short']} ({study['panels']:,})" for study in studies.values()))
    rows = []
    for name in names:
        counted = [study["events"].get(name) for study in studies.values()]
        if any(c and c["yes"] for c in counted) or name == "leak alarm":
            rows.append(
                (name.replace("_", " "), *(share(c["yes"], c["panels"]) if c else "" for c in counted))
            )
    return _table(head, rows)


def _events_of(stored: Mapping[str, Any], study: str, words: Sequence[str]) -> str:
    counted = stored["studies"][study]["events"]
    rows = [
        (name, share(c["yes"], c["panels"]))
        for name, c in counted.items()
        if any(word in name for word in words)
    ]
    return _table((f"{stored['studies'][study]['panels']:,} panels", "share"), rows)


def looks(stored: Mapping[str, Any]) -> str:
    """Return what is said at some look of a year."""
    return _events_of(stored, "year", ("some look", "some day", "after a year", "verdict"))


def tries(stored: Mapping[str, Any]) -> str:
    """Return what ten ordinary candidates are called."""
    return _events_of(stored, "tries", ("",))


def _beside_notebook(stored: Mapping[str, Any], name: str) -> str:
    """Return the coverage of every interval of a study, beside a notebook's."""
    study = stored["studies"][name]
    own = {n: c for n, c in study["intervals"].items() if not n.startswith(_NOTEBOOK)}
    rows = [
        (
            label(n),
            _cell(c),
            *(_side(c[side], c["panels"]) for side in ("below", "above")),
            _cell(study["intervals"].get(_NOTEBOOK + n)),
        )
        for n, c in own.items()
    ]
    return _table((*_head_of(study), "a notebook's covers"), rows)


def _head_of(study: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{study['panels']:,} panels", "covers", "lies below the truth", "lies above the truth")


def overlap(stored: Mapping[str, Any]) -> str:
    """Return the coverage where labels overlap."""
    return _beside_notebook(stored, "overlap")


def fills(stored: Mapping[str, Any]) -> str:
    """Return the coverage of what calls earn at the close and at the next open."""
    return _beside_notebook(stored, "fills")


def calibration(stored: Mapping[str, Any]) -> str:
    """Return how often a calibration error is called more than chance explains."""
    return _events_of(stored, "calibration", ("",))


def importance(stored: Mapping[str, Any]) -> str:
    """Return what is said of the worth of the input that a planted dependence rests on, by its strength."""
    rows, names = [], list[str]()
    for study, about in stored["studies"].items():
        answers = {n: c for n, c in about["events"].items() if n.startswith(_INPUT)}
        if not answers or not study.startswith(("noise", "power")):
            continue
        names = names or list(answers)
        panels = answers[names[0]]["panels"]
        shares = (share(answers[n]["yes"], panels) for n in names)
        rows.append((plain(about["world"]["autocorrelation"]), f"{panels:,}", *shares))
    head = (name.removeprefix(_INPUT) for name in names)
    return _table(("autocorrelation", "panels", *head), sorted(rows))


def causes(stored: Mapping[str, Any]) -> str:
    """Return the coverage of intervals as they were made before, step by step."""
    study, percentiles, widened = stored["studies"]["causes"], " (percentiles)", " (widened)"
    intervals = study["intervals"]
    names = dict.fromkeys(name.removesuffix(percentiles).removesuffix(widened) for name in intervals)
    rows = [(name, _cell(intervals[name + percentiles]), _cell(intervals[name + widened])) for name in names]
    return _table((f"{study['panels']:,} panels", "percentiles cover", "widened for few blocks"), rows)


def slices(stored: Mapping[str, Any]) -> str:
    """Return the coverage of intervals of parts of the rows."""
    study = stored["studies"]["slices"]
    rows = [
        (
            label(name),
            f"{c['panels']:,}",
            _cell(c),
            *(_side(c[side], c["panels"]) for side in ("below", "above")),
        )
        for name, c in study["intervals"].items()
    ]
    return _table(("part", "panels", "covers", "lies below the truth", "lies above the truth"), rows)


def power(stored: Mapping[str, Any]) -> str:
    """Return how often a planted dependence is called better, by its strength."""
    rows = []
    for name, study in stored["studies"].items():
        strength = study["world"]["autocorrelation"]
        if not name.startswith(("noise", "year", "power")):
            continue
        auc = study["intervals"]["logistic regression: auc"]
        events = study["events"]
        better, leak = (
            share(counted["yes"], counted["panels"])
            for counted in (events['verdict "better than chance"'], events["leak alarm"])
        )
        when = "in use, 250 sessions" if name.startswith("year") else "training"
        panels, mean, truth = f"{study['panels']:,}", plain(auc["mean"]), plain(auc["truth"])
        rows.append((plain(strength), when, panels, mean, truth, better, leak, _cell(auc)))
    rows.sort(key=lambda row: (row[1], float(row[0])))
    head = ("autocorrelation", "judged", "panels", "mean AUC", "true AUC")
    return _table((*head, '"better than chance"', "leak alarm", "AUC covers"), rows)


def missing(stored: Mapping[str, Any]) -> str:
    """Return the intervals that are sure to miss the aim, with their sides, and those that lie outside it by chance."""
    rows, others = [], []
    for study in (stored["studies"][name] for name in WORLDS if name in stored["studies"]):
        missed = {n: c for n, c in study["intervals"].items() if misses(c) and not n.startswith(_NOTEBOOK)}
        for name in [name for name, counted in missed.items() if surely_misses(counted)]:
            counted = missed.pop(name)
            sides = (_side(counted[side], counted["panels"]) for side in ("below", "above"))
            rows.append((study["short"], label(name), _cell(counted), *sides))
        others.append((study["short"], "; ".join(_in_short(n, c) for n, c in missed.items()) or "none"))
    head = ("panels", "interval", "covers", "lies below the truth", "lies above the truth")
    also = _table(("panels", "perhaps outside, by counting alone: covers (below, above)"), others)
    return f"{_table(head, rows)}\n\n{also}"


def _in_short(name: str, counted: Mapping[str, Any]) -> str:
    covers, below, above = (plain(counted[key] / counted["panels"]) for key in ("holds", "below", "above"))
    return f"{label(name)} {covers} ({below}, {above})"


def seeds(stored: Mapping[str, Any]) -> str:
    """Return the studies with their panels and seeds, and on how many two versions gave the same."""
    rows = [
        (
            f"`{name}`",
            study["short"],
            study["text"],
            f"{study['panels']:,}",
            study["seeds"],
            f"{study['again']['panels']:,}",
            f"{study['again']['differing']:,} of {study['again']['compared']:,}",
        )
        for name, study in stored["studies"].items()
    ]
    head = (
        "study",
        "in the tables",
        "panels are",
        "how many",
        "seeds",
        "judged again",
        "figures that differ",
    )
    return _table(head, rows)


SECTIONS = {
    "noise": noise,
    "worlds": worlds,
    "missing": missing,
    "causes": causes,
    "events": events,
    "looks": looks,
    "tries": tries,
    "slices": slices,
    "overlap": overlap,
    "fills": fills,
    "calibration": calibration,
    "importance": importance,
    "power": power,
    "seeds": seeds,
}
"""What stands between ``<!-- NAME -->`` and ``<!-- end NAME -->`` in the page."""


def filled(page: str, stored: Mapping[str, Any]) -> str:
    """Return the page with its tables made anew; all else stays."""
    for name, section in SECTIONS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        page = pattern.sub(lambda match, section=section: f"{match[1]}{section(stored)}\n{match[2]}", page)
    return page
