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


SENT = """
import asyncio
import dashboard.server
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
done = []
class Session(AppSession):
    def __init__(self): pass
    def __del__(self): pass
    def _handle_clear_cache_request(self): done.append("cleared")
    def _handle_git_information_request(self): done.append("repository")
    def _handle_set_run_on_save_request(self, _): done.append("saved")
    def _handle_rerun_script_request(self, _): done.append("drawn")
    def _handle_app_heartbeat_request(self): done.append("alive")
for sent in ("clear_cache", "load_git_info", "set_run_on_save", "app_heartbeat"):
    Session().handle_backmsg(BackMsg(**{sent: True}))
message = BackMsg()
message.rerun_script.query_string = ""
Session().handle_backmsg(message)
print(",".join(done))
"""


def test_a_connection_does_nothing_to_what_is_kept_for_all():
    """Streamlit empties its caches, where kept words are, for whoever is connected, also without a login."""
    words = [sys.executable, "-c", SENT]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "alive,drawn"


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
