"""Models in use: candidates, the champion and its history, what they said and how it turned out. EDGE."""
