"""What can be asked: the stage table, settings, profiles, tickers and the form of a run.

Uses :mod:`core.platform`, :mod:`core.plugins`, :mod:`core.prices`, :mod:`core.sources` and :mod:`core.tables`.
"""
