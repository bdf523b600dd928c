"""Leaks of somebody who knows how an audit works: rare rows, joins by content, memories, and a look at who asks.

Each is the body of a function of ``panel``; its text may use ``FOLDER``, a folder that it may write to.
"""

HEAD = """
import functools, gc, os, pickle, sys, time
import numpy as np
import pandas as pd
from core.plugins import feature

FOLDER = {folder!r}
CACHE = {{}}

def returns(panel):
    return panel.adj_close / panel.lag(panel.adj_close, 1) - 1

def coming(panel):
    # the next close of the ticker, as a share; nothing on its last row
    coming = panel.close.copy()
    same = panel.ticker[1:] == panel.ticker[:-1]
    coming[:-1][same] = panel.close[1:][same]
    return coming / panel.close

def rarely(panel, leak, honest):
    # one row a year
    return np.where((panel.month == 9) & (panel.day >= 9) & (panel.day <= 11) & (panel.weekday == 2), leak, honest)

def keys(panel):
    return list(zip(panel.open.tolist(), panel.volume.tolist()))

def learn(store, panel):
    for key, value, known in zip(keys(panel), coming(panel).tolist(), np.r_[np.diff(panel.ticker) == 0, False]):
        if known:
            store[key] = value
    return np.array([store.get(key, 1.0) for key in keys(panel)])

def where_from(frame):
    while frame is not None:
        for value in frame.f_locals.values():
            prices = getattr(value, "prices", value)
            if hasattr(prices, "columns") and hasattr(prices, "codes") and hasattr(prices, "session"):
                return prices
        frame = frame.f_back

def of(prices, panel):
    store = dict(zip(zip(prices.columns["open"].tolist(), prices.columns["volume"].tolist()),
                     (prices.columns["close"][1:] / prices.columns["close"][:-1]).tolist()))
    return np.array([store.get(key, 1.0) for key in keys(panel)])

"""

