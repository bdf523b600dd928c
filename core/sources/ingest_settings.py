"""What reading prices is set by, typed; values of the stage table become these at the edge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IngestSettings:
    """What is asked of a source, and how.

    Parameters
    ----------
    source : str
    path : str
        File or folder; files only.
    tickers : str
        The tickers as they were asked for; what is read is an argument of its own.
    start, end : str
        First and last session (ISO, inclusive); empty: what the source has.
    input_digest : str
        SHA-256 of the source's bytes once it was resolved; empty before, and for a live source.
    calendar : str
        Exchange calendar that says when a session has closed; live sources only.
    on_missing : str
        ``drop`` goes on without tickers that a live source does not give.
    date_format, delimiter, decimal, encoding, columns : str
        See :class:`core.sources.tabular.options.Options`; files only.
    yahoo_threads, tiingo_threads : int
        Tickers asked for at the same time.
    yahoo_timeout_s, tiingo_timeout_s : float
        Seconds to wait for one answer.
    yahoo_limit_wait_s, tiingo_limit_wait_s : float
        First wait in seconds after "too many requests".
    yahoo_overlap_sessions, tiingo_overlap_sessions : int
        Sessions of an earlier answer that are asked for again.
    plugins, sources_modules : str
        Plug-in modules and the digest of those that declare a source; source own only.
    """

    source: str = ""
    path: str = ""
    tickers: str = ""
    start: str = ""
    end: str = ""
    input_digest: str = ""
    calendar: str = ""
    on_missing: str = "fail"
    date_format: str = "auto"
    delimiter: str = "auto"
    decimal: str = "auto"
    encoding: str = "auto"
    columns: str = ""
    yahoo_threads: int = 1
    yahoo_timeout_s: float = 0.0
    yahoo_limit_wait_s: float = 0.0
    yahoo_overlap_sessions: int = 1
    tiingo_threads: int = 1
    tiingo_timeout_s: float = 0.0
    tiingo_limit_wait_s: float = 0.0
    tiingo_overlap_sessions: int = 1
    plugins: str = ""
    sources_modules: str = ""


@dataclass(frozen=True)
class SessionSettings(IngestSettings):
    """What a source is asked about its sessions: the same, and what becomes of rows that lack a value.

    Parameters
    ----------
    close_only : bool
        Whether a table of closes is taken, whose other columns hold nothing.
    fill : str
        ``forward`` fills what a row lacks beside its close; with anything else cleaning drops the row.
    """

    close_only: bool = False
    fill: str = "none"
