"""Two universes in one root, attacked by the desk, HTTP, SQL and exports: nothing of one is in the other."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest

from core.errors import ParameterError
from core.journal import Journal
from core.queries.sql import query, tables
from core.review.tokens import add_token
from tests.champions import settings_of
from tests.cli.conftest import FIRST, SECOND, TICKERS
from tests.pages import desk_app
from tests.shared import copy_root

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("which", [0, 1], ids=["first", "second"])
OF_ONE = ("run", "data", "features", "predictions", "model", "report", "compare")
"""Pages about one run, or about runs of one profile."""


def marks(universes, name: str) -> set[str]:
    """What can be of one profile alone: its tickers, model, report, runs and every key of its checkpoints."""
    journal = Journal(universes.data, read_only=True)
    runs = [journal.run(run_id) for run_id in universes.runs[name]]
    keys = {key for run in runs for key in run.keys.values()}
    tickers = TICKERS[FIRST if name == FIRST else SECOND]
    return keys | tickers | {universes.models[name], universes.reports[name], *universes.runs[name]}


def crossing(universes, own: str, text: str) -> set[str]:
    """What of another profile stands in a text."""
    (other,) = universes.models.keys() - {own}
    foreign = marks(universes, other) - marks(universes, own)
    return {mark for mark in foreign if re.search(rf"(?<![\w-]){re.escape(mark)}(?![\w-])", text)}


def drawn(at) -> str:
    """Everything that a page sends to the browser, as text: tables, charts and choices too."""
    return "\n".join(str(node.proto) for node in at if getattr(node, "proto", None) is not None)


def plain(text: str) -> str:
    """A text without Markdown's escapes."""
    return text.replace("\\", "")


@BOTH
@pytest.mark.parametrize("page", OF_ONE)
def test_a_page_of_one_profile_shows_nothing_of_the_other(page, which, universes, open_desk):
    """Opened by its newest run, by an earlier one, by its name: no figure, model, key or ticker of the other."""
    name = (FIRST, universes.second)[which]
    newest, earlier = universes.runs[name][-1], universes.runs[name][0]
    for address in ({"run": newest}, {"run": earlier}, {"profile": name}):
        at = open_desk(page, **address)
        assert not at.exception
        assert not at.error, address
        text = drawn(at)
        assert crossing(universes, name, text) == set(), address
        assert any(mark in text for mark in marks(universes, name)), "the page shows something"


@BOTH
def test_rows_of_a_list_name_the_profile_that_they_are_of(which, universes, open_desk):
    """Pages over the whole root: what is of one profile stands in a row with that profile's name, and no other's."""
    name, other = (FIRST, universes.second)[which], (universes.second, FIRST)[which]
    for page in ("profiles", "audit"):
        text = plain(drawn(open_desk(page, profile=name)))
        rows = [row for row in re.split(r"<tr |\nbody: ", text) if crossing(universes, other, row)]
        for row in rows:
            assert name in row, (page, row)
        assert rows


def test_every_run_in_the_list_says_whose_it_is(universes, open_desk):
    """A row for each, with the profile beside what was asked."""
    text = plain(drawn(open_desk("runs")))
    for name, runs in universes.runs.items():
        assert len(re.findall(rf">{re.escape(name)}<", text)) == len(runs)


def test_trends_are_lines_of_one_profile_each(universes, open_desk):
    """No trace has runs of two profiles."""
    text = plain(drawn(open_desk("trends", profile=FIRST)))
    traces = [runs for runs in re.findall(r'"customdata":(\[\[.*?\]\])', text) if "Z-" in runs]
    assert traces
    for runs in traces:
        owners = [name for name, own in universes.runs.items() if any(run in runs for run in own)]
        assert len(owners) == 1, runs


def test_the_desk_compares_runs_of_one_profile(universes, open_desk):
    """Two runs of two profiles in an address: those of the first one's profile can be chosen."""
    for name in (FIRST, universes.second):
        at = open_desk("compare", run=universes.runs[name][0])
        assert not at.exception
        assert set(at.multiselect(key=f"compare-runs-{name}").value) <= set(universes.runs[name])
        assert len(at.multiselect(key=f"compare-runs-{name}").options) == len(universes.runs[name])


def test_overview_has_each_profile_by_itself(universes, open_desk):
    """A card and a champion of each."""
    at = open_desk("overview")
    text = drawn(at)
    assert not at.exception
    for name, model in universes.models.items():
        assert name in text
        assert model in text