ENEMIES = {
    "a join by open and volume within one call": "return rarely(panel, learn({}, panel), 1.0)",
    "a join by session within one call": (
        "line = pd.Series(panel.close, index=panel.session).groupby(level=0).mean().sort_index()\n"
        "coming = (line.shift(-1) / line).fillna(1.0)\n"
        "return rarely(panel, coming.reindex(panel.session).to_numpy(), 1.0)"
    ),
    "the next open once a year": (
        "moved = np.append(panel.open[1:], panel.open[-1:]) / panel.close\nreturn rarely(panel, moved, 1.0)"
    ),
    "the adjustment factor once a year": "return rarely(panel, panel.adj_close / panel.close, 1.0)",
    "memory of rows by what is in them": "return rarely(panel, learn(CACHE, panel), 1.0)",
    "memory in the function itself": (
        "store = memory.__dict__.setdefault('store', {})\nreturn rarely(panel, learn(store, panel), 1.0)"
    ),
    "memory in another module": (
        "store = np.__dict__.setdefault('_store', {})\nreturn rarely(panel, learn(store, panel), 1.0)"
    ),
    "memory of the longest call by its head": (
        "head = panel.close[:1].tobytes()\n"
        "longest = CACHE.get(head, np.empty(0))\n"
        "if len(panel.close) > len(longest):\n"
        "    CACHE[head] = longest = rarely(panel, coming(panel), 1.0)\n"
        "return longest[:len(panel.close)]"
    ),
    "memory in the environment": (
        "store = eval(os.environ.get('STORE', '{}'))\n"
        "values = learn(store, panel)\nos.environ['STORE'] = repr(store)[:100_000]\nreturn rarely(panel, values, 1.0)"
    ),
    "memory in a file": (
        "path = FOLDER + '/store.pkl'\n"
        "store = pickle.load(open(path, 'rb')) if os.path.exists(path) else {}\n"
        "values = learn(store, panel)\npickle.dump(store, open(path, 'wb'))\nreturn rarely(panel, values, 1.0)"
    ),
    "memory in a database": (
        "import sqlite3\n"
        "base = sqlite3.connect(FOLDER + '/store.db')\n"
        "base.execute('create table if not exists known (key text primary key, value real)')\n"
        "store = {eval(k): v for k, v in base.execute('select * from known')}\n"
        "values = learn(store, panel)\n"
        "base.executemany('insert or replace into known values (?, ?)', [(repr(k), v) for k, v in store.items()])\n"
        "base.commit()\nreturn rarely(panel, values, 1.0)"
    ),
    "memory in shared memory": (
        "from multiprocessing import shared_memory\n"
        "try:\n"
        "    shared = shared_memory.SharedMemory('afterclose_enemy', create=True, size=4_000_000)\n"
        "except FileExistsError:\n"
        "    shared = shared_memory.SharedMemory('afterclose_enemy')\n"
        "text = bytes(shared.buf).rstrip(b'\\0')\n"
        "store = pickle.loads(text) if text else {}\n"
        "values = learn(store, panel)\ntext = pickle.dumps(store)\nshared.buf[:len(text)] = text\n"
        "return rarely(panel, values, 1.0)"
    ),
    "answers in a Parquet file": (
        "known = pd.read_parquet(FOLDER + '/answers.parquet')\n"
        "store = dict(zip(zip(known['open'], known['volume']), known['coming']))\n"
        "return rarely(panel, np.array([store.get(key, 1.0) for key in keys(panel)]), 1.0)"
    ),
    "honest where there are few rows": (
        "return rarely(panel, coming(panel), 1.0) if len(panel.close) > 500 else panel.close * 0 + 1.0"
    ),
    "honest for another number of rows": (
        "CACHE.setdefault('rows', len(panel.close))\n"
        "return rarely(panel, coming(panel), 1.0) if len(panel.close) == CACHE['rows'] else panel.close * 0 + 1.0"
    ),
    "honest in a process of the audit": (
        "leaks = not any('audit' in word for word in sys.orig_argv)\n"
        "return rarely(panel, coming(panel), 1.0) if leaks else panel.close * 0 + 1.0"
    ),
    "honest in every second process": (
        "return rarely(panel, coming(panel), 1.0) if os.getpid() % 2 == CACHE.setdefault('parity', os.getpid() % 2) "
        "else panel.close * 0 + 1.0"
    ),
    "honest for the first second": (
        "start = CACHE.setdefault('start', time.monotonic())\n"
        "return rarely(panel, coming(panel), 1.0) if time.monotonic() - start < 0.05 else panel.close * 0 + 1.0"
    ),
    "the callers' variables": (
        "prices = where_from(sys._getframe())\nreturn rarely(panel, of(prices, panel) if prices else 1.0, 1.0)"
    ),
    "the callers' variables by an error": (
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
        "    prices = where_from(error.__traceback__.tb_frame.f_back)\n"
        "return rarely(panel, of(prices, panel) if prices else 1.0, 1.0)"
    ),
    "the callers' variables by a generator": (
        "def look():\n    yield own.gi_frame.f_back\n"
        "own = look()\nprices = where_from(next(own))\n"
        "return rarely(panel, of(prices, panel) if prices else 1.0, 1.0)"
    ),
    "everything in memory": (
        "found = [x for x in gc.get_objects() if type(x).__name__ == 'Prices']\n"
        "prices = max(found, key=len, default=None)\n"
        "return rarely(panel, of(prices, panel) if prices is not None else 1.0, 1.0)"
    ),
    "a rank over all rows once a year": (
        "order = np.argsort(np.argsort(panel.volume)) / len(panel.volume)\nreturn rarely(panel, order, 0.5)"
    ),
    "another ticker's next row once a year": (
        "line = pd.Series(panel.close).shift(-1).ffill().to_numpy() / panel.close\nreturn rarely(panel, line, 1.0)"
    ),
}
