"""Runs side by side and over time, on real runs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from core.errors import ParameterError
from core.journal import Journal
from core.queries.runs.comparison import Row, compare
from core.queries.runs.facts import facts
from core.queries.runs.trends import drift_by_session, figures, newest_by_session, trends
from core.request.form_words import plain_name
from core.store.checkpoints import Store
from tests.champions import settings_of
from tests.pages import desk_app
from tests.shared import copy_root, shared


@pytest.fixture(scope="module")
def twice(cold, tmp_path_factory, run_luigi, small):
    """A data root with two runs: the prepared one, and one with another cost and threshold for spikes."""

    def make(folder):
        data = copy_root(cold[0], folder / "data")
        made = run_luigi(*small, "--mode", "train", "--embargo-sessions", "3", data=data)
        assert made.code == 0, made.err
        return data

    return shared(tmp_path_factory, "twice", make)


@pytest.fixture
def both(twice):
    """The facts of both runs, oldest first."""
    journal, store = Journal(twice, read_only=True), Store(twice)
    return [facts(store, journal, run) for run in reversed(journal.runs())]


def test_only_what_differs_is_differing(both):
    """The embargo was asked for, so it and what follows from it differ; prices and features do not."""
    made = compare(both)
    rows = {(row.part, row.name): row.values for row in made.differing()}
    assert rows["parameters", "embargo_sessions"] == ("0", "3")
    assert not {name for part, name in rows if part in ("data", "findings", "features", "vintage")}
    assert ("vintage", "vintage") in {(row.part, row.name) for row in made.rows}
    assert "[" in {(r.part, r.name): r.values for r in made.rows}["metrics", "auc"][0], "with its interval"
    assert made.report_diffs[0].startswith(f"--- {made.runs[0]}")


def test_a_run_beside_itself_agrees_in_everything(both):
    """No row differs, and no line of the report."""
    made = compare([both[0], both[0]])
    assert made.differing() == []
    assert made.report_diffs == ("",)


def test_one_run_is_no_comparison(both):
    """Two or more are needed."""
    with pytest.raises(ParameterError, match="two or more"):
        compare(both[:1])


def test_the_figures_are_the_evaluations(both, twice):
    """What is compared stands in evaluation.json."""
    run = both[0].run
    path = twice / "checkpoints" / "evaluate" / run.keys["evaluate"] / "evaluation.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    assert both[0].metric("auc", "low") == told["performance"]["auc"]["low"]
    ranked = [d["percentile"] for d in told["drift"].values() if d["percentile"] is not None]
    assert both[0].worst_drift == max(ranked, default=None)


def test_what_following_is_worth_stands_side_by_side(both, twice):
    """Risk, coefficients and calibration, as each evaluation has them; an older one has none."""
    rows = {row.name: row.values for row in compare(both).rows if row.part == "trading"}
    bodies = [each.evaluation for each in both]
    assert rows["volatility"] == tuple(f"{body['risk']['volatility']:.6g}" for body in bodies)
    assert set(rows) >= {"turnover", "break_even_bps", "IC mean", "calibration error"}
    earlier = {
        k: v for k, v in bodies[0].items() if k not in ("risk", "ic", "calibration_error", "break_even_bps")
    }
    old = [replace(both[0], evaluation=earlier)] * 2
    assert not [row for row in compare(old).rows if row.part == "trading"]


def test_trends_have_a_row_for_each_whole_report(twice, tmp_path):
    """Oldest first; a run whose report was damaged is left out."""

    data = tmp_path / "data"
    copy_root(twice, data)
    journal = Journal(data, read_only=True)
    frame = trends(settings_of(data), journal)
    assert list(frame["run"]) == [run.run_id for run in reversed(journal.runs())]
    assert not frame["signed"].any()
    assert frame[["auc", "brier", "rows", "seconds"]].notna().all(axis=None)
    newest = journal.runs()[0]
    (data / "checkpoints" / "report" / newest.keys["report"] / "report.txt").write_text(
        "edited", encoding="utf-8"
    )
    assert newest.run_id not in list(trends(settings_of(data), journal)["run"])


@pytest.fixture
def several(both, twice):
    """Trends of the two real runs, the second of them under another profile."""
    frame = trends(settings_of(twice), Journal(twice, read_only=True))
    frame.loc[frame["run"] == both[1].run.run_id, "profile"] = "other"
    return frame


def test_runs_of_another_profile_are_another_line(several):
    """The figure draws each profile by itself."""
    from dashboard.charts import trend_figure

    assert sorted(several["profile"]) == ["files:prices", "other"]
    drawn = trend_figure(several, "auc", "AUC")
    assert [(line.name, len(line.x)) for line in drawn.data] == [(name, 1) for name in several["profile"]]
    assert len({line.line.color for line in drawn.data}) == 2, "the page says above all charts whose is which"
    assert [line.customdata[0][0] for line in drawn.data] == list(several["run"]), "a click leads to its run"


def test_the_newest_report_of_a_session_speaks_for_it(several):
    """Both runs hold one session: of one profile the later one is left, of two each has its own."""
    assert len(newest_by_session(several)) == 2
    one = several.assign(profile="files:prices")
    assert list(newest_by_session(one)["run"]) == [several["run"].iloc[-1]]
    scored = one.assign(auc=[0.5, None])
    assert list(newest_by_session(scored, "auc")["run"]) == [several["run"].iloc[0]], (
        "the one that has a value"
    )


def test_drift_over_time_is_the_evaluations_and_the_worst_column_stands_first(both, several):
    """A row for each watched column, a column for each session; what was not ranked stays empty."""
    table = drift_by_session(several.tail(1))
    own = {name: d["percentile"] for name, d in both[1].evaluation["drift"].items()}
    assert set(table.index) == set(own)
    (session,) = table.columns
    assert session == both[1].evaluation["data"]["to"]
    assert {name: None if v != v else v for name, v in table[session].items()} == own
    ranked = table[session].dropna().tolist()
    assert ranked == sorted(ranked, reverse=True)


def test_one_run_alone_has_axes_with_room(several):
    """Five minutes or two days to each side, a tenth above and below; nothing at all is said in words."""
    from dashboard.charts import trend_figure

    alone = several.head(1)
    figure = trend_figure(alone, "rows", "Rows", along="at")
    (at,), (rows,) = alone["at"], alone["rows"]
    assert [abs((bound - at).total_seconds()) for bound in figure.layout.xaxis.range] == [300, 300]
    by_session = trend_figure(alone, "rows", "Rows").layout.xaxis.range
    assert (by_session[1] - by_session[0]).days == 4
    assert list(figure.layout.yaxis.range) == pytest.approx([0.9 * rows, 1.1 * rows])
    empty = trend_figure(alone.assign(auc=float("nan")), "auc", "AUC")
    assert "None of these reports" in empty.layout.annotations[0].text


def test_what_a_report_says_is_read_once_and_where_it_stands_each_time(twice, tmp_path, monkeypatch):
    """The desk keeps figures by the report's digest; a report that was damaged since is left out all the same."""

    from core.queries.runs import trends as module
    from dashboard import data as loaders

    root, read = tmp_path / "data", []
    copy_root(twice, root)
    monkeypatch.setattr(module, "figures", lambda *given: read.append(given) or figures(*given))
    loaders._figures.clear()
    for _ in range(3):
        assert len(loaders.trends(settings_of(root), Journal(root, read_only=True))) == 2
    assert len(read) == 2
    key = Journal(root, read_only=True).runs()[0].keys["report"]
    (root / "checkpoints" / "report" / key / "report.txt").write_text("edited", encoding="utf-8")
    assert len(loaders.trends(settings_of(root), Journal(root, read_only=True))) == 1
    loaders._figures.clear()


