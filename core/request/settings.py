"""The one source of configuration: ``luigi.cfg`` and the environment, judged whole before anything runs.

Our sections are lower-case and named after what they set; Luigi's own sections may stand beside
them. An unknown section or key is an error with file, line and the nearest known name.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from core.errors import ParameterError, SettingsError
from core.parameters import Parameter, Value
from core.paths import StoragePath, typed_path
from core.platform import objects
from core.platform.isolated import Bounds
from core.request import profiles
from core.request.config_file import MOST_CHARACTERS, ConfigContent, content_of
from core.request.config_place import config_file, state_folder
from core.request.known_profiles import KnownProfiles, ProfileEntry
from core.request.stages import STAGES, parameters_of
from core.tables.engine import ENGINES, Engine

CONFIG_NAME = "luigi.cfg"
CONFIG_VARIABLE = "LUIGI_CONFIG_PATH"
DATA_VARIABLE = "AFTERCLOSE_DATA"
JOURNAL_VARIABLE = "AFTERCLOSE_JOURNAL"

ROLES = ("viewer", "operator", "approver", "admin")
"""Roles of people; each may do all that those before it may."""

SEPARATION = ("team", "always", "never")
"""For whom two acts must be done by different people."""

NOTICES = (
    "waiting",
    "failed",
    "drift",
    "no_report",
    "reminder",
    "escalation",
    "promote",
    "publish",
    "revoke",
)
"""Events that people can be told of."""

OPERATION: tuple[Parameter, ...] = (
    Parameter("retry_tries", "integer", "3", "retry", "Attempts of a stage on transient faults.", low=1, high=100),
    Parameter("retry_wait_s", "number", "0.2", "retry", "First wait; each further wait is this much longer.", low=0, high=3600),
    Parameter("run_stage_timeout_s", "number", "0", "run", "Wall-clock limit of one stage in seconds; 0 is none.", low=0, high=1e7),
    Parameter("compute_engine", "choice", "auto", "compute", "Where large tables are worked on, a few tickers at a time; auto: by the processors here from a million rows on.", choices=ENGINES),
    Parameter("compute_workers", "integer", "0", "compute", "Processes of the engine processes; 0 is one for each processor.", low=0, high=1024),
    Parameter("compute_scheduler", "text", "", "compute", "Address of the Dask scheduler, such as tcp://127.0.0.1:8786."),
    Parameter("run_keep_successes", "integer", "30", "run", "Successful runs whose checkpoints gc keeps.", low=1, high=100_000),
    Parameter("run_keep_logs_days", "integer", "365", "run", "Days after which gc lists a run's logs.", low=1, high=36_500),
    Parameter("roots", "text", "", "files", "Folders under which price files are read, separated by colons; empty: the working folder in a team, else wherever the person at the terminal may read."),
    Parameter("uploads", "text", "", "files", "Folder under one of the roots in which files are kept that people upload at the desk; empty: uploads in the first of them."),
    Parameter("upload_mb", "integer", "100", "files", "MiB that a file uploaded at the desk may have; 0: nothing is uploaded.", low=0, high=1024),
    Parameter("uploads_total_mb", "integer", "10240", "files", "MiB that all uploads together may have.", low=1, high=1 << 30),
    Parameter("uploads_person_mb", "integer", "4096", "files", "MiB that the uploads of one person may have.", low=1, high=1 << 30),
    Parameter("uploads_keep_days", "integer", "90", "files", "Days after which gc lists an upload that no run has read since and nothing names; 0: never.", low=0, high=36_500),
    Parameter("addresses", "text", "", "files", "Addresses under which price files are read, separated by blanks, such as s3://desk/prices/; empty: none in a team or beside roots, else any."),
    Parameter("addresses_timeout_s", "number", "600", "files", "Seconds in which what is at an address must be read.", low=1, high=86_400),
    Parameter("read_memory_mb", "integer", "8192", "files", "MiB of memory that reading a file may take before its run is started: for a look, a range, the desk's form.", low=256, high=1 << 20),
    Parameter("read_timeout_s", "number", "600", "files", "Seconds that such a reading may take; 0 is none.", low=0, high=1e6),
    Parameter("storage_state", "text", "state", "storage", "Folder for journal, locks and logs when the data root is a URL."),
    Parameter("user_name", "text", "local user", "user", "Printed name of the person at this desk."),
    Parameter("user_role", "choice", "approver", "user", "Role of the person at this desk.", choices=ROLES),
    Parameter("user_own_key", "text", "", "user", "OpenSSH key (Ed25519) of the person at this terminal, for signing where it is registered; empty: named with --own-key."),
    Parameter("query_timeout_s", "number", "300", "query", "Seconds that a question in SQL may take; 0 is none.", low=0, high=1e6),
    Parameter("schedule_catch_up", "integer", "5", "schedule", "Missed sessions that a schedule catches up at most, oldest first; the rest is only reported.", low=0, high=1000),
    Parameter("schedule_deadline", "time", "18:00", "schedule", "Time of day by which a session has a verified report; empty: no alarm."),
    Parameter("schedule_deadline_zone", "zone", "", "schedule", "Time zone of the deadline; empty: the exchange's."),
    Parameter("review_separate_author", "choice", "team", "review", "Who may not approve a text they had a hand in: team (whoever logged in), always or never.", choices=SEPARATION),
    Parameter("review_separate_requester", "choice", "team", "review", "Who may not promote a model whose training they asked for: team (whoever logged in), always or never.", choices=SEPARATION),
    *profiles.POLICIES,
    Parameter("review_remind_minutes", "integer", "60", "review", "So long before that hour people are reminded.", low=0, high=10_080),
    Parameter("people_roles_file", "text", "", "people", "File (TOML) with the roles of people who log in; empty: their login says it."),
    Parameter("people_roles_claim", "text", "roles", "people", "Claim of the login that holds a person's roles."),
    Parameter("people_default_role", "choice", "viewer", "people", "Role of somebody who logged in and has none.", choices=ROLES),
    Parameter("people_sign_within_minutes", "integer", "0", "people", "So long ago the identity provider may have seen whoever signs, rejects or revokes (auth_time); 0: as long as the login counts.", low=0, high=720),
    Parameter("proof_key_file", "text", "", "proof", "Your own Ed25519 key (PEM, mode 600) for published reports; empty: the desk's, made at first use."),
    Parameter("proof_heads_file", "text", "", "proof", "File outside the data root that keeps the head of the chain after each record; empty: none."),
    Parameter("proof_timestamp_url", "text", "", "proof", "Address of an authority of time stamps (RFC 3161) that is asked when a report is published; empty: none."),
    Parameter("proof_timestamp_certificate", "text", "", "proof", "The authority's root certificate (PEM): what its stamps are judged with."),
    Parameter("api_tokens", "text", "", "api", "File of tokens (afterclose tokens) for the HTTP interface beside the desk; empty: it is off."),
    Parameter("observe_metrics_port", "integer", "0", "observe", "Port on this machine where the scheduler serves Prometheus metrics; 0 is none.", low=0, high=65535),
    Parameter("observe_openlineage_url", "text", "", "observe", "Receiver of OpenLineage run events; empty: none."),
    Parameter("notices_urls", "text", "", "notices", "Addresses of receivers for apprise, separated by spaces, or @FILE; empty: no notices."),
    Parameter("notices_desk_url", "text", "", "notices", "Address of the desk, such as https://desk.example.org, for links in notices; empty: no links."),
    Parameter("notices_events", "names", ",".join(NOTICES), "notices", "What is told.", choices=NOTICES),
)  # fmt: skip
"""Settings of running, not of results: they are in no key."""

_PREFIXED = {
    "api",
    "compute",
    "notices",
    "observe",
    "people",
    "proof",
    "query",
    "retry",
    "review",
    "run",
    "schedule",
    "storage",
    "tiingo",
    "user",
    "yahoo",
}
"""Sections whose keys drop the section's name: ``[retry] tries`` is ``retry_tries``."""


