"""Models: walk-forward splits, kinds as plain JSON, training and scoring."""
