"""The guide to a feature of one's own, and the examples, run literally in an empty folder."""

import json
import re
import shutil
import subprocess

import pytest

from tests.commands import ROOT, command, environment


def blocks(page):
    """The scripts of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def bash(script, folder):
    """A script as a reader would paste it."""
    words = ["bash", "-e", "-c", script]
    return subprocess.run(
        words, cwd=folder, env=environment(None), capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_from_nothing_to_a_champion_with_a_feature_of_ones_own(tmp_path):
    """Each block of the guide, unchanged; the champion sees both features."""
    printed = []
    for script in blocks("docs/add-a-feature.md"):
        done = bash(script, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        printed.append(done.stdout)
    model = json.loads((tmp_path / "desk" / "data" / "latest" / "model.json").read_text())
    assert model["features"][-2:] == ["range20", "return_rank"]
    assert "Leak audit: 15 features" in " ".join(printed[2].split())
    assert "champion is now" in printed[3]


@pytest.mark.slow
def test_the_examples_run_and_their_result_is_read(tmp_path):
    """Three modules under the label excess, all audited, and the script that reads what came of it."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (script,) = blocks("examples/README.md")
    done = bash(script, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("range20", "relative_volume", "momentum_rank", "excess_return", "beta60"):
        assert name in done.stdout
    modules = "examples/ranges.py,examples/momentum.py,examples/neutral.py"
    listed = command("afterclose", "plugins", "--json", "--modules", modules, cwd=tmp_path)
    assert {entry["audit"] for entry in json.loads(listed.out)} == {"audited"}
