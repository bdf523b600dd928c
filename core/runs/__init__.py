"""From a request to committed checkpoints: the plan, the stages, their execution, supervision and log.

Uses :mod:`core.features`, :mod:`core.journal`, :mod:`core.models`, :mod:`core.notices`, :mod:`core.platform`,
:mod:`core.plugins`, :mod:`core.prices`, :mod:`core.registry`, :mod:`core.request`, :mod:`core.review`,
:mod:`core.seals`, :mod:`core.sources`, :mod:`core.store` and :mod:`core.tables`.

The functions of the stages are imported by the names that the stage table (:mod:`core.request.stages`) gives them.
"""
