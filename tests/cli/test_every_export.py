"""Every way by which something leaves: names that are formulas, links or orders to a terminal are neutral in each.

A new way out fails `test_every_way_out_has_its_case` until it is in the table there.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.journal import Journal
from core.queries.reports import audit, mlflow_run
from core.queries.runs.holdings import as_zip
from core.report.as_csv import safe_csv
from core.request import settings
from core.runs import openlineage
from core.store.checkpoints import Store
from dashboard import api
from tests.conftest import small_options
from tests.late import Late

openpyxl, pypdf = Late("openpyxl"), Late("pypdf")
ROOT = Path(__file__).resolve().parents[2]
NAME = '=HYPERLINK("http://evil.example/a","x")\x1b]0;PWN\x07 [y](http://evil.example/b) <img src=//evil.example/c>'
COMMENT = "@SUM(1+1)|cmd;=1+1 www.evil.example \x1b[2J ![p](http://evil.example/d.png) javascript:alert(1)"
TICKERS = ("^A=1+1", "www.evil.example")
SHOWN = NAME.replace("\x1b", "").replace("\x07", "")
FORMULA = re.compile(r"^[\s\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠]")

WAYS_OUT = {
    "core/cli/exporting.py --output": "zip",
    "core/cli/exporting.py --xlsx": "xlsx",
    "core/cli/exporting.py --mlflow": "mlflow",
    "core/cli/querying.py --csv": "csv",
    "core/cli/stage.py --output": "artifact",
    "core/cli/upkeep.py backup": "zip",
    "core/cli/*.py --json": "json",
    "core/runs/openlineage.py": "openlineage",
    "core/queries/notebook.py": "python",
    "dashboard/api.py": "api",
    "dashboard/data.py": "csv",
    "dashboard/run_actions.py": "zip",
    "dashboard/run_log.py": "log",
    "dashboard/run_made.py": "artifact",
    "dashboard/signoff_panel.py": "published",
    "dashboard/views/audit.py": "audit",
    "dashboard/views/run.py": "zip",
}
"""Where something leaves in the code, and in which form; each form has its test below."""


@pytest.fixture(scope="module")
def root(tmp_path_factory, prices_file, run_afterclose):
    """A data root with a published report in which nothing has a decent name; and how to ask its commands."""
    folder = tmp_path_factory.mktemp("export")
    text = prices_file.read_text()
    names = sorted({line.split(",")[1] for line in text.splitlines()[1:]})
    for name, hostile in zip(names, TICKERS, strict=True):
        text = text.replace(f",{name},", f",{hostile},")
    (folder / "www.evil.example.csv").write_text(text)
    (folder / "luigi.cfg").write_text(f"[user]\nname = {NAME}\n")
    data = folder / "data"
    env = {"LUIGI_CONFIG_PATH": str(folder / "luigi.cfg")}

    def ask(*words, code=0):
        done = run_afterclose(*words, data=data, env=env, cwd=folder)
        assert done.code == code, done.err
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", done.out + done.err), words
        return done.out

    ask("run", "--mode", "train", *small_options(folder / "www.evil.example.csv"))
    text = ask("review", "latest", "--text")
    (folder / "mine.txt").write_text(text.partition("\n\n\n")[0] + f"\n{COMMENT}\n")
    report = json.loads(ask("review", "latest", "--json"))["report"]
    ask("review", report, "--save", str(folder / "mine.txt"), "--base", "0")
    digest = json.loads(ask("review", report, "--json"))["sha256"]
    ask("sign", report, "--digest", digest, "--meaning", "approved", "--comment", COMMENT)
    ask("publish", report)
    return folder, ask, report


@pytest.fixture
def configured(root, monkeypatch):
    """Its settings."""
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(root[0] / "luigi.cfg"))
    monkeypatch.setenv("AFTERCLOSE_DATA", str(root[0] / "data"))
    return settings.load()


def judge_csv(data: bytes) -> list[list[str]]:
    """No cell starts a formula, whichever sign parts cells."""
    text = data.decode()
    rows = list(csv.reader(io.StringIO(text)))
    for delimiter in ",;|\t":
        cells = (cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row)
        wrong = [cell for cell in cells if FORMULA.match(cell) and not _is_number(cell)]
        assert not wrong, (delimiter, wrong)
    return rows


def _is_number(cell: str) -> bool:
    # what follows the comma of a number that ends a line of another delimiter is a number as well
    return re.fullmatch(r"[-+0-9.e,: ]*|-?(inf|nan)", cell.strip()) is not None


def judge_page(data: bytes) -> None:
    """Nothing of another place is named in what a browser follows."""

    class Links(HTMLParser):
        def __init__(self):
            super().__init__()
            self.links = []

        def handle_starttag(self, tag, attrs):
            assert tag not in {"script", "iframe", "object", "embed", "form"}
            self.links += [value for name, value in attrs if name in {"href", "src", "action", "srcset"}]

    links = Links()
    links.feed(data.decode())
    assert [link for link in links.links if not link.startswith(("#", "data:image/png"))] == []


def judge_pdf(data: bytes) -> None:
    """No address, no script and nothing that opens by itself."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    catalog = reader.trailer["/Root"]
    assert not {"/AA", "/AcroForm", "/Names"} & set(catalog)
    assert isinstance(catalog.get("/OpenAction", []), list)  # a place to show first, and no action
    for page in reader.pages:
        for annotation in page.get("/Annots", []):
            action = annotation.get_object().get("/A", {})
            assert action.get("/S") in (None, "/GoTo"), action


