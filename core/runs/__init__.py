"""From a request to committed checkpoints: the plan, the stages, their execution, supervision and log.

Uses every room that a stage needs, :mod:`core.review` and what lies below them.
"""
