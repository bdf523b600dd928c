"""The domain of Afterclose: prices, features, models, evaluation, checkpoints and sign-off.

Nothing here knows luigi or streamlit. Rooms lie on floors: each uses only rooms below it (the ``layers``
contract in ``pyproject.toml``), and the docstring of its ``__init__`` says which. Modules that lie directly in
``core`` (errors, column names, parameters, tickers, ...) are shared by all rooms and not listed there.
The rooms that compute take clock, seed, paths and network as arguments.
"""

__version__ = "0.1.0"
