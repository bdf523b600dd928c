"""What was made: checkpoints on disk, how one follows from another, and their upkeep. EDGE."""
