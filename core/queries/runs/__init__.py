"""Questions about runs: their progress, files, logs, labels, and what differs between them."""