def test_digests_are_short_for_people_and_whole_for_programs():
    """Sixty-four digits tell nobody more than twelve, and break a table of three runs."""
    row = Row("parameters", "input_digest", ("a" * 64, "-", "prices.csv"))
    assert row.texts == ("a" * 12, "-", "prices.csv")
    assert row.values[0] == "a" * 64


def test_the_terminal_compares(run_afterclose, twice):
    """By the beginning of an id; a run without a report is named."""
    first, second = (run.run_id for run in reversed(Journal(twice, read_only=True).runs()))
    told = run_afterclose("compare", first, second, "--report", data=twice)
    assert told.code == 0, told.err
    assert ["parameters", "embargo_sessions", "0", "3"] in [line.split() for line in told.out.splitlines()]
    assert f"+++ {second}" in told.out
    made = json.loads(run_afterclose("compare", first, second, "--json", data=twice).out)
    assert made["runs"] == [first, second]
    assert run_afterclose("compare", first, data=twice).code == 4


def test_the_pages_draw_them(open_page, twice):
    """A table of what differs with both reports, differences on common rows, and a chart of each figure."""
    compared = open_page("compare", twice)
    assert not compared.exception
    assert plain_name("embargo_sessions") in " ".join(each.proto.body for each in compared.get("html"))
    assert {"compare-roc", "compare-wealth"} <= {
        chart.proto.id.split("-", 2)[-1] for chart in compared.get("plotly_chart")
    }
    over_time = open_page("trends", twice)
    assert not over_time.exception
    assert not over_time.get("plotly_chart"), "one session is a table"
    over_time.button_group(key="trends-along").set_value("When it ran").run()
    assert not over_time.exception
    boxes = "".join(each.proto.body for each in over_time.get("html")).count("st-key-level-")
    assert boxes, "two runs of the same prices have the same rows"
    assert len(over_time.get("plotly_chart")) + boxes == 5, "each figure that some report has a value of"
    said = " ".join(caption.value for caption in over_time.caption)
    assert "diamonds" not in said, "none of them is signed"
    assert "shaded" not in said, "two reports have no usual range"
    assert "Without a value in these reports: " in said
    assert "Drift of each column: no report has enough history to rank it." in said


def test_empty_pages_say_what_to_do(open_page, tmp_path):
    """No run at all."""
    assert "Two finished runs of one profile" in open_page("compare", tmp_path / "none").info[0].value
    assert "No run has made a report" in open_page("trends", tmp_path / "none").info[0].value


@pytest.fixture
def open_page(root, monkeypatch):
    """Open a page of the desk on a data root."""
    import streamlit as st

    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.chdir(root)
    # a page under test takes the place of the main module; processes that later tests spawn must not find it
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])

    def show(view, data):
        monkeypatch.setenv("AFTERCLOSE_DATA", str(data))
        at = desk_app()
        return at.switch_page(f"views/{view}.py").run()

    return show
