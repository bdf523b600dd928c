"""The HTTP interface beside the desk: runs, reports, findings and predictions as JSON, starting a run, health.

Off until ``[api] tokens`` names a file of tokens (``afterclose tokens``). Each answer is what the command of the same
name prints with ``--json``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from core import __version__
from core.errors import AftercloseError, BusyError, MissingFileError, ParameterError, SignOffError
from core.journal import Journal, Run
from core.journal.faults import JournalError
from core.parameters import natural
from core.queries.reports.listing import RunReports, reports
from core.queries.runs.missing import gone_stages
from core.queries.runs.naming import find_run
from core.registry.choosing import known_profile
from core.registry.evidence import signals_behind
from core.registry.origins import profile_of_run, runs_of, session_of_run
from core.request import settings as configuration
from core.request.settings import Settings
from core.request.stages import writer_of
from core.review import attempts
from core.review.annotations import Annotation, annotations_here
from core.review.people import Person, require
from core.review.tokens import person_of, read_tokens, tokens_file
from core.runs.launcher import judge_apart, launch
from core.seals.head import read_head
from core.store.artifacts import artifact_at, file_of
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Document, Table
from core.tables.codec import encode
from dashboard.openapi import openapi_of

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_ROWS = 1_000
"""Rows of a list at most; ``limit`` asks for fewer."""

HOW = "api"

BODY_S = 30.0
"""A body that takes longer is not waited for."""


@dataclass(frozen=True)
class Call:
    """What one request asks: who, with what in path, query and body."""

    settings: Settings
    person: Person
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, str]

    @property
    def limit(self) -> int:
        """How many entries are wanted."""
        text = self.query.get("limit", "20")
        number = natural(text, MOST_ROWS)
        if not number:
            raise ParameterError(
                f"limit is {text[:20]!r}", expected=f"a whole number from 1 to {MOST_ROWS:,}"
            )
        return number

    @property
    def profile(self) -> str:
        """The profile that is meant, empty for all."""
        name = self.query.get("profile", "")
        return known_profile(self.settings, name) if name else ""


@dataclass(frozen=True)
class Endpoint:
    """One address: method and path, what a role must be able to do, what answers, and what it says."""

    method: str
    path: str
    action: str
    answer: Callable[[Call], Any]
    summary: str
    query: tuple[str, ...] = ()


def _runs(call: Call) -> Any:
    runs, written = islice(runs_of(call.settings, call.profile), call.limit), annotations_here(call.settings)
    return [_run_body(call.settings, run, written) for run in runs]


def _run_body(settings: Settings, run: Run, written: Mapping[str, Annotation]) -> dict[str, Any]:
    whole = replace(run, profile=profile_of_run(settings, run), session=session_of_run(settings, run))
    return {
        **asdict(whole),
        **asdict(RunReports(settings).of_run(run)),
        "missing": gone_stages(Store(settings.data), run),
        **written[run.run_id].fields,
    }


def _run(call: Call) -> Run:
    journal = Journal.find(call.settings.data, call.settings.journal)
    if journal is None:
        raise MissingFileError("there is no run yet", expected="a run")
    try:
        return find_run(call.settings, journal, call.path["run"], profile=call.query.get("profile", ""))
    except ParameterError as error:
        raise MissingFileError(error.problem, expected=error.expected) from error


def _one_run(call: Call) -> Any:
    run = _run(call)
    journal = Journal(call.settings.data, call.settings.journal, read_only=True)
    return {
        **_run_body(call.settings, run, annotations_here(call.settings)),
        "events": [asdict(event) for event in journal.events(run.run_id)],
    }


def _artifact(call: Call, kind: str) -> Any:
    run, store = _run(call), Store(call.settings.data)
    slot = Slot(writer_of(kind).name, run.keys.get(writer_of(kind).name, ""))
    filename = file_of(kind, store, slot) if slot.key else None
    if filename is None:
        raise MissingFileError(f"run {run.run_id} has no {kind}", expected="a run that has come so far")
    artifact = artifact_at(store, slot, filename)
    if isinstance(artifact, Document):
        return json.loads(encode(artifact).data)
    assert isinstance(artifact, Table), "texts have no address here"
    signals = signals_behind(store, slot, artifact)  # what the evaluation withholds is withheld here
    if artifact.rows <= MOST_ROWS and artifact.stored is None:
        return {**json.loads(encode(artifact).data), "signals": signals}
    return {
        "kind": kind,
        "rows": artifact.rows,
        "signals": signals,
        "note": "too many rows: afterclose query asks them",
    }


def _reports(call: Call) -> Any:
    return [
        asdict(entry) for entry in reports(call.settings, datetime.now(UTC), call.profile, limit=call.limit)
    ]


def _start(call: Call) -> Any:
    judge_apart(call.settings, call.body)
    started = launch(call.settings, call.body, person=call.person, how=HOW, folder=Path.cwd(), resolved=True)
    return {"run_id": started.run_id, "new": started.new}


def _hook(call: Call) -> Any:
    return _start(replace(call, body={**call.body, "profile": call.path["profile"]}))


def _findings(call: Call) -> Any:
    return _artifact(call, "findings")


def _evaluation(call: Call) -> Any:
    return _artifact(call, "evaluation")


def _predictions(call: Call) -> Any:
    return _artifact(call, "predictions")


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint("GET", "/api/runs", "view", _runs, "Runs, the newest first.", ("profile", "limit")),
    Endpoint("GET", "/api/runs/{run}", "view", _one_run, "One run with its stages' events.", ("profile",)),
    Endpoint("GET", "/api/runs/{run}/findings", "view", _findings, "What the gate said.", ("profile",)),
    Endpoint("GET", "/api/runs/{run}/evaluation", "view", _evaluation, "The evaluation.", ("profile",)),
    Endpoint("GET", "/api/runs/{run}/predictions", "view", _predictions, "Predictions, or the signals.", ("profile",)),
    Endpoint("GET", "/api/reports", "view", _reports, "Reports, the newest session first.", ("profile", "limit")),
    Endpoint("POST", "/api/runs", "launch", _start, "Start a run; the body has parameters by name, as text."),
    Endpoint("POST", "/api/hooks/{profile}", "launch", _hook, "Start a profile's run: for whoever delivers its data."),
)  # fmt: skip


def routes(load: Callable[[], Settings] = configuration.load) -> list[Route]:
    """Return the routes of the interface; none while it is off.

    Raises
    ------
    AftercloseError
        If the file of tokens cannot be used.
    """
    path = tokens_file(load())
    if path is None:
        return []
    read_tokens(path)
    addresses = dict.fromkeys(endpoint.path for endpoint in ENDPOINTS)
    by_path = {path: {e.method: e for e in ENDPOINTS if e.path == path} for path in addresses}
    return [
        Route("/healthz", _health(load), methods=["GET"]),
        Route("/api/openapi.json", _describe, methods=["GET"]),
        *(
            Route(path, _answering(endpoints, load), methods=list(endpoints))
            for path, endpoints in by_path.items()
        ),
    ]


def _health(load: Callable[[], Settings]) -> Callable[[Request], Any]:
    """Return the answer for whoever watches the process: 200 while the journal can be read; no token, no detail."""

    async def answer(request: Request) -> Response:
        del request
        well = await run_in_threadpool(_is_well, load)
        return _json({"status": "ok" if well else "unwell", "version": __version__}, 200 if well else 503)

    return answer


def _is_well(load: Callable[[], Settings]) -> bool:
    try:
        settings = load()
        journal = Journal.find(settings.data, settings.journal)
        if journal is None:
            return read_head(settings.data) is None  # beside what was signed it is gone
        journal.runs(limit=1)
    except (AftercloseError, OSError):
        return False
    return True


def _answering(endpoints: Mapping[str, Endpoint], load: Callable[[], Settings]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        credential = token.strip() if scheme.lower() == "bearer" else ""
        endpoint = endpoints["GET" if request.method == "HEAD" else request.method]
        address = request.client.host if request.client else "unknown"
        asker = await run_in_threadpool(_asker, endpoint, load, credential, address)
        if isinstance(asker, Response):
            return (
                asker  # a body of somebody who may not ask is never read: it would lie in the desk's memory
            )
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody: whoever asked is gone
        except TimeoutError:
            return _json({"error": f"the body did not come within {BODY_S:.0f} seconds"}, 408)
        parts = (dict(request.path_params), dict(request.query_params), body)
        return await run_in_threadpool(_answered, endpoint, load, asker, parts)

    return answer


def _asker(endpoint: Endpoint, load: Callable[[], Settings], token: str, address: str) -> Person | Response:
    """Return who asks, or the refusal: the token first, then the role."""
    try:
        settings = load()
        wait = attempts.wait_s(settings, HOW, address)
        if wait:
            return _json({"error": "too many wrong tokens"}, 429, {"Retry-After": str(wait)})
        file = tokens_file(settings)
        person = person_of(settings, read_tokens(file), token) if file and token else None
        if person is None:
            if token:
                attempts.failed(settings, HOW, address)
            return _json({"error": "no token, or none that counts"}, 401, {"WWW-Authenticate": "Bearer"})
        require(person, endpoint.action)
    except AftercloseError as error:
        return _refusal(error)
    return person


def _answered(
    endpoint: Endpoint,
    load: Callable[[], Settings],
    person: Person,
    parts: tuple[Mapping[str, str], Mapping[str, str], bytes],
) -> Response:
    path, query, body = parts
    try:
        unknown = [name for name in query if name not in endpoint.query]
        if unknown:
            raise ParameterError(
                f"unknown parameter {unknown[0]!r}", expected=", ".join(endpoint.query) or "no parameter"
            )
        return _json(endpoint.answer(Call(load(), person, path, query, _texts(body))), 200)
    except AftercloseError as error:
        return _refusal(error)


def _refusal(error: AftercloseError) -> Response:
    return _json({"error": str(error), "exit_code": error.exit_code}, _status(error))


def _texts(body: bytes) -> dict[str, str]:
    """Return a body's parameters; an empty body has none."""
    if not body:
        return {}
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ParameterError("the body is no JSON", expected='{"profile": "..."} and the like') from error
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise ParameterError("the body is no mapping of texts", expected='{"profile": "..."} and the like')
    return values


def _status(error: AftercloseError) -> int:
    if isinstance(error, SignOffError):
        return 403
    if isinstance(error, MissingFileError):
        return 404
    if isinstance(error, BusyError):
        return 409
    return 503 if isinstance(error, JournalError) else 422


def _json(body: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    data = json.dumps(body, default=str).encode()
    return Response(data, status, {**(headers or {}), "Cache-Control": "no-store"}, "application/json")


async def _describe(request: Request) -> Response:
    """Answer with the description of the interface (OpenAPI 3.1)."""
    del request
    return _json(description(), 200)


def description() -> dict[str, Any]:
    """Return the interface as OpenAPI 3.1 has it."""
    return openapi_of(ENDPOINTS)
