"""Start a run: its prices and a look at them, what to do with them, options; beside the button what will be done."""

from __future__ import annotations

from dashboard import requesting

requesting.show()
