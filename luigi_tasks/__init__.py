"""Luigi's side: when and where. One thin task per stage; what a stage does is in ``core``.

``luigi --module luigi_tasks Report --local-scheduler`` imports this package, which makes the
terminal quiet and the exit codes the contract's before Luigi builds any task.
"""

from luigi_tasks import early

early.install()

from core.platform.determinism import single_threaded  # noqa: E402 - an interrupt may come from here on

single_threaded()

from luigi_tasks import shell  # noqa: E402 - threads are set before anything numeric can be imported
from luigi_tasks.clean import Clean  # noqa: E402 - see above
from luigi_tasks.evaluate import Evaluate  # noqa: E402 - see above
from luigi_tasks.feature_engineer import FeatureEngineer  # noqa: E402 - see above
from luigi_tasks.ingest import Ingest  # noqa: E402 - see above
from luigi_tasks.publish import Publish  # noqa: E402 - see above
from luigi_tasks.report import Report  # noqa: E402 - see above
from luigi_tasks.sign_off import SignOff  # noqa: E402 - see above
from luigi_tasks.train_or_score import TrainOrScore  # noqa: E402 - see above
from luigi_tasks.validate import Validate  # noqa: E402 - see above

__all__ = [
    "Clean",
    "Evaluate",
    "FeatureEngineer",
    "Ingest",
    "Publish",
    "Report",
    "SignOff",
    "TrainOrScore",
    "Validate",
]

shell.install()
