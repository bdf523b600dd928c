"""Figures of probabilities against outcomes: metrics, intervals, ranking, drift statistics.

Uses only the words that everybody shares; knows nothing of models, files or runs.
"""
