"""The profile that a run belongs to when it names none: called after what is asked, and known from then on.

``sample``, ``files:<stem>``, ``yahoo:<tickers>``, ``tiingo:<tickers>`` or ``own:<module>.<function>``. The same
source and tickers have the same name, whatever folder or spelling: a file is the same one by its real path, by its
bytes, or by the tickers in it (where tickers are named, by those). A short digest is added where tickers are named, and
where another file of that stem is known already; a longer one where that is another's, too.
``<data>/profiles/<name>.json`` remembers what a name stands for: the file that was read first, for as long as it is
there. Whoever brings another one that is the same takes no schedule, champion or deadline of others along with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from core import tickers as ticker_list
from core.fingerprint import sha256
from core.paths import SMALL_BYTES, Allowed, StoragePath, any_file, bytes_of, real_path, typed_path
from core.platform.storage import storage_at
from core.sources import MOVING, OWN
from core.sources.addresses.address import names_address

FOLDER = "profiles"
"""Of the data root: one file for each profile without a section in ``luigi.cfg``."""

NAMED_TICKERS = 3
"""So many tickers stand in a name; more are counted."""

READING = ("date_format", "delimiter", "decimal", "encoding", "columns", "calendar", "close_only")
"""Parameters that say what a source holds, not what is made of it: a name stands for them, too."""

MARKS = (6, 24)
"""Hex digits of a name's digest: whoever chooses their tickers finds others with the same six in seconds."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SOURCES = "|".join(sorted({"files", *MOVING}))
_NAME = re.compile(
    rf"(sample|({_SOURCES}):[A-Za-z0-9._-]{{1,80}})(-([0-9a-f]{{{MARKS[0]}}}|[0-9a-f]{{{MARKS[1]}}}))?"
)


@dataclass(frozen=True)
class Question:
    """What a run asks for, as far as its profile goes.

    Parameters
    ----------
    source : str
    path : str
        Real path of the file or folder, or its address; empty for other sources.
    tickers : tuple of str
        Those that were named, sorted; empty for all that the source has.
    module : str
        Of a source in a plug-in module: ``module.function``, whatever the text and folder; else empty.
    """

    source: str
    path: str = ""
    tickers: tuple[str, ...] = ()
    module: str = ""


@dataclass(frozen=True)
class ProfileEntry:
    """A profile that was used.

    Parameters
    ----------
    name : str
    question : Question
        What it asks for, with the path that was read first, or in the place of one that is gone.
    input_digest : str
        SHA-256 of that file when it was last run; empty without a file.
    paths : tuple of str
        Every real path under which its file was read, sorted.
    reading : mapping of str to str
        Those of :data:`READING` that a run named last, each.
    """

    name: str
    question: Question
    input_digest: str = ""
    paths: tuple[str, ...] = ()
    reading: Mapping[str, str] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """Return what is asked for under its name, as text by parameter."""
        question = self.question
        asked_for = {"source": question.source, "path": question.path, "tickers": ",".join(question.tickers)}
        return asked_for | dict(self.reading)


def question_of(
    source: str, path: str, tickers: str, module: str = "", allowed: Allowed = any_file
) -> Question:
    """Return what a request asks for, from the texts of its parameters; ``allowed`` judges a file of tickers once open.

    Parameters
    ----------
    module : str
        As :func:`core.request.plugin_digests.own_source` gives it.

    Raises
    ------
    AftercloseError
        If the list of tickers cannot be understood.
    """
    chosen = ticker_list.parse(tickers, upper=source != "files", folder=Path.cwd(), allowed=allowed)
    if source == "sample":
        from core.sources.sample import sessions_by_ticker

        return Question(source, "", () if set(chosen) == set(sessions_by_ticker()) else chosen)
    if source != "files":
        return Question(source, "", chosen, module)
    return Question(source, path if names_address(path) else str(real_path(typed_path(path))), chosen)


