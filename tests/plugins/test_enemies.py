"""Whoever knows how the audit works gets no leak past it."""

import pytest

from core.errors import DataError
from core.features.engineering import engineer
from tests.plugins.enemies import ENEMIES, HEAD


@pytest.mark.parametrize("name", ENEMIES)
def test_an_enemy_is_caught(tmp_path, prices, features_in, name):
    """By a value that moves, or by what it does: one message, and nothing comes of it."""
    table = prices(rows=900, tickers=("AA", "BB"))
    frame = table.frame
    coming = frame.groupby("ticker")["close"].shift(-1) / frame["close"]
    frame.assign(coming=coming.fillna(1.0))[["open", "volume", "coming"]].to_parquet(
        tmp_path / "answers.parquet"
    )
    body = "\n".join(f"    {line}" for line in ENEMIES[name].splitlines())
    text = f"{HEAD.format(folder=str(tmp_path))}@feature(warm_up=1, text='planted')\ndef memory(panel):\n{body}\n"
    with pytest.raises(DataError, match=r"feature memory (of \w+ on .* moves|fails)"):
        engineer(table, feature_set=features_in(tmp_path, text), audited=True)
