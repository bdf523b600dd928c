"""The draft report, as text and as a self-contained page."""
