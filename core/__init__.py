"""The domain of Afterclose: prices, features, models, evaluation, checkpoints and sign-off.

Nothing here knows luigi or streamlit. Rooms lie on floors: each uses only rooms below it (the ``layers``
contract in ``pyproject.toml``). The rooms that compute take clock, seed, paths and network as arguments.
"""

__version__ = "0.1.0"
