"""Evaluation: metrics with intervals, baselines, drift and a plain verdict."""
