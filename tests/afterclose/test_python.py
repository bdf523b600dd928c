"""The package for Python: run, read, ask, promote and sign, as the commands do."""

from __future__ import annotations

import pytest

import afterclose
from core.errors import ParameterError, SignOffError
from core.journal import Journal


@pytest.fixture
def options(small):
    """The small run's parameters by name."""
    names = [word.removeprefix("--").replace("-", "_") for word in small[::2]]
    return dict(zip(names, small[1::2], strict=True))


def test_a_whole_evening_in_python(data, options, tmp_path, monkeypatch):
    """Run, look at the report, ask SQL, promote what was trained, sign what was read."""
    monkeypatch.chdir(tmp_path)
    run = afterclose.run(**options, mode="train", data=data)
    assert (run.state, run.exit_code, run.how) == ("succeeded", 0, "python")
    (report,) = afterclose.reports(data=data)
    assert (report.report, report.state) == (run.keys["report"], "draft")
    frame = afterclose.query("SELECT ticker, count(*) AS n FROM predictions GROUP BY ticker", data=data)
    assert frame["n"].sum() == len(afterclose.load("predictions", run.run_id, data))
    model = afterclose.load("model", run.run_id, data)
    (model_id,) = [path.stem for path in (data / "models").glob("*.json")]
    assert model["model_kind"]
    champion = afterclose.promote(model_id, "it is the only one", data=data)
    assert champion.model_id == model_id
    draft = afterclose.text(report.report, data=data)
    assert "Nobody has signed" in draft.text or draft.text.startswith("DAILY EQUITY")
    with pytest.raises(SignOffError, match="changed"):
        afterclose.sign(report.report, "0" * 64, comment="not read", data=data)
    record = afterclose.sign(report.report, draft.sha256, comment="looked at", data=data)
    assert [r.seq for r in Journal(data).records(subject=report.report)][-1] == record.seq
    assert afterclose.reports(data=data)[0].state == "signed"


def test_a_mistake_is_an_error_of_its_own(data, tmp_path, monkeypatch):
    """Before anything starts."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError):
        afterclose.run(source="nowhere", data=data)
    assert not list(data.glob("runs/*"))