def is_derived(name: str) -> bool:
    """Return whether ``name`` could be that of runs without a profile.

    >>> [is_derived(name) for name in ("sample", "files:prices", "yahoo:AAPL-MSFT-0a1b2c", "own:mine.warehouse")]
    [True, True, True, True]
    >>> is_derived("mine")
    False
    """
    return _NAME.fullmatch(name) is not None


class KnownProfiles:
    """The profiles of a data root that no section of ``luigi.cfg`` names."""

    def __init__(self, root: StoragePath) -> None:
        self._folder = root / FOLDER

    def name_of(
        self,
        question: Question,
        same: Callable[[ProfileEntry], bool] = lambda _: False,
        lost: Callable[[str], ProfileEntry | None] = lambda _: None,
    ) -> str:
        """Return the name of the profile of ``question``. Read-only.

        Parameters
        ----------
        lost : callable
            What the profile of a name stands for where no file here says it: as far as its runs tell.
        same : callable
            Whether the file is that of a known profile all the same: asked only where it is read from a new path and
            other files of that stem are known.
        """
        if question.source == OWN:
            return self._name_of_own(question, lost)
        if not question.path:
            return self._free(question)
        name = _plain_name(question)
        entries = {entry.name: entry for entry in self.entries()}
        if name not in entries and (entry := lost(name)) is not None:
            entries[name] = entry
        alike = [entry for entry in entries.values() if _alike(entry.question, question)]
        alike.sort(
            key=lambda entry: entry.name != name
        )  # of several that are the same the first that there was
        match = next((entry for entry in alike if question.path in entry.paths), None)
        match = match or next((entry for entry in alike if same(entry)), None)
        if match is not None:
            return match.name
        names = [name, *(_marked(_stem(question), question, with_path=True, digits=most) for most in MARKS)]
        return next((each for each in names if each not in entries), names[-1])

    def _free(self, question: Question) -> str:
        """Return the name of what has no file: the first that stands for nothing else."""
        names = [_plain_name(question), _marked(_stem(question), question, with_path=False, digits=MARKS[-1])]
        others = {
            entry.name
            for entry in filter(None, map(self.entry, names))
            if not _may_be(entry.question, question)
        }
        return next((name for name in names if name not in others), names[-1])

    def _name_of_own(self, question: Question, lost: Callable[[str], ProfileEntry | None]) -> str:
        """Return the name of a source in a plug-in module.

        Earlier versions told no modules apart: the first that is asked for goes on under their name. What does not say
        its module, as a checkpoint that no run tells of, is of the only one with its tickers.
        """
        earlier = _plain_name(replace(question, module=""))
        if not question.module:
            alike = [entry.name for entry in self.entries() if replace(entry.question, module="") == question]
            return alike[0] if len(alike) == 1 else earlier
        entry = self.entry(earlier) or lost(earlier)
        goes_on = entry is not None and _may_be(entry.question, question)
        return earlier if goes_on else self._free(question)

    def keep(
        self,
        name: str,
        question: Question,
        input_digest: str = "",
        same: Callable[[ProfileEntry], bool] = lambda _: True,
        *,
        reading: Mapping[str, str] | None = None,
        there: Callable[[str], bool] = lambda _: True,
    ) -> bool:
        """Remember what a name stands for; False where another run gave it to something else since it was looked for.

        A data root that cannot be written forgets it. ``same`` as in :meth:`name_of`. What ``reading`` names takes the
        place of what was remembered; what it does not name stays. So does the file, while it is ``there``.
        """
        written = self._bytes_of(name)
        before = _entry_in(name, written)
        if before is not None and not _may_be(before.question, question):
            return False
        if before is not None and question.path not in ("", *before.paths) and not same(before):
            return False
        paths = sorted({*(before.paths if before else ()), *([question.path] if question.path else [])})
        earlier = before.question.path if before else ""
        if before is not None and earlier not in ("", question.path) and there(earlier):
            question, input_digest = replace(question, path=earlier), before.input_digest
        texts = dict(sorted({**(before.reading if before else {}), **(reading or {})}.items()))
        entry = ProfileEntry(name, question, input_digest, tuple(paths), texts)
        if before == entry:
            return True
        body = {"format": 1, "kind": "profile", "profile": name, **asdict(question)}
        body |= {"input_digest": input_digest, "paths": paths, "reading": texts}
        data = json.dumps(body, indent=2).encode() + b"\n"
        with suppress(OSError):
            file = storage_at(self._path(name))
            # what another run, or one on another machine, wrote since it was read is not written over
            if written is not None:
                return file.exchange(written, data)
            if not file.create(data):
                if self._bytes_of(name) is not None:
                    return False
                file.replace(data)  # of what is no file nothing is kept
        return True

    def entry(self, name: str) -> ProfileEntry | None:
        """Return what a name stands for, None where that is not known; the embedded sample always is."""
        sample = ProfileEntry(name, Question(name)) if name == "sample" else None
        return _entry_in(name, self._bytes_of(name)) or sample

    def _bytes_of(self, name: str) -> bytes | None:
        """Return what is remembered of a name as it is written, None where nothing is."""
        if not is_derived(name):
            return None  # out of the journal it may be a path
        try:
            return bytes_of(self._path(name), SMALL_BYTES)
        except OSError:
            return None

    def entries(self) -> list[ProfileEntry]:
        """Return what each profile without a section stands for; a damaged one is none."""
        return [entry for entry in map(self.entry, sorted({"sample", *self.names()})) if entry]

    def names(self) -> list[str]:
        """Return the names of all profiles that were used here without a section, sorted."""
        try:
            return sorted(path.stem for path in self._folder.glob("*.json") if is_derived(path.stem))
        except OSError:  # a storage that does not answer is said by whoever needs what it holds
            return []

    def _path(self, name: str) -> StoragePath:
        return self._folder / f"{name}.json"


