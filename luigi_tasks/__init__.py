"""Luigi's side: when and where. One thin task per stage; what a stage does is in ``core``.

``luigi --module luigi_tasks Report --local-scheduler`` imports this package, which makes the
terminal quiet and the exit codes the contract's before Luigi builds any task.
"""

from importlib import import_module

from luigi_tasks import early

early.install()

from core.platform.determinism import single_threaded  # noqa: E402 - an interrupt may come from here on

single_threaded()

from core.request.stages import STAGES  # noqa: E402 - threads are set before anything numeric can be imported
from luigi_tasks import in_process, luigi_adapter  # noqa: E402 - see above
from luigi_tasks.publish import Publish  # noqa: E402 - see above
from luigi_tasks.sign_off import SignOff  # noqa: E402 - see above

__all__ = ["Publish", "SignOff"]

for _stage in STAGES:  # one module a stage, of the stage's name
    import_module(f"{__name__}.{_stage.name}")

luigi_adapter.install()
in_process.keep_results_in_process()
early.imported()
