"""What the desk, the terminal and the package for Python ask.

Nothing here starts a run, decides, or writes to the data root. Two functions write elsewhere:
:func:`core.queries.operations.plugin_modules.write_module` a new plug-in into a folder, and
:func:`core.queries.reports.mlflow_run.export` a run to an MLflow server.

Uses :mod:`core.evaluation`, :mod:`core.features`, :mod:`core.journal`, :mod:`core.measures`, :mod:`core.models`,
:mod:`core.platform`, :mod:`core.plugins`, :mod:`core.prices`, :mod:`core.registry`, :mod:`core.report`,
:mod:`core.request`, :mod:`core.review`, :mod:`core.runs`, :mod:`core.schedule`, :mod:`core.seals`,
:mod:`core.sources`, :mod:`core.store`, :mod:`core.tables` and :mod:`core.upkeep`.
"""