def key_of(parameter: Parameter) -> str:
    """Return the key under which ``parameter`` stands in its section."""
    prefix = parameter.section + "_"
    if parameter.key:
        return parameter.key
    if parameter.section in _PREFIXED:
        return parameter.name.removeprefix(prefix)
    return parameter.name


def sections() -> dict[str, dict[str, Parameter]]:
    """Return our sections with their keys, in the order in which ``luigi.cfg`` has them."""
    by_section: dict[str, dict[str, Parameter]] = {}
    for parameter in (*parameters_of(STAGES).values(), *OPERATION):
        if not parameter.resolved:
            by_section.setdefault(parameter.section, {})[key_of(parameter)] = parameter
    return by_section


@dataclass(frozen=True)
class Settings:
    """Everything that configures a process.

    Parameters
    ----------
    data : StoragePath
        The data root (absolute); of a URL it is in object storage.
    journal : str
        Database URL of the journal; empty means SQLite in the data root.
    defaults : mapping of str to Value
        Default of every parameter by name, after ``luigi.cfg``.
    file : Path or None
        The configuration file that was read.
    profiles : mapping
        Parameters of each ``[profile:NAME]`` by the profile's name.
    profile_faults : mapping of str to SettingsError
        What is wrong with each section of a profile that cannot be used: it stops only what asks for it.
    lines : mapping
        Where in the file each (section, key) stands.
    """

    data: StoragePath
    journal: str = field(repr=False)  # it may hold a password
    defaults: Mapping[str, Value] = field(repr=False)  # addresses of notices hold passwords
    file: Path | None
    profiles: profiles.Profiles = field(default_factory=dict)
    profile_faults: Mapping[str, SettingsError] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Value:
        return self.defaults[name]

    def file_named(self, name: str) -> Path | None:
        """Return the file that a setting names, None without one.

        A path that is not absolute is beside ``luigi.cfg``, in the working folder without one: the file is found from the
        folders below it, and so is what it names.
        """
        text = str(self[name] or "")
        return self.beside_file(text) if text else None

    def beside_file(self, text: str) -> Path:
        """Return the path that a text in ``luigi.cfg`` stands for."""
        home = self.file.absolute().parent if self.file else Path.cwd()
        return home / typed_path(text)

    @property
    def engine(self) -> Engine:
        """Where the shards of large tables are worked on."""
        names = ("compute_engine", "compute_workers", "compute_scheduler")
        kind, workers, scheduler = (self[name] for name in names)
        return Engine(str(kind), int(workers or 0), str(scheduler or ""))

    @property
    def bounds(self) -> Bounds:
        """What reading a file before its run may take."""
        return Bounds(int(self["read_memory_mb"] or 0), float(self["read_timeout_s"] or 0))

    def under(self, profile: str) -> Settings:
        """Return the settings with a profile's values as defaults; an empty name changes nothing.

        A profile without a section asks for what it asked for before, its file read as it was read before.

        Raises
        ------
        ParameterError
            If there is no such profile, or its section is at fault.
        """
        if profile in self.profile_faults:
            raise self.profile_faults[profile]
        by_name = {**self.profiles}
        if profile and profile not in by_name:
            entries = {entry.name: entry for entry in KnownProfiles(self.data).entries()}
            by_name |= {key: {} for key in entries}  # to be named where there is no such profile
            if profile in entries:
                by_name[profile] = _asked_by(entries[profile])
        return replace(self, defaults=profiles.defaults_under(by_name, profile, self.defaults))

    def policy_of(self, profile: str) -> Settings:
        """Return the settings by which people work under a profile: those of its section, as they are without one.

        Raises
        ------
        ParameterError
            If its section is at fault: what it asks for is not known then, and nothing less is taken for it.
        """
        return self.under(profile) if profile in {*self.profiles, *self.profile_faults} else self

    def where_known(self, profile: str) -> Settings:
        """Return the settings under a profile, with or without a section; as they are where nothing is known of it.

        For questions about what ran: a run names its profile, and not once more what that stands for. What is remembered
        of a profile and cannot be read is unknown here; a run of it says what is wrong.

        Raises
        ------
        ParameterError
            If its section is at fault.
        """
        if not profile or profile in self.profiles or profile in self.profile_faults:
            return self.under(profile)
        try:
            return self.under(profile) if KnownProfiles(self.data).entry(profile) else self
        except ParameterError:
            return self


