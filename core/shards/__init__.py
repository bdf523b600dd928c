"""Tables too large to hold: read and made a few tickers at a time. EDGE."""
