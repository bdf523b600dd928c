"""Charts: frame in, plotly figure out. Nothing here knows Streamlit, files or runs."""

from dashboard.charts.distribution import distribution_figure
from dashboard.charts.judgement import (
    calibration_figure,
    estimates_figure,
    folds_figure,
    precision_recall_figure,
    roc_figure,
)
from dashboard.charts.prices import price_figure

__all__ = [
    "calibration_figure",
    "distribution_figure",
    "estimates_figure",
    "folds_figure",
    "precision_recall_figure",
    "price_figure",
    "roc_figure",
]
