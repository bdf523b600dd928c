"""A folder in which a candidate sees more than the champion, as tests of terminal and desk need it."""

import json
import shutil

from tests.commands import command
from tests.shared import copy_root, shared

BODY = """
from core.plugins import feature

@feature(warm_up=0, text="the day's move from open to close")
def body(panel):
    return panel.close / panel.open - 1

"""
MINE = f"""{BODY}
@feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
def range20(panel):
    return panel.mean((panel.high - panel.low) / panel.close, 20)
"""
SMALL = ("--tickers", "AAPL,IBM", "--start", "2008-01-02", "--end", "2012-12-31", "--mode", "train")


def asked(folder, *words, code=0):
    """What a command prints as JSON."""
    done = command("afterclose", *words, "--json", cwd=folder, data=folder / "data")
    assert done.code == code, done.err
    return json.loads(done.out)


def candidate(folder):
    """The newest model that is no champion."""
    entries = asked(folder, "models")["models"]
    return next(entry["model_id"] for entry in entries if entry["state"] == "candidate")


def copied(factory):
    """A folder of one's own with a champion of the built-in features and a candidate with two own ones; both ids."""
    original, first, second = shared(factory, "changed-features", made)
    folder = factory.mktemp("desk")
    copy_root(original / "data", folder / "data")
    for name in ("mine.py", "luigi.cfg"):
        shutil.copy(original / name, folder / name)
    return folder, first, second


def made(folder):
    """Fill a folder as ``copied`` says; the folder, and both ids."""
    assert command("afterclose", "run", *SMALL, cwd=folder, data=folder / "data").code == 0
    first = candidate(folder)
    asked(folder, "promote", first, "--why", "the first")
    (folder / "mine.py").write_text(MINE)
    (folder / "luigi.cfg").write_text("[plugins]\nmodules = mine.py\n")
    assert command("afterclose", "run", *SMALL, cwd=folder, data=folder / "data").code == 0
    return folder, first, candidate(folder)
