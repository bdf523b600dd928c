"""Which profile a request belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from core.errors import AftercloseError, MissingFileError, ParameterError
from core.parameters import settings_from
from core.platform.isolated import call_isolated
from core.platform.progress import silent
from core.registry.origins import entry_behind, runs_if_readable, tickers_of_run
from core.request import roots
from core.request.known_profiles import READING, KnownProfiles, ProfileEntry, question_of
from core.request.plugin_digests import own_source
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.request.stages import chain, parameters_of
from core.sources import ingest, source_named
from core.sources.addresses.address import names_address
from core.sources.context import Context
from core.sources.ingest_settings import IngestSettings
from core.sources.tabular.inventory import globbed
from core.store import universe_files
from core.tables.engine import LOCAL
from core.tables.writer import Scratch
from core.universe import SymbolChange


class NotAskedError(ParameterError):
    """Which profile an address belongs to is known once its server is asked."""


def profile_of(
    request: Mapping[str, str], settings: Settings, *, keep: bool = False, asks: bool = False
) -> str:
    """Return the name of the profile that a run of ``request`` belongs to.

    Parameters
    ----------
    request : mapping of str to str
        As :func:`core.runs.resolve.resolve` takes it: judged before, or judged by this.
    keep : bool
        Whether to remember what the name stands for, because the run is about to start.
    asks : bool
        Whether a server may be asked, where the profile of an address depends on what is there: for what a person, or
        a schedule, starts, and for no page that is only looked at. So with ``keep``.

    Raises
    ------
    AftercloseError
        If the tickers or the profile cannot be understood, a profile without a section was named beside what belongs to
        another one, or a server would have to be asked and may not.
    """
    name = request.get(PROFILE, "").strip()
    under = settings.under(name)
    if name in settings.profiles:
        return name
    parameters = parameters_of(chain("ingest"))
    texts = {key: p.text(under[key]) for key, p in parameters.items() if not p.resolved}
    texts |= {key: text for key, text in request.items() if key in texts and text.strip()}
    roots.check_list(texts["tickers"], settings)
    allowed, module = roots.AllowedFiles(settings, "tickers"), own_source(texts, settings)
    question = question_of(texts["source"], texts["path"], texts["tickers"], module, allowed)
    book = KnownProfiles(settings.data)
    may_ask = asks or keep or not names_address(question.path)
    same = partial(_same_file, settings, texts) if may_ask else _not_asked
    name_now = partial(book.name_of, question, same, partial(entry_behind, settings))
    own = name_now()
    if name and own != name:
        raise ParameterError(
            f"profile {name} was named beside what belongs to {own}",
            expected="source, path, module and tickers of the profile",
            remedy=f"Leave --profile {name} out, or the others.",
            parameter=PROFILE,
        )
    digest = _digest(settings, texts) if keep and question.path else ""
    # a run that names its profile teaches it nothing: what it names beside is its own
    reading = {} if name else {key: request[key].strip() for key in READING if request.get(key, "").strip()}
    remember = partial(
        book.keep, question=question, input_digest=digest, same=same, reading=reading,
        there=partial(_is_there, settings),
    )  # fmt: skip
    if keep and not remember(own):  # another run took it at the same moment
        own = name_now()
        remember(own)
    return own


HOW_TO_READ_LATER_FILES = (
    "For later files name --path, also of a schedule (a pattern reads those of all days), or write a section "
    "[profile:NAME] in luigi.cfg."
)


def later_file(entry: ProfileEntry) -> str:
    """Return in a sentence that a profile reads the file that was read first, and which was read later; empty if none.

    A folder for each day leaves the first day's file where it is: whatever asks by the profile's name goes on reading
    that one. Servers are not asked whether an address is there.
    """
    first = entry.question.path
    written = {path: _written_at(path) for path in entry.paths if first and path != first}
    there = {path: at for path, at in written.items() if at is not None}
    if not there:
        return ""
    newest = max(there, key=lambda path: (there[path], path))
    return f"profile {entry.name} reads {first}, the file that was read first; {newest} was read later"


def _written_at(path: str) -> float | None:
    """Return when a file was written, None where it is gone; 0 for an address and a pattern that matches something."""
    try:
        if Path(path).exists():
            return Path(path).stat().st_mtime
        return 0.0 if names_address(path) or globbed(path) else None
    except (AftercloseError, OSError, ValueError):
        return None


def _is_there(settings: Settings, path: str) -> bool:
    """Return whether a file, folder or pattern that was read before is there; an address unless its server says no."""
    try:
        if not names_address(path):
            return Path(path).exists() or bool(globbed(path))
        roots.local_path(path, settings)
    except MissingFileError:
        return False
    except (AftercloseError, OSError, ValueError):
        return True  # nobody says that it is gone
    return True


def _not_asked(entry: ProfileEntry) -> bool:
    raise NotAskedError(
        f"whether the address is of profile {entry.name} was not asked",
        expected="a server that is asked when a run is started",
        parameter="path",
    )


def _same_file(settings: Settings, texts: Mapping[str, str], entry: ProfileEntry) -> bool:
    """Return whether a file holds the bytes, or the tickers, of the file of a known profile.

    Of a profile that names its tickers those are enough: what else is in the file is not read.
    """
    if entry.input_digest and entry.input_digest == _digest(settings, texts):
        return True
    if entry.question.tickers:
        return bool(_tickers_in(settings, texts, entry.question.tickers))
    earlier = (tickers_of_run(settings, run) for run in runs_if_readable(settings, entry.name))
    tickers = next((names for names in earlier if names), None)
    return tickers is not None and tickers == _tickers_in(settings, texts, ())


def _tickers_in(settings: Settings, texts: Mapping[str, str], tickers: tuple[str, ...]) -> frozenset[str]:
    """Return the tickers that a run would read, of those given (all, where none is) in a file.

    None where it lacks one of them or cannot be read: the run says what is wrong with it. In a process of its own,
    within the bounds of ``[files]``: this is asked in the desk, too, of a file that somebody may just have brought.
    """
    try:
        subject = texts.get("path") or "it"
        return call_isolated(settings.bounds, subject, _read_tickers, settings, dict(texts), tickers)
    except AftercloseError:
        return frozenset()


def _read_tickers(settings: Settings, texts: Mapping[str, str], tickers: tuple[str, ...]) -> frozenset[str]:
    parameters = {
        name: p.parse(texts.get(name) or p.default) for name, p in parameters_of(chain("ingest")).items()
    }
    parameters["path"] = roots.local_path(str(parameters["path"]), settings)
    reading = settings_from(IngestSettings, parameters)
    answer = source_named("files").resolve(reading, (), datetime.now(UTC))
    prices = ingest(
        replace(reading, input_digest=answer.input_digest),
        tickers,
        context=Context(allowed=roots.AllowedFiles(settings)),
        progress=silent,
        scratch=Scratch(),
        engine=LOCAL,
        symbols=_symbols(str(parameters["symbols"] or ""), settings),
    )
    return frozenset(prices.header["source"]["tickers"])


def _symbols(path: str, settings: Settings) -> tuple[SymbolChange, ...]:
    """Return the changes of symbols in a file, none where none is named."""
    if not path:
        return ()
    roots.check_path(path, settings, parameter="symbols")
    return universe_files.symbols_in(Path(path), roots.AllowedFiles(settings, "symbols"))


def _digest(settings: Settings, texts: Mapping[str, str]) -> str:
    try:
        path = roots.local_path(texts.get("path", ""), settings)
        source_settings = IngestSettings(path=path, columns=texts.get("columns", ""))
        return source_named("files").resolve(source_settings, (), datetime.now(UTC)).input_digest
    except AftercloseError:
        return ""  # the run says what is wrong with the file