def _entry_in(name: str, written: bytes | None) -> ProfileEntry | None:
    """Return what is remembered of a name; None of nothing, of what is damaged, and of what speaks for another."""
    try:
        body = json.loads(written or b"")
        if body["profile"] != name:
            return None
        tickers, module = tuple(map(str, body["tickers"])), str(body.get("module", ""))
        question = Question(str(body["source"]), str(body["path"]), tickers, module)
        paths = tuple(map(str, body["paths"]))
        reading = {name: str(text) for name, text in body.get("reading", {}).items() if name in READING}
        return ProfileEntry(name, question, str(body["input_digest"]), paths, reading)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _alike(first: Question, second: Question) -> bool:
    """Return whether two questions would have the same name, were it not for their files."""
    return _stem(first) == _stem(second) and _source_and_tickers(first) == _source_and_tickers(second)


def _may_be(earlier: Question, question: Question) -> bool:
    """Return whether a name that stands for the one may stand for the other; earlier versions told no modules apart."""
    return earlier.module in ("", question.module) and _source_and_tickers(earlier) == _source_and_tickers(
        question
    )


def _source_and_tickers(question: Question) -> tuple[str, frozenset[str]]:
    return question.source, frozenset(question.tickers)


def _plain_name(question: Question) -> str:
    stem = _stem(question)
    whole = question.module in ("", stem.removeprefix(f"{OWN}:"))
    return stem if whole and not question.tickers else _marked(stem, question, with_path=False)


def _stem(question: Question) -> str:
    if question.source == "files":
        from core.sources.files import label_of

        path = question.path.partition("?")[0] if names_address(question.path) else question.path
        return f"files:{label_of(Path(path).name)}"
    if question.source in MOVING:
        more = len(question.tickers) - NAMED_TICKERS
        parts = [question.module, *question.tickers[:NAMED_TICKERS], f"{more}-more" if more > 0 else ""]
        text = _UNSAFE.sub("-", "-".join(filter(None, parts))).strip("-")
        return f"{question.source}:{text or 'tickers'}"[:64]
    return question.source


def _marked(stem: str, question: Question, *, with_path: bool, digits: int = MARKS[0]) -> str:
    module = [question.module] if question.module else []
    parts = [*module, question.path if with_path else "", *question.tickers]
    return f"{stem}-{sha256(chr(10).join(parts).encode())[:digits]}"
