"""Plug-ins that give what nobody expects, or change what libraries and Python rest on: named with a line, or undone."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError, PluginError, SourceError
from core.features.engineering import engineer
from core.plugins.loading import Plugins, load
from core.plugins.modules import digest_of_modules, modules_named
from core.runs.plugin_rules_and_sections import sections_of
from core.sources import source_named
from core.sources.ingest_settings import IngestSettings

SOURCE = """
from core.plugins import source

class Odd:
    def isoformat(self): return None
    def __str__(self): raise ValueError("no words")
    def __eq__(self, other): raise ValueError("equal to nothing")
    __hash__ = None

@source(text="mine")
def mine(tickers, start, end):
    import pandas as pd
    return {rows}
"""
ROW = "'date': '2012-01-04', 'ticker': 'A', 'close': 1.0"


@pytest.mark.parametrize(
    "rows",
    [
        "[{'date': Odd(), 'ticker': 'A', 'close': 1.0}]",
        "[{'date': None, 'ticker': ['A'], 'close': 1.0}, {'date': '2012-01-04', 'ticker': ['A'], 'close': 1.0}]",
        "[{'date': '2012-01-04', 'ticker': Odd(), 'close': 1.0}]",
        "[{'date': '2012-01-04', 'ticker': 'A', 'close': Odd()}]",
        f"pd.DataFrame([{{{ROW}, 'note': 'caf\\udce9'}}], dtype=object)",
        f"pd.DataFrame({{**{{{ROW}}}, 'note': [Odd()]}}, dtype=object)",
    ],
)
def test_a_source_of_odd_cells_is_one_message_with_its_line(tmp_path, rows):
    """Its file and line, and 30: what it gives is nobody else's fault."""
    (tmp_path / "mine.py").write_text(SOURCE.replace("{rows}", rows))
    modules = modules_named("mine.py", tmp_path)
    settings = IngestSettings(
        "own", start="2012-01-01", end="2012-12-31", plugins=str(tmp_path / "mine.py"),
        sources_modules=digest_of_modules(modules),
    )  # fmt: skip
    said = r"source mine (gives no table of prices|fails): mine\.py, line \d+: "
    with pytest.raises(SourceError, match=said) as caught:
        source_named("own").read(settings, ())
    assert caught.value.exit_code == 30


FEATURE = """
import sys
import numpy as np
from core.plugins import feature

class Odd:
    def __array__(self, *words, **more): raise KeyError("nothing")

@feature(warm_up=1, text="mine")
def mine(panel):
    {body}
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return [10 ** 400] * len(panel.close)", "gives list"),
        ("return Odd()", "gives Odd"),
        ("sys.setrecursionlimit(60); return panel.close", r"line 11: changes what .*setrecursionlimit"),
    ],
)
def test_a_feature_that_gives_what_no_column_holds_is_one_message(tmp_path, prices, features_in, body, said):
    """Python's own errors about it are nobody's concern."""
    limit = sys.getrecursionlimit()
    with pytest.raises(DataError, match=said):
        engineer(prices(rows=300), feature_set=features_in(tmp_path, FEATURE.format(body=body)))
    assert sys.getrecursionlimit() == limit


def test_settings_of_libraries_are_put_back(tmp_path):
    """Of numpy and pandas, changed as a module is loaded and as it is called: the next stage computes by its own."""
    before = np.geterr(), pd.get_option("display.width")
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nimport pandas as pd\nfrom core.plugins import section\n"
        "np.seterr(all='raise')\npd.set_option('display.width', 7)\n"
        "@section('Mine')\ndef mine(evaluation):\n"
        "    np.seterr(all='raise'); pd.set_option('display.width', 8); pd.options.display.max_rows = 3; return 'x'\n"
    )
    plugins = Plugins(modules_named("mine.py", tmp_path))
    load(plugins.modules[0])
    (section,) = sections_of(plugins)
    rows = pd.get_option("display.max_rows")
    assert section({}) == ("x",)
    after = np.geterr(), pd.get_option("display.width")
    assert after == before
    assert pd.get_option("display.max_rows") == rows != 3


def test_words_of_an_error_that_has_none_are_left_out(tmp_path):
    """What an attribute was asked of may refuse to say what it has; a section may give what has no words."""
    (tmp_path / "mine.py").write_text(
        "from core.plugins import section\n"
        "class Odd(list):\n"
        "    def __dir__(self): raise ValueError('nothing')\n"
        "    def __str__(self): raise ValueError('no words')\n"
        "    __repr__ = __str__\n"
        "@section('Mine')\ndef mine(evaluation):\n    return Odd([1]) if evaluation else Odd().nothing\n"
    )
    (section,) = sections_of(Plugins(modules_named("mine.py", tmp_path)))
    for body, said in (({}, "AttributeError"), ({"a": 1}, "no words")):
        with pytest.raises(DataError, match=rf"section mine fails: mine\.py.*{said}"):
            section(body)


def test_what_ends_a_module_while_it_is_loaded_changes_nothing_of_python(tmp_path):
    """The limit of recursion is refused there, too."""
    (tmp_path / "mine.py").write_text("import sys\nsys.setrecursionlimit(60)\n")
    (module,) = modules_named("mine.py", tmp_path)
    with pytest.raises(PluginError, match=r"mine\.py, line 2: changes what"):
        load(module)
