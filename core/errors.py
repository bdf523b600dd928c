"""Every deliberate error, with what came, what was expected and what to do next.

One root, :class:`AftercloseError`, with a branch per concern. Each class carries the exit code of
the contract, so that every front end (luigi, the ``afterclose`` command, the desk) answers alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from core.paths import StoragePath

EXIT_DONE = 0
EXIT_COMMAND = 2
EXIT_PARAMETER = 4
EXIT_BUSY = 10
EXIT_WAITING = 20
EXIT_NOT_RUN = 25
EXIT_FAILED = 30
EXIT_SCHEDULING = 35
EXIT_UNEXPECTED = 40
EXIT_INTERRUPTED = 130
EXIT_CANCELLED = 143


class AftercloseError(Exception):
    """A mistake or fault that is answered by one clear message and an exit code.

    Parameters
    ----------
    problem : str
        What was found, with the offending value.
    expected : str
        What would have been right.
    remedy : str
        What the reader should do next.
    parameter : str
        Name of the parameter at fault, so that a form can put the message beside its field; empty when
        it is about none in particular.
    """

    exit_code = EXIT_UNEXPECTED

    def __init__(self, problem: str, *, expected: str = "", remedy: str = "", parameter: str = "") -> None:
        self.problem = problem
        self.expected = expected
        self.remedy = remedy
        self.parameter = parameter
        super().__init__(problem, expected, remedy)

    @classmethod
    @contextmanager
    def of_disk(
        cls, problem: str, *, expected: str = "", remedy: str = "", parameter: str = ""
    ) -> Iterator[None]:
        """Raise what the system refuses within as this error: ``problem``, and the system's own words."""
        try:
            yield
        except OSError as error:
            problem = f"{problem}: {error.strerror or error}"
            raise cls(problem, expected=expected, remedy=remedy, parameter=parameter) from error

    def __str__(self) -> str:
        parts = [self.problem]
        if self.expected:
            parts.append(f"expected {self.expected}")
        sentence = "; ".join(parts)
        return f"{sentence}. {self.remedy}".rstrip() if self.remedy else sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


def _rebuild(cls: type[AftercloseError], args: tuple[Any, ...], state: dict[str, Any]) -> AftercloseError:
    error = cls.__new__(cls)
    Exception.__init__(error, *args)
    error.__dict__.update(state)
    return error


class CommandError(AftercloseError):
    """The command line itself is wrong (an unknown option, a missing input)."""

    exit_code = EXIT_COMMAND


class ParameterError(AftercloseError):
    """A parameter has a value that cannot be used."""

    exit_code = EXIT_PARAMETER


class SettingsError(ParameterError):
    """``luigi.cfg`` or the environment holds something unknown or unusable."""


class PluginError(ParameterError):
    """A plug-in module cannot be used; the message names its file and line."""


class MissingFileError(AftercloseError):
    """A file that a person must bring is not there."""

    exit_code = EXIT_WAITING

    @classmethod
    def of(cls, path: object, what: str, *, parameter: str = "") -> MissingFileError:
        return cls(
            f"there is no {what} at {path}",
            expected="a readable file",
            remedy="Check the spelling, or create the file and run again.",
            parameter=parameter,
        )

    @classmethod
    def unless_file(cls, path: StoragePath, what: str, *, parameter: str = "") -> None:
        """Raise unless there is a file."""
        if not path.is_file():
            raise cls.of(path, what, parameter=parameter)


class BusyError(AftercloseError):
    """Somebody else is doing this work right now and waiting was not wanted."""

    exit_code = EXIT_BUSY


class StageError(AftercloseError):
    """A stage failed: the run stops here and nothing committed is touched."""

    exit_code = EXIT_FAILED


class SourceError(StageError):
    """The price source gave no usable answer."""


class DataError(StageError):
    """A table or document does not have the agreed form."""


class ValidationFailed(DataError):
    """The gate found errors; the findings say which.

    Parameters
    ----------
    findings : mapping
        The whole ``findings`` document, as it would have been committed.
    """

    def __init__(self, findings: Mapping[str, Any]) -> None:
        self.findings = findings
        errors = [f for f in findings["findings"] if f["severity"] == "error"]
        rules = sorted({str(f["rule"]) for f in errors})
        count = "1 error" if len(errors) == 1 else f"{len(errors):,} errors"
        super().__init__(
            f"the gate stopped the run: {count} by rule {', '.join(rules)}",
            expected="prices without an error",
            remedy="Nothing was computed from these prices, and nothing made before was touched. "
            "The findings name ticker, date and value, and what to do about each rule." + _expired(findings),
        )


def _expired(findings: Mapping[str, Any]) -> str:
    """Return a sentence on waivers that would have covered a finding, were they not past their time."""
    waivers = findings.get("source", {}).get("waivers_without_effect", [])
    late = [
        f"{w['rule']} of {w['ticker'] or 'all'} until {w['until']}"
        for w in waivers
        if w["state"] == "expired"
    ]
    return f" Waivers that have expired: {listed(late)}." if late else ""


class ModelError(StageError):
    """A model cannot be trained, loaded or used."""


class NoChampionError(ParameterError):
    """Scoring was asked for and no model has been promoted."""


class CheckpointError(StageError):
    """A checkpoint is damaged, contradicts itself or cannot be written."""


class OtherRequestError(CheckpointError):
    """A committed checkpoint has the key of a request and is of another one."""


class SignOffError(AftercloseError):
    """A person's decision is missing, stale or not allowed."""

    exit_code = EXIT_WAITING


REFUSALS = (CommandError, ParameterError, DataError, ModelError)
"""What the same input is refused with each time: trying again gives the same answer."""


_MOST_COMPARED = 80
"""Characters of a name: comparing two of a hundred thousand takes minutes."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ``" Did you mean X?"`` for the known name closest to ``name``, else an empty text."""
    matches = get_close_matches(name[:_MOST_COMPARED], sorted(names), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]}?" if matches else ""


def listed(values: Sequence[str], most: int = 8) -> str:
    """Return the first ``most`` values separated by commas, and how many more there are."""
    text = ", ".join(values[:most])
    return text if len(values) <= most else f"{text} and {len(values) - most} more"