def judge_text(data: bytes) -> None:
    """Nothing that a terminal would obey."""
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", data.decode())


def judge_json(data: bytes) -> object:
    """It is JSON, and holds no order to a terminal as it is."""
    judge_text(data)
    return json.loads(data)


BY_ENDING = {
    ".json": judge_json, ".html": judge_page, ".pdf": judge_pdf, ".txt": judge_text, ".csv": judge_csv,
    ".jsonl": lambda data: [judge_json(line) for line in data.splitlines()],
}  # fmt: skip


def judge_zip(data: bytes) -> set[str]:
    """Every file by its ending; the journal and the keys are no texts. Returns the endings."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [n for n in archive.namelist() if Path(n).suffix not in ("", ".sqlite", ".pem", ".zip")]
        for name in names:
            BY_ENDING[Path(name).suffix](archive.read(name))
    return {Path(name).suffix for name in names}


def test_commands_print_nothing_that_a_terminal_obeys(root):
    """Each is judged as it is asked, in words and as JSON; as JSON the name comes back as it was."""
    _, ask, report = root
    for words in (
        ("runs",), ("show", "latest"), ("reports",), ("models",), ("review", report, "--text"), ("logs", "latest"),
        ("verify",), ("config",), ("keys",), ("query", "SELECT * FROM records"),
    ):  # fmt: skip
        ask(*words)
    (signature,) = json.loads(ask("query", "SELECT content FROM records WHERE kind = 'signature'", "--json"))
    content = signature["content"]
    content = json.loads(content) if isinstance(content, str) else content
    assert (content["user"], content["comment"]) == (SHOWN, COMMENT.replace("\x1b", ""))
    rows = json.loads(ask("query", "SELECT DISTINCT ticker FROM prices_clean ORDER BY ticker", "--json"))
    assert [row["ticker"] for row in rows] == sorted(TICKERS)


def test_csv_starts_no_formula(root, configured):
    """Of a query, of the desk's tables, and of the record, which is JSON as well."""
    import pandas as pd

    _, ask, _ = root
    for table in ("signals", "runs", "records"):
        assert len(judge_csv(ask("query", f"SELECT * FROM {table}", "--csv").encode())) > 1
    entries = audit.entries(Journal(configured.data).records(), configured)
    judge_csv(audit.as_csv(entries))
    assert SHOWN in {entry["who"] for entry in judge_json(audit.as_json(entries))["entries"]}
    judge_csv(safe_csv(pd.DataFrame({NAME: [NAME, COMMENT, *TICKERS], "n": [-1.5, 2, 3, 4]})))