def rows_of(answer, profile):
    """The rows of a list that are of a profile."""
    return [row for row in answer if row["profile"] == profile]


def test_http_answers_of_one_profile_have_nothing_of_the_other(universes, start_desk, tmp_path):
    """Lists by profile, rows of a list for all, and every artifact of a run; metrics are in test_newest_by_profile."""
    data = copy_root(universes.data, tmp_path / "data")
    (tmp_path / "luigi.cfg").write_text("[api]\ntokens = tokens.toml\n", encoding="utf-8")
    token = add_token(tmp_path / "tokens.toml", "a-viewer", "viewer")
    url = start_desk(data, cwd=tmp_path).url

    def ask(path):
        asked = urllib.request.Request(f"{url}/api/{path}", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    every_run, every_report = ask("runs"), ask("reports")
    for name in universes.models:
        run = universes.runs[name][-1]
        of_one = [ask(f"runs?profile={name}"), ask(f"reports?profile={name}"), ask(f"runs/{run}")]
        of_one += [ask(f"runs/{run}/{kind}") for kind in ("findings", "evaluation", "predictions")]
        of_one += [rows_of(every_run, name), rows_of(every_report, name)]
        for answer in of_one:
            assert answer
            assert crossing(universes, name, json.dumps(answer)) == set()


def test_views_for_sql_keep_profiles_apart(universes):
    """Every table with a profile: a row has no key, model, run or ticker of the other."""
    here, with_profile = settings_of(universes.data), set()
    for table in tables():
        try:
            with query(here, f"SELECT * FROM {table}") as answer:
                rows = answer.df().to_dict("records")
        except ParameterError:  # nothing of that kind was made here
            continue
        for name in universes.models:
            own = [row for row in rows if name in (row.get("profile"), row.get("profiles"))]
            with_profile |= {table} if own else set()
            assert crossing(universes, name, str(own)) == set(), table
    assert {
        "prices_raw",
        "features",
        "predictions",
        "signals",
        "metrics",
        "all_features",
        "runs",
    } <= with_profile


@BOTH
def test_exports_of_one_profile_have_nothing_of_the_other(which, universes, run_afterclose, tmp_path):
    """The folder of a run, the workbook, and a run of MLflow in an experiment of the profile's own."""
    import zipfile

    name = (FIRST, universes.second)[which]
    done = run_afterclose("export", "--profile", name, "--xlsx", data=universes.data, cwd=tmp_path)
    assert done.code == 0, done.err
    done = run_afterclose("export", "--profile", name, data=universes.data, cwd=tmp_path)
    assert done.code == 0, done.err
    files = [path for path in tmp_path.iterdir() if zipfile.is_zipfile(path)]
    assert len(files) == 2
    for file in files:
        with zipfile.ZipFile(file) as archive:
            for member in archive.namelist():
                text = archive.read(member).decode("utf-8", "replace")
                assert crossing(universes, name, text) == set(), (file.name, member)


@BOTH
def test_a_run_of_mlflow_is_of_one_profile(which, universes, run_afterclose, tmp_path):
    """Parameters, metrics, artifacts and model, in an experiment that is called after the profile."""
    pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    name = (FIRST, universes.second)[which]
    store = tmp_path / "mlflow"
    words = ("export", "--profile", name, "--mlflow", store.as_uri(), "--json")
    environ = {
        "MLFLOW_ALLOW_FILE_STORE": "true"
    }  # a folder does here: a server is in tests/queries/test_mlflow.py
    done = run_afterclose(*words, data=universes.data, cwd=tmp_path, env=environ)
    assert done.code == 0, done.err
    assert json.loads(done.out)["experiment"] == f"afterclose/{name}"
    files = [path for path in store.rglob("*") if path.is_file()]
    assert len(files) > 20
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        assert crossing(universes, name, f"{file}\n{text}") == set(), file


@pytest.fixture
def open_desk(universes, monkeypatch, root, tmp_path):
    """Open a page of the desk over the two universes: ``open_desk("model", run=...)``."""
    import sys

    import streamlit as st

    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("AFTERCLOSE_DATA", str(universes.data))
    monkeypatch.chdir(root)
    st.cache_resource.clear()
    st.cache_data.clear()

    def show(page, **address):
        at = desk_app(timeout_s=120)
        for name, value in address.items():
            at.query_params[name] = value
        return at.switch_page(f"views/{page}.py").run()

    return show
