"""SQL over every artifact and the journal: DuckDB reads what a question names, verified, and writes nothing.

A table is loaded when a statement names it. The database lives in memory and reaches no file, no address and no
other database: what it has are the tables below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import ParameterError, SettingsError, listed, nearest
from core.queries.journal_rows import COLUMNS, JOURNAL
from core.queries.query_limit import QueryLimit
from core.registry.evidence import signals_behind
from core.registry.origins import Origins, finished_runs
from core.request.settings import Settings
from core.request.stages import STAGES, writer_of
from core.store.artifacts import artifact_at, file_of
from core.store.checkpoints import Slot, Store
from core.store.lineage import slots
from core.tables.artifacts import Document, Table

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

ARTIFACTS: tuple[str, ...] = (
    "prices_raw", "prices_valid", "findings", "prices_clean", "repairs", "features", "predictions", "signals",
    "metrics", "drift",
)  # fmt: skip
"""Tables of the newest report of each profile, with the column ``profile`` first."""

ALL = "all_"
"""Before the name of such a table: of every checkpoint there is, with the columns ``key`` and ``profiles`` first."""

_KIND_OF = {"signals": "predictions", "metrics": "evaluation", "drift": "evaluation"}
"""The artifact that a table of another name is taken from."""


def tables() -> dict[str, str]:
    """Return every table by name, with a sentence on what a row is."""
    return {
        **{name: f"{_ROWS[name]}, newest report of each profile" for name in ARTIFACTS},
        **{ALL + name: f"{_ROWS[name]}, every checkpoint" for name in ARTIFACTS},
        **{name: sentence for name, (sentence, _) in JOURNAL.items()},
    }


_ROWS = {
    "prices_raw": "a price row as the source gave it",
    "prices_valid": "a price row that passed the gate",
    "findings": "a finding of the gate",
    "prices_clean": "a cleaned price row",
    "repairs": "a repair",
    "features": "the features of a price row",
    "predictions": "a prediction",
    "signals": "a signal for the session to come",
    "metrics": "a measure with its interval",
    "drift": "the drift of a column",
}


_WITHOUT_THE_WORLD: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


@contextmanager
def query(settings: Settings, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ask one statement that reads, and provide its result; loading, answer and fetching have ``[query] timeout_s``.

    Parameters
    ----------
    settings : Settings
        Whose data root is asked.
    sql : str
        One ``SELECT`` (or ``WITH``, ``SUMMARIZE``, ``DESCRIBE``, ``EXPLAIN`` ...) in DuckDB's SQL; :func:`tables` says
        of what.

    Yields
    ------
    duckdb.DuckDBPyConnection
        With the result, to be fetched once: ``description``, ``fetchmany``, ``fetchall``, ``df``, ``pl``.

    Raises
    ------
    ParameterError
        If the statement cannot be understood, names what is not there, or is more than one.
    SettingsError
        If DuckDB is not installed.
    CheckpointError
        If an artifact that it needs is damaged.
    QueryTimeout
        If it takes longer than it may.
    """
    try:
        import duckdb
    except ImportError as error:
        raise SettingsError(
            "DuckDB is not installed", expected="the package duckdb", remedy="pip install duckdb"
        ) from error
    # from the beginning: a statement is bound, and so a file sniffed or an extension fetched, before it is answered
    connection, names = duckdb.connect(":memory:", config=_WITHOUT_THE_WORLD), tables()
    limit = QueryLimit(connection, float(settings["query_timeout_s"] or 0))
    try:
        limit.start()
        sql.encode()  # what is no text is the command line's mistake, not the database's
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in (
            duckdb.StatementType.SELECT,
            duckdb.StatementType.EXPLAIN,
        ):
            kinds = listed([str(statement.type).rsplit(".", 1)[-1] for statement in statements])
            raise ParameterError(
                f"{len(statements):,} statements came: {kinds}" if kinds else "no statement came",
                expected="one statement that reads, such as SELECT",
            )
        tables_named = {name.lower() for name in connection.get_table_names(sql)}
        for name in sorted(tables_named & names.keys()):
            _load(connection, settings, name)
            limit.raise_if_exceeded()
        connection.execute("SET lock_configuration = true")
        yield connection.execute(sql)
        limit.raise_if_exceeded()
    except duckdb.Error as error:
        limit.raise_if_exceeded()
        raise _unanswered(error, sql, names) from error
    finally:
        limit.stop()
        connection.close()


def _unanswered(error: Exception, sql: str, names: Mapping[str, str]) -> ParameterError:
    """Return DuckDB's refusal in one sentence, with the nearest table where one is missing."""
    problem = " ".join(str(error).split("\n\n")[0].split()).split(" Did you mean")[0]
    missing = problem.partition("Table with name ")[2].split()
    nearby = nearest(missing[0].strip('"'), list(names)).strip() if missing else ""
    return ParameterError(
        f"{sql[:60]!r} was not answered: {problem}",
        expected="SQL that DuckDB understands, about tables that are there",
        remedy=f"{nearby} afterclose query --tables lists them.".strip(),
    )


