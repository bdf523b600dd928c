"""What stages make, in memory, as bytes and in parts of whole tickers.

Uses :mod:`core.platform`.
"""