def _asked_by(entry: ProfileEntry) -> dict[str, Value]:
    return {name: profiles.settable()[name].parse(text) for name, text in entry.texts().items()}


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Return the settings of this process.

    Parameters
    ----------
    environ : mapping, optional
        The environment; default: this process's.
    folder : Path, optional
        Where ``luigi.cfg`` is looked for when ``LUIGI_CONFIG_PATH`` is not set, and in the folders above it; default:
        here. A data root that is no absolute path is beside the file, as is the state of one in a bucket.

    Raises
    ------
    SettingsError
        Naming file, line, what came and the nearest known name.
    """
    environ = os.environ if environ is None else environ
    folder = Path.cwd() if folder is None else folder
    file = config_file(environ.get(CONFIG_VARIABLE, ""), folder, CONFIG_VARIABLE, CONFIG_NAME)
    content = _read(file) if file is not None else ConfigContent()
    values = {**_built_in(), **content.values}
    root = environ.get(DATA_VARIABLE)
    home = folder if root or file is None or environ.get(CONFIG_VARIABLE) else file.parent
    state = state_folder(str(values["storage_state"] or "state"), file, folder)
    data, journal = _data_root(root or "data", home, state), environ.get(JOURNAL_VARIABLE, "")
    return Settings(data, journal, values, file, content.profiles, content.profile_faults, content.lines)


def _data_root(text: str, folder: Path, state: Path) -> StoragePath:
    if objects.is_url(text):
        return objects.root_at(text, state)
    root = (folder / text).absolute()
    try:
        str(root).encode()  # names in the journal, in logs and in what is printed are text
        (root / "journal.sqlite-wal").stat()
    except UnicodeEncodeError as error:
        raise SettingsError(
            f"{DATA_VARIABLE} is {str(root)!a}, whose bytes are no UTF-8",
            expected="a path that this system takes",
            remedy="Give the folder, or the one above it, another name.",
        ) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise SettingsError(
                f"{DATA_VARIABLE} has {len(str(root)):,} characters", expected="a path that this system takes"
            ) from error
    return root


def _read(file: Path) -> ConfigContent:
    """Return what the file says.

    Raises
    ------
    SettingsError
        If it cannot be read, or a section that is no profile is at fault.
    """
    try:
        with file.open(encoding="utf-8") as stream:  # a file of the system's may have no end
            return _parsed(file.name, stream.read(MOST_CHARACTERS + 1))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(
            f"{file.name} cannot be read: {why}", expected="sections of key = value"
        ) from error


@cache
def _built_in() -> Mapping[str, Value]:
    return {p.name: p.parse(p.default) for keys in sections().values() for p in keys.values()}


# a page of the desk asks several times a second: the file is read each time, and parsed when it has changed
@lru_cache(maxsize=4)
def _parsed(name: str, text: str) -> ConfigContent:
    return content_of(name, text, sections())


def placed(error: ParameterError, name: str, settings: Settings) -> ParameterError:
    """Return an error about the default of ``name`` with the file and line it is set at; unset, as it came."""
    parameter = parameters_of(STAGES)[name]
    key = key_of(parameter)
    line = settings.lines.get((parameter.section, key))
    if settings.file is None or line is None:
        return error
    problem = error.problem.replace(parameter.option, f"[{parameter.section}] {key}", 1)
    place = f"{settings.file.name}, line {line}"
    return SettingsError(f"{place}: {problem}", expected=error.expected, remedy=error.remedy)
