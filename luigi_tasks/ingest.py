"""The first stage as a task."""

from luigi_tasks.base import StageTask


class Ingest(StageTask):
    """Reads the source; writes ``prices_raw``. Stale when the source's bytes, tickers or range change."""

    stage_name = "ingest"
