"""Plug-in modules: which files they are, what they declare, and one message for each thing that is wrong."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from core.errors import AftercloseError, DataError, MissingFileError, PluginError
from core.features.definitions import header
from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of
from core.platform.timelimit import time_limit
from core.plugins.examining import examined
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from tests.commands import ROOT

GOOD = """
from core.plugins import feature

@feature(warm_up=0, text="the day's move")
def body(panel):
    return panel.close / panel.open - 1
"""


def named(folder, text, name="mine.py"):
    """The modules of a folder after a file was written."""
    (folder / name).write_text(text)
    return modules_named(name, folder)


def test_a_module_tells_its_features_with_place(tmp_path):
    """Name, text, warm-up and line, learnt in another process."""
    (entry,) = examined(named(tmp_path, GOOD))
    assert entry.declared["features"] == [
        {
            "name": "body",
            "text": "the day's move",
            "warm_up": 0,
            "across": False,
            "file": "mine.py",
            "line": 4,
        }
    ]


def test_what_is_imported_beside_a_module_is_in_its_digest(tmp_path):
    """A helper, and what that imports; not what lies beside unnamed."""
    (tmp_path / "helper.py").write_text("import deeper\nn = deeper.n\n")
    (tmp_path / "deeper.py").write_text("n = 20\n")
    (tmp_path / "other.py").write_text("n = 1\n")
    text = "import json\nimport helper\n" + GOOD
    (first,) = named(tmp_path, text)
    assert list(first.texts) == ["mine.py", "deeper.py", "helper.py"]
    (tmp_path / "other.py").write_text("n = 2\n")
    assert named(tmp_path, text)[0].sha256 == first.sha256
    (tmp_path / "deeper.py").write_text("n = 21\n")
    assert named(tmp_path, text)[0].sha256 != first.sha256


def test_two_modules_may_each_have_a_helper(tmp_path, prices):
    """Each sees its own, at import and when it is called."""
    for name, n in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"n = {n}\n")
        text = GOOD.replace("body", name).replace("return ", "import helper\n    return helper.n * ")
        (tmp_path / name / f"{name}.py").write_text(text)
    features = feature_set_of(Plugins(modules_named("one/one.py, two/two.py", tmp_path)))
    frame = engineer(prices(), feature_set=features).frame
    assert (frame["two"] + 1 == 2 * (frame["one"] + 1)).all()


WRONG = {
    "prints 'hello'": "print('hello')",
    "writes the file": "open('x.txt', 'w')",
    "reads the file": "open('prices.csv').read()",
    "starts a process (os.fork)": "import os\nos.fork()",
    "starts a process (subprocess.Popen)": "import subprocess\nsubprocess.run(['true'])",
    "starts a thread": "import threading\nthreading.Thread(target=print).start()",
    "ends the program (os._exit)": "import os\nos._exit(0)",
    "ends the program (sys.exit)": "import sys\nsys.exit()",
    "uses the network": "import socket\nsocket.create_connection(('127.0.0.1', 9))",
    "changes files (os.mkdir": "import os\nos.mkdir('x')",
    "changes what the rest of the program rests on (os.chdir)": "import os\nos.chdir('/')",
    "changes what the rest of the program rests on (os.umask)": "import os\nos.umask(0)",
    "changes what the rest of the program rests on (signal.signal)": "import signal\nsignal.signal(14, signal.SIG_IGN)",
    "changes what the rest of the program rests on (resource.setrlimit)": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))"
    ),
    "BaseException: x": "raise BaseException('x')",
    "GeneratorExit": "raise GeneratorExit",
    "Mute: without words (RuntimeError)": (
        "Mute = type('Mute', (Exception,), {'__str__': lambda self: (_ for _ in ()).throw(RuntimeError('no'))})\n"
        "raise Mute"
    ),
    "ZeroDivisionError: division by zero": "1 / 0",
}


@pytest.mark.parametrize("what", WRONG)
def test_what_a_module_may_not_do_is_named_with_its_line(tmp_path, what):
    """When it is loaded, and also where it catches the error itself."""
    text = "\n\n" + WRONG[what].replace("\n", "; ")
    with pytest.raises(PluginError, match=rf"^mine\.py, line 3: {re.escape(what)}"):
        examined(named(tmp_path, text))
    if what.startswith(("prints", "writes", "reads", "starts", "ends", "uses", "changes")):
        swallowed = f"try:\n    {WRONG[what].splitlines()[-1]}\nexcept Exception:\n    pass\n"
        imports = "import os, resource, signal, socket, subprocess, sys, threading\n"
        with pytest.raises(PluginError, match=rf"^mine\.py, line 3: {re.escape(what)}"):
            examined(named(tmp_path, imports + swallowed))


@pytest.mark.parametrize("what", WRONG)
def test_nor_may_a_feature_when_it_is_computed(tmp_path, prices, features_in, what):
    """The message names the feature, too, and nothing comes of it."""
    body = "; ".join(WRONG[what].splitlines())
    text = GOOD.replace("    return", f"    {body}\n    return")
    with pytest.raises(DataError, match=rf"^feature body fails: mine\.py, line 6: {re.escape(what)}"):
        engineer(prices(), feature_set=features_in(tmp_path, text), audited=True)


DECLARED = {
    "is not there": ("def f(p): return 1 +", "line 2"),
    "column that is there already": (
        '@feature(warm_up=0, text="x")\ndef close(panel):\n    return 1',
        "line 2: feature close",
    ),
    "has the name of a column": (
        '@feature(warm_up=0, text="x")\ndef member(panel):\n    return 1',
        "line 2: feature member",
    ),
    "comes twice": (
        (
            '@feature(warm_up=0, text="x")\ndef a(panel):\n    return 1\n\n@feature(warm_up=0, text="y")\n'
            "def a(panel):\n    return 2"
        ),
        "line 6: feature a",
    ),
    "has warm_up -1": ('@feature(warm_up=-1, text="x")\ndef a(panel):\n    return 1', "line 2: feature a"),
    "has text ''": ('@feature(warm_up=1, text="")\ndef a(panel):\n    return 1', "line 2: feature a"),
    "small letters": (
        '@feature(warm_up=1, text="x")\ndef Range(panel):\n    return 1',
        "line 2: the feature",
    ),
}


@pytest.mark.parametrize("what", DECLARED)
def test_a_declaration_that_cannot_be_used_is_named(tmp_path, what):
    """Reserved and doubled names, warm-ups and texts."""
    text, place = DECLARED[what]
    with pytest.raises(PluginError) as raised:
        examined(named(tmp_path, "from core.plugins import feature\n" + text))
    assert f"mine.py, {place}" in str(raised.value)
    assert what in str(raised.value) or what == "is not there"


def test_what_is_written_past_python_is_no_answer(tmp_path):
    """As libraries in C do, also when the process ends."""
    text = "import atexit, os\nos.write(1, b'{}\\n')\natexit.register(os.write, 1, b'bye\\n')\n" + GOOD
    (entry,) = examined(named(tmp_path, text))
    assert [feature["name"] for feature in entry.declared["features"]] == ["body"]


def test_a_module_that_declares_nothing_is_named(tmp_path):
    """A forgotten decorator is no reason to go on without the feature."""
    with pytest.raises(PluginError, match=r"^mine\.py declares nothing"):
        examined(named(tmp_path, GOOD.replace("@feature", "# @feature")))


def test_two_modules_with_one_name_are_refused(tmp_path):
    """Both places are named."""
    shutil.copy(named(tmp_path, GOOD)[0].path("mine.py"), tmp_path / "more.py")
    with pytest.raises(PluginError, match=r"more\.py, line 4: feature body is declared in mine\.py, line 4"):
        examined(modules_named("mine.py, more.py", tmp_path))


def test_two_modules_of_one_name_are_refused_with_both_places(tmp_path):
    """A module's name stands in keys, models and messages, so it must name one of them."""
    for file in ("mine.py", "other/mine.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
    places = re.escape(
        f"two modules are called mine: {tmp_path / 'mine.py'} and {tmp_path / 'other' / 'mine.py'}"
    )
    with pytest.raises(PluginError, match=places):
        modules_named("mine.py, other/mine.py", tmp_path)


def test_a_file_that_is_not_there(tmp_path):
    """A person must bring it: exit code 20."""
    with pytest.raises(MissingFileError, match="module of your own"):
        modules_named("mine.py", tmp_path)


RESULTS = {
    "the shape": ("return panel.close[:-1]", r"feature body gives shape \(\d+,\)"),
    "no array": ("return 'x'", "feature body gives str"),
    "a hole": (
        "return panel.close / (panel.position != 50)",
        r"mine\.py, line 4: feature body of AA on 2020-08-10 is inf",
    ),
    "NaN after the warm-up": ("return panel.lag(panel.close, 3)", r"feature body of AA on 2020-06-01 is nan"),
    "no panel of more": ("return panel.rank(panel.close)", "declare it with across=True"),
    "complex": ("return panel.close * 1j", "feature body gives complex numbers"),
    "a name nearly right": ("return panel.clos", r"line 6: .* no attribute 'clos' Did you mean close\?"),
    "unlocking": ("panel.close.flags.writeable = True\n    return panel.close", "cannot set WRITEABLE flag"),
    "writing": ("panel.close[0] = 1\n    return panel.close", "read-only"),
}


@pytest.mark.parametrize("what", RESULTS)
def test_a_result_that_cannot_be_used_is_named(tmp_path, prices, features_in, what):
    """Wrong shape, no numbers, holes, overflow."""
    body, message = RESULTS[what]
    text = GOOD.replace("return panel.close / panel.open - 1", body)
    with pytest.raises(DataError, match=message):
        engineer(prices(), feature_set=features_in(tmp_path, text))


def test_a_function_without_a_panel_is_named_with_its_line(tmp_path, prices, features_in):
    """None of its own lines has failed: that of its declaration stands for it."""
    with pytest.raises(DataError, match=r"feature body fails: mine\.py, line 4: TypeError: body\(\) takes 0"):
        engineer(prices(), feature_set=features_in(tmp_path, GOOD.replace("body(panel)", "body()")))


def test_a_feature_that_raises_on_cut_data_is_named(tmp_path, prices, features_in):
    """It asks for a hundred rows, and the first sessions have fewer."""
    text = GOOD.replace("    return", "    assert len(panel.close) > 100, 'too short'\n    return")
    with pytest.raises(DataError, match=r"feature body fails: mine\.py, line 6: AssertionError: too short"):
        engineer(prices(), feature_set=features_in(tmp_path, text), audited=True)


LIBRARY = """
from importlib.metadata import version
from core.plugins import feature

@feature(warm_up=0, text="the day's move")
def body(panel):
    assert version("numpy")
    return panel.close / panel.open - 1
"""
COMPUTED = """
from pathlib import Path
import numpy as np
from core.features.market import COLUMNS, MarketPanel
from core.features.plugin_features import feature_set_of
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
days = np.datetime64("2024-01-01") + np.arange(3)
panel = MarketPanel.of_rows(np.zeros(3, dtype="int64"), days, {name: np.ones(3) for name in COLUMNS}, ("A",))
print(feature_set_of(Plugins(modules_named("mine.py", Path.cwd())))[-1].compute(panel).tolist())
"""


def test_a_library_reads_its_own_files_where_the_environment_is_a_link(tmp_path):
    """An environment under another name; a library's files are no look at prices."""
    (tmp_path / "mine.py").write_text(LIBRARY)
    (tmp_path / "venv").symlink_to(sys.prefix)
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "python", "-c", COMPUTED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[0.0, 0.0, 0.0]\n", done.stderr[-600:]


def test_a_longer_warm_up_than_needed_is_blanked(tmp_path, prices, features_in):
    """The first rows of each ticker have no value whatever the function gives."""
    text = GOOD.replace("warm_up=0", "warm_up=3")
    frame = engineer(prices(), feature_set=features_in(tmp_path, text), audited=True).frame
    first = frame.groupby("ticker")["body"].apply(lambda x: x.isna().sum())
    assert first.tolist() == [3, 3, 3]


def test_without_modules_the_header_is_that_of_before():
    """No word of own features."""
    assert list(header()) == ["feature_set", "definition_digest", "warm_up"]


SLOW = GOOD.replace("    return", "    import time\n    time.sleep(30)\n    return")
BUSY = GOOD.replace("    return", "    while True:\n        pass\n    return")


def limited(folder, text, seconds):
    """The feature set of a module whose calls may take so many seconds."""
    (folder / "mine.py").write_text(text)
    return feature_set_of(Plugins(modules_named("mine.py", folder, seconds)))


@pytest.mark.parametrize("text", [SLOW, BUSY])
def test_a_call_that_takes_too_long_is_named_with_its_line(tmp_path, prices, text):
    """It sleeps, or computes without an end."""
    with pytest.raises(DataError, match=r"feature body fails: mine\.py, line [67]: takes longer than 0\.3 s"):
        engineer(prices(), feature_set=limited(tmp_path, text, 0.3), audited=True)


def test_so_is_one_in_another_thread(tmp_path, prices):
    """As in a worker of Dask, where no alarm can be set; the thread goes on with what comes next."""
    features, outcome = limited(tmp_path, BUSY, 0.3), []

    def work():
        try:
            engineer(prices(), feature_set=features)
        except DataError as error:
            outcome.append(str(error))
        outcome.append(len(engineer(prices()).frame))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert "mine.py, line 6: takes longer than 0.3 s" in outcome[0]
    assert outcome[1] > 700


def test_the_limit_of_the_stage_goes_on(tmp_path, prices):
    """Own code has an alarm within the stage's; afterwards the stage's is as it was, and a nearer one stays."""
    features = limited(tmp_path, GOOD, 5)
    with time_limit(30, "feature_engineer"):
        engineer(prices(), feature_set=features)
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        assert 0 < left < 30
    slow = limited(tmp_path, SLOW, 5)
    with (
        pytest.raises(AftercloseError, match=r"took longer than 0\.4 s"),
        time_limit(0.4, "feature_engineer"),
    ):
        engineer(prices(), feature_set=slow)


def test_a_module_that_is_slow_to_load_is_one_message(tmp_path):
    """Within Python its line is named; ``0`` is no limit."""
    (tmp_path / "mine.py").write_text("import time\n\ntime.sleep(1)\n" + GOOD)
    with pytest.raises(PluginError, match=r"^mine\.py, line 3: takes longer than 0\.3 s"):
        examined(modules_named("mine.py", tmp_path, 0.3))
    assert examined(modules_named("mine.py", tmp_path, 0))