def _load(connection: duckdb.DuckDBPyConnection, settings: Settings, name: str) -> None:
    """Make one table, by the name it is asked by."""
    if name in JOURNAL:
        _, rows = JOURNAL[name]
        connection.from_df(_frame(rows(settings), _COLUMNS[name])).create(name)
        return
    kind_of_rows, parts = name.removeprefix(ALL), []
    for labels, slot in _slots(settings, name):
        content = _rows(settings, slot, kind_of_rows)
        if content is not None:
            parts.append((labels, _relation(connection, content)))
    if not parts:
        raise ParameterError(
            f"there is no {kind_of_rows} to ask in {settings.data}",
            expected="a finished run",
            remedy="Run: afterclose run",
        )
    columns = list(dict.fromkeys(column for _, part in parts for column in part.columns))
    relations = [part.select(*_expressions(labels, part, columns)) for labels, part in parts]
    reduce(lambda before, after: before.union(after), relations).create_view(name)


def _relation(connection: duckdb.DuckDBPyConnection, content: Any) -> duckdb.DuckDBPyRelation:
    import pandas as pd

    return (
        connection.from_df(content) if isinstance(content, pd.DataFrame) else connection.from_arrow(content)
    )


def _expressions(
    labels: Mapping[str, str], part: duckdb.DuckDBPyRelation, columns: list[str]
) -> Iterator[duckdb.Expression]:
    """Yield the labels as columns and then every column, null where the part has none; days as days."""
    import duckdb

    for label, text in labels.items():
        yield duckdb.ConstantExpression(text).alias(label)
    for column in columns:
        own = duckdb.ColumnExpression(column) if column in part.columns else duckdb.ConstantExpression(None)
        value = own.cast(duckdb.sqltypes.DATE) if column in _DAYS else own
        yield value.alias(column)


_DAYS = frozenset({col.DATE, "session", "after"})


def _slots(settings: Settings, name: str) -> Iterator[tuple[dict[str, str], Slot]]:
    """Yield the checkpoints behind a table with the columns that say which they are."""
    kind_of_rows, origins = name.removeprefix(ALL), Origins(settings)
    stage = writer_of(_KIND_OF.get(kind_of_rows, kind_of_rows)).name
    if name.startswith(ALL):
        for slot in slots(settings.data):
            if slot.stage == stage:
                profiles = ", ".join(sorted(origins.of_key(slot.stage, slot.key)))
                yield {"key": slot.key, "profiles": profiles}, slot
        return
    store = Store(settings.data)
    for profile in origins.profiles:
        keys = (run.keys.get(stage, "") for run in finished_runs(settings, profile))
        newest = next((Slot(stage, key) for key in keys if key and store.meta(Slot(stage, key))), None)
        if newest is not None:
            yield {"profile": profile}, newest


def _rows(settings: Settings, slot: Slot, table: str) -> Any:
    """Return a checkpoint's rows for a table: a frame, or a data set in a file; None where it has none."""
    store, kind = Store(settings.data), _KIND_OF.get(table, table)
    filename = file_of(kind, store, slot)
    if filename is None:
        return None
    if filename.endswith(".parquet") and table == kind:
        import pyarrow.dataset

        return pyarrow.dataset.dataset(store.file(slot, filename))
    artifact = artifact_at(store, slot, filename)
    if isinstance(artifact, Table):
        if table == kind:
            return artifact.frame
        return _frame(signals_behind(store, slot, artifact), _COLUMNS[table])
    assert isinstance(artifact, Document), "a checkpoint holds tables, documents and reports"
    return _frame(_OF_DOCUMENT[table](artifact.body), _COLUMNS[table])


def _metrics(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each measure of an evaluation, of the model and of what stands beside it."""
    predictors = {"model": body["performance"], **body.get("baselines", {}), **body.get("beside", {})}
    for whose, figures in predictors.items():
        for metric, value in (figures or {}).items():
            estimate = value if isinstance(value, Mapping) else {"value": value}
            bounds = {bound: estimate.get(bound) for bound in ("value", "low", "high")}
            yield {"who": whose, "metric": metric, **bounds, "reason": estimate.get("reason")}


def _drift(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for column, figures in (body.get("drift") or {}).items():
        yield {"column": column, **figures}


_OF_DOCUMENT: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "findings": lambda body: body["findings"],
    "repairs": lambda body: body["repairs"],
    "metrics": _metrics,
    "drift": _drift,
}


def _frame(rows: Any, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return rows as a frame with these columns first; lists and mappings as JSON."""
    import pandas as pd

    kind_of_rows = [{name: _cell(value) for name, value in row.items()} for row in rows]
    more = [
        name for name in dict.fromkeys(name for row in kind_of_rows for name in row) if name not in columns
    ]
    frame = pd.DataFrame(kind_of_rows, columns=[*columns, *more])
    return frame.convert_dtypes() if len(frame) else frame.astype("str")


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, Mapping | list | tuple) else value


_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "findings": ("rule", "severity", "ticker", "date", "value", "expected", "action"),
    "repairs": ("rule", "ticker", "date", "column", "before", "after"),
    "signals": ("ticker", "after", "session", "probability", "direction", "reason"),
    "metrics": ("who", "metric", "value", "low", "high", "reason"),
    "drift": ("column", "ks", "ks_p", "psi", "wasserstein", "js", "percentile", "severity"),
    **COLUMNS,
}

assert set(_KIND_OF.values()) | set(ARTIFACTS) - set(_KIND_OF) <= {a.kind for s in STAGES for a in s.writes}
