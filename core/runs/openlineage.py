"""OpenLineage run events: a start and an end of each run, with what it read and wrote.

Off unless ``[observe] openlineage_url`` names a receiver; needs the extra ``[observe]``. An event that cannot be
sent never stops a run: what went wrong comes back as one sentence, for the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.platform.isolated import Bounds, bounded
from core.platform.web_addresses import host_in
from core.request.settings import Settings
from core.runs.lineage_facets import of_output, of_source

NAMESPACE = "afterclose"
PRODUCER = "urn:afterclose"
TIMEOUT_S = 4.0
"""For each piece of an answer."""

BOUNDS = Bounds(memory_mb=512, time_s=15)
"""For all of it: a receiver that never comes to an end keeps no run waiting."""

_ENDS = {"succeeded": "COMPLETE", "cancelled": "ABORT", "interrupted": "ABORT"}


@dataclass(frozen=True)
class RunChange:
    """A run that started or ended.

    Parameters
    ----------
    run_id, target : str
    request : mapping of str to str
        Parameters as they were asked for.
    state : str
        ``running`` at the start, else how the run ended.
    keys : mapping
        Stage -> checkpoint key: what was written, once the run is over.
    """

    run_id: str
    target: str
    request: Mapping[str, str]
    state: str
    keys: Mapping[str, str]


def emit(settings: Settings, change: RunChange) -> str | None:
    """Send one event and return what went wrong in a sentence, None if nothing did or none is wanted."""
    url = str(settings["observe_openlineage_url"] or "")
    if not url:
        return None
    try:
        trouble = bounded(BOUNDS, send, url, _event(settings, change))
    except ImportError:
        return "OpenLineage events need the extra [observe]"
    except Exception as error:  # noqa: BLE001 - whatever happens here, the run goes on
        trouble = type(error).__name__
    where = host_in(url) or "[observe] openlineage_url"
    return f"the OpenLineage event was not sent to {where}: {trouble}" if trouble else None


def run_uuid(run_id: str) -> str:
    """Return the UUID that OpenLineage wants for a run: always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{run_id}"))


def _event(settings: Settings, change: RunChange) -> object:
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

    kind = RunState.START if change.state == "running" else RunState[_ENDS.get(change.state, "FAIL")]
    source = change.request.get("source") or str(settings["source"])
    written = change.keys if change.state == "succeeded" else {}
    about_source, quality = of_source(settings, written)
    return RunEvent(
        eventTime=datetime.now(UTC).isoformat(),
        eventType=kind,
        run=Run(runId=run_uuid(change.run_id)),
        job=Job(namespace=NAMESPACE, name=change.target),
        producer=PRODUCER,
        inputs=[InputDataset(NAMESPACE, f"source/{source}", facets=about_source, inputFacets=quality)],
        outputs=[
            OutputDataset(NAMESPACE, f"{stage}/{key}", facets=about, outputFacets=sizes)
            for stage, key in written.items()
            for about, sizes in [of_output(settings, stage, key)]
        ],
    )


def send(url: str, event: object) -> str | None:
    """Send one event, however long its receiver takes, and return the name of what went wrong, None if nothing did."""
    from openlineage.client.transport.http import HttpConfig, HttpTransport
    from requests import Response, Session
    from requests.exceptions import TooManyRedirects

    class Direct(Session):
        """Goes nowhere else: a redirect would lead to servers that the desk reaches and others do not."""

        def request(self, *words: Any, **options: Any) -> Response:
            answer = super().request(*words, **{**options, "allow_redirects": False})
            if answer.is_redirect:
                raise TooManyRedirects(response=answer)
            return answer

    config = HttpConfig.from_dict({"url": url, "timeout": TIMEOUT_S, "retry": {"total": 0}})
    transport = HttpTransport(config)
    transport.session = Direct()
    try:
        # not by its client, which adds what an openlineage.yml of the folder or the home asks for: variables, too
        transport.emit(event)  # type: ignore[arg-type]  # an event of its own kind
    except Exception as error:  # noqa: BLE001 - whatever a receiver answers
        return type(error).__name__
    return None
