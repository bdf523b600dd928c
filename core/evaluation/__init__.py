"""Evaluation: a model's predictions against outcomes and baselines, drift, advice and a plain verdict.

Uses :mod:`core.features`, :mod:`core.measures`, :mod:`core.models`, :mod:`core.platform`, :mod:`core.prices`,
:mod:`core.report` and :mod:`core.tables`.

Of the report only how figures are written (:mod:`core.report.formatting`), for the sentences of verdict and advice.
"""
