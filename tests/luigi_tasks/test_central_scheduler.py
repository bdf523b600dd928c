"""Without --local-scheduler Luigi asks a luigid: whether one is there is said at once."""

from __future__ import annotations

import time

import pytest

from tests.commands import BIN, command
from tests.conftest import free_port

WORDS = [BIN / "luigi", "--module", "luigi_tasks", "Report"]
AT_ONCE_S = 30
"""Luigi by itself gives up after 60 s of waiting; a start of the process takes about one on an idle machine."""


@pytest.mark.parametrize("named", [False, True], ids=["by its default", "by an option"])
def test_a_luigid_that_is_not_there_is_named_at_once_with_the_option(named, data, tmp_path):
    """One line with the address and --local-scheduler, exit code 35, nothing made."""
    port = free_port()
    configured = tmp_path / "luigi.cfg"
    configured.write_text("" if named else f"[core]\ndefault_scheduler_port = {port}\n")
    options = ["--scheduler-port", str(port)] if named else []
    began = time.monotonic()
    outcome = command(*WORDS, *options, data=data, env={"LUIGI_CONFIG_PATH": str(configured)})
    assert time.monotonic() - began < AT_ONCE_S
    assert outcome.code == 35, outcome
    (line,) = outcome.messages
    assert f"no luigid answers at http://localhost:{port}/" in line
    assert "--local-scheduler" in line
    assert not (data / "checkpoints").exists()


def test_a_password_in_the_address_is_not_shown(data):
    """The URL of a scheduler may carry a login; the message does not."""
    url = f"http://anna:sesame@127.0.0.1:{free_port()}/"
    outcome = command(*WORDS, "--scheduler-url", url, data=data)
    assert outcome.code == 35, outcome
    assert "sesame" not in outcome.err


def test_help_needs_no_scheduler(data):
    """The options are listed wherever somebody asks for them."""
    assert command(*WORDS, "--help", data=data).code == 0
