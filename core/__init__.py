"""The domain of Afterclose: prices, features, models, evaluation, checkpoints and sign-off.

Nothing here knows luigi or streamlit. Pure modules are functions and frozen dataclasses; the few
modules that touch the world (EDGE, listed in ``pyproject.toml`` under the import rules) are used
by the tasks, the desk and the command line, never by pure modules.
"""

__version__ = "0.1.0"
