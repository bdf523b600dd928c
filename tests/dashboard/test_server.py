"""What the desk's server changes in Streamlit's for a desk at rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

WATCHED = """
import sys, time
from pathlib import Path
from streamlit.watcher.polling_path_watcher import PollingPathWatcher
if sys.argv[2] == "desk":
    import dashboard.server
changed = []
PollingPathWatcher(sys.argv[1], changed.append)
time.sleep(0.3)
Path(sys.argv[1]).write_text("[server]\\nport = 2\\n")
time.sleep(1)
print(len(changed))
"""


def test_a_desk_keeps_the_settings_that_it_was_started_with(tmp_path):
    """A settings file that changes is not looked at, five times a second; without the desk's server it would be."""
    seen = {}
    for who in ("streamlit", "desk"):
        path = tmp_path / f"{who}.toml"
        path.write_text("[server]\nport = 1\n", encoding="utf-8")
        words = [sys.executable, "-c", WATCHED, str(path), who]
        done = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        seen[who] = done.stdout.readline().strip()
        done.kill()
        done.wait()
        done.stdout.close()
    assert seen == {"streamlit": "1", "desk": "0"}
