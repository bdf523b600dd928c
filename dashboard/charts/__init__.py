"""Charts: frame in, plotly figure out. Nothing here knows Streamlit, files or runs."""

from dashboard.charts.compared import wealth_figure
from dashboard.charts.features import correlation_figure, feature_figure, windows_figure
from dashboard.charts.judgement import (
    calibration_figure,
    estimates_figure,
    folds_figure,
    precision_recall_figure,
    roc_figure,
    rolling_figure,
)
from dashboard.charts.predictions import probability_figure, scorecard_figure
from dashboard.charts.prices import candle_figure, price_figure, raw_figure
from dashboard.charts.quality import cleaning_figure, coverage_figure
from dashboard.charts.trends import drift_figure, trend_figure

__all__ = [
    "calibration_figure",
    "candle_figure",
    "cleaning_figure",
    "correlation_figure",
    "coverage_figure",
    "drift_figure",
    "estimates_figure",
    "feature_figure",
    "folds_figure",
    "precision_recall_figure",
    "price_figure",
    "probability_figure",
    "raw_figure",
    "roc_figure",
    "rolling_figure",
    "scorecard_figure",
    "trend_figure",
    "wealth_figure",
    "windows_figure",
]
