"""What stages make, in memory, as bytes and in parts of whole tickers.

Uses :mod:`core.platform`.
"""

from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]
"""What a JSON artifact holds, as it was read."""
