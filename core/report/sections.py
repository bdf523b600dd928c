"""The headings of the report, in one place: drafting, editing and signing use the same names."""

from __future__ import annotations

TITLE = "Daily equity-price report"
STATUS = "DRAFT - not signed"
PLACEHOLDER = "[to be written by the reviewer]"
"""Stands under each of the analyst's headings until a person has written there."""

DECISION = "Decision"
ADVICE = "Retraining advice"
DONE = "What was done"
DATA = "Data"
QUALITY = "Data quality"
FEATURES = "Features"
MODEL = "Model"
PERFORMANCE = "Performance"
MEANING = "What the figures mean"
CHAMPION = "Beside the champion"
ECONOMICS = "Economics"
CALIBRATION = "Calibration"
BY_FOLD = "By fold"
BY_PERIOD = "By year"
BY_TICKER = "By ticker"
BY_STATE = "By state of the market"
DRIFT = "Drift"
LIVE = "Live record"
SIGNALS = "Signals for the next session"
SIGNALS_AHEAD = "Signals over the label's horizon"
"""Stands in its place where the label is not that of the next session."""
LIMITS = "Doubts, limits and intended use"
SIGN_OFF = "Sign-off"
CONTENTS = "Contents of the appendix"
APPENDIX = "Appendix: digests and settings"

ANALYST_SECTIONS = ("Context", "Business implications", "Risks", "Ethical considerations")
"""What only a person can write; everything else is generated from the evaluation."""

BEHIND = (
    ADVICE, SIGNALS, LIMITS, PERFORMANCE, MEANING, CHAMPION, ECONOMICS, CALIBRATION, BY_FOLD, BY_PERIOD, BY_TICKER,
    BY_STATE, DRIFT, LIVE, MODEL, FEATURES, DATA, QUALITY, DONE, APPENDIX,
)  # fmt: skip
"""What the first page rests on, in reading order: the appendix."""

SECTIONS = (DECISION, *ANALYST_SECTIONS, SIGN_OFF, CONTENTS, *BEHIND)
"""Every heading, in reading order; the report has exactly these, whatever the evaluation holds."""

GENERATED = frozenset({*SECTIONS, SIGNALS_AHEAD}) - frozenset(ANALYST_SECTIONS)
"""Headings that no person writes under."""

OF_PROGRAM = frozenset({*GENERATED, *ANALYST_SECTIONS})
"""Headings of the program, as opposed to those that a person adds."""
