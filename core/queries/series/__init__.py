"""Questions about series of prices and features: coverage, candles, how features relate."""
