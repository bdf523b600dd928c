"""What stages make, in memory, as bytes and in parts of whole tickers.

Uses the shared words and :mod:`core.platform`.
"""
