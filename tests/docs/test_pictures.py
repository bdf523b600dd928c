"""Pictures in the documents are what their scripts draw today."""

from __future__ import annotations

import subprocess
import sys


def test_the_picture_of_the_splits_is_what_its_script_draws(root, tmp_path):
    """Drawn anew from the splitting function itself, byte for byte."""
    drawn = tmp_path / "walk-forward.svg"
    script = root / "tools" / "draw_walk_forward.py"
    subprocess.run([sys.executable, script, "--out", drawn], check=True, cwd=root)
    assert drawn.read_bytes() == (root / "docs" / "images" / "walk-forward.svg").read_bytes()
