"""Figures of probabilities against outcomes: metrics, intervals, ranking, drift statistics.

Knows nothing of models, files or runs.

Uses no other room, only the modules that all rooms share.
"""
