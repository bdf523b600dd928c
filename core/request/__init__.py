"""What can be asked: the stage table, settings, profiles, tickers and the form of a run.

Uses the shared words, :mod:`core.platform` and the catalogue of rules in :mod:`core.prices`.
"""