def test_archives_hold_nothing_that_is_obeyed(root, configured):
    """A run's, of terminal and desk, and a backup."""
    folder, ask, _ = root
    ask("export", "latest", "--output", str(folder / "run.zip"))
    assert judge_zip((folder / "run.zip").read_bytes()) >= {".json", ".html", ".txt", ".jsonl"}
    judge_zip(as_zip(configured, Journal(configured.data).runs(limit=1)[0]))
    ask("backup", str(folder / "all.zip"))
    assert ".pdf" in judge_zip((folder / "all.zip").read_bytes())


def test_mlflow_gets_words_of_ours_and_files_that_are_judged(root, configured, tmp_path):
    """No note that its page would draw; tags and parameters are lines; tests/queries/test_mlflow.py sends."""
    journal = Journal(configured.data)
    run = journal.runs(limit=1)[0]
    about = mlflow_run.facts(Store(configured.data), journal, run)
    tags = mlflow_run._tags(about) | {name: str(value) for name, value in about.parameters.items()}
    assert not [name for name in tags if name.startswith("mlflow.")]
    judge_text("\n".join([*tags, *tags.values()]).encode())
    files = list(mlflow_run._files(configured, run, tmp_path / "files").rglob("*.*"))
    assert files
    for path in files:
        BY_ENDING[path.suffix](path.read_bytes())


def test_openlineage_and_python_get_data(root, configured):
    """An event is JSON; a table holds the ticker as it is."""
    from openlineage.client.serde import Serde

    import afterclose

    run = Journal(configured.data).runs(limit=1)[0]
    change = openlineage.RunChange(run.run_id, run.target, dict(run.request), "succeeded", run.keys)
    judge_json(Serde.to_json(openlineage._event(configured, change)).encode())
    assert set(afterclose.load("prices_clean", data=configured.data)["ticker"]) == set(TICKERS)


def test_the_interface_answers_json():
    """Never a type that a browser would draw."""
    answer = api._json({"name": NAME, "text": "<script>"}, 200)
    assert answer.headers["content-type"].startswith("application/json")
    judge_json(answer.body)


def test_every_way_out_has_its_case():
    """Options that write or print data, and what the desk hands to a browser."""
    there = set()
    for path in sorted((ROOT / "core" / "cli").glob("*.py")):
        options = set(
            re.findall(
                r'click\.[oO]ption\(\s*\[?"(--(?:csv|xlsx|mlflow|output|html|pdf|parquet|excel|json))"',
                path.read_text(),
            )
        )
        where = path.relative_to(ROOT).as_posix()
        there |= {f"core/cli/*.py {o}" if o == "--json" else f"{where} {o}" for o in options}
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        names = {getattr(n.func, "attr", getattr(n.func, "id", "")) for n in calls}
        if names & {"download_button", "Response", "JSONResponse", "FileResponse", "StreamingResponse"}:
            there.add(path.relative_to(ROOT).as_posix())
    listed = {
        way for way in WAYS_OUT if way.startswith(("core/cli", "dashboard")) and not way.endswith("backup")
    }
    assert there == listed


def test_a_workbook_has_no_formula_and_no_link(root):
    """In no sheet."""
    folder, ask, _ = root
    ask("export", "latest", "--xlsx", "--output", str(folder / "x.xlsx"))
    book = openpyxl.load_workbook(folder / "x.xlsx")
    texts = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
                texts.add(cell.value)
    assert set(TICKERS) <= texts


def test_published_forms_follow_nothing(root):
    """Text, page, PDF and record, as they lie there and in the zip."""
    folder, _, report = root
    (bundle,) = (folder / "data" / "published" / report).iterdir()
    judge_text((bundle / "report.txt").read_bytes())
    judge_page((bundle / "report.html").read_bytes())
    judge_pdf((bundle / "report.pdf").read_bytes())
    assert "HYPERLINK" in (bundle / "report.txt").read_text()
    record = json.loads((bundle / "signature.json").read_text())
    assert record["content"]["user"] == SHOWN
    with zipfile.ZipFile(bundle / "bundle.zip") as archive:
        assert all("/" not in name and ".." not in name for name in archive.namelist())
