"""An address of prices: https, S3 or SFTP, without a secret in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import accumulate
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from core.errors import ParameterError, nearest
from core.paths import is_there, typed_path
from core.platform.web_addresses import is_loopback

SCHEMES = ("https", "http", "s3", "sftp")
"""What is read; ``http`` on this machine, and where it is configured."""

LISTED = frozenset({"s3", "sftp"})
"""Their servers can say what is in a folder."""

_LIKE_ONE = re.compile(r"(?i)([a-z][a-z0-9+]{1,9})(://|(?::/|//)(?=[^/\\\s]))")
"""Also with one slash, or without a colon, as an address looks after it went through a path."""

_WITHOUT_SLASHES = re.compile(r"(?i)(https?|s3|sftp)(:)(?=[^/\\\s])")
"""As a remote file is written for ssh."""

_OTHERS = frozenset(
    {"gs", "gcs", "abfs", "abfss", "az", "adl", "ftp", "ftps", "ssh", "scp", "file", "hdfs", "smb", "webdav"}
)
"""Kinds of address that exist and are not read."""

_SECRET = re.compile(
    r"(?i)(^|[-_.])(token|key|apikey|secret|password|passwd|pwd|auth|sig|signature|credential)s?$"
)
_MAGIC = re.compile(r"[*?\[]")
_MOST_QUOTED = 4
"""Times that a name is taken out of its quotes: each proxy on the way may do it once."""

_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class Address:
    """Where prices are.

    Parameters
    ----------
    scheme : str
        One of ``SCHEMES``.
    user : str
        Who asks, over SFTP; empty: whoever the machine's SSH configuration says.
    host : str
        Server, in lower case; the bucket of S3.
    port : int or None
        None: the scheme's own.
    path : str
        Of the server: begins with a slash, for https spelt as it is sent.
    query : str
        What stands behind a question mark; https only.
    """

    scheme: str
    user: str
    host: str
    port: int | None
    path: str
    query: str = ""

    def __str__(self) -> str:
        """Return the address as it is asked for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        server = f"{self.user}@{host}" if self.user else host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{server}{port}{self.path}{f'?{self.query}' if self.query else ''}"

    @property
    def display(self) -> str:
        """The address for messages: without what stands behind a question mark."""
        return str(replace(self, query=""))

    @property
    def parts(self) -> tuple[str, ...]:
        """The names in its path."""
        texts = self.path.split("/") if self.scheme in LISTED else map(unquote, self.path.split("/"))
        return tuple(part for part in texts if part)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The names in its path before the first with a wildcard; all of them where a server cannot list."""
        if self.scheme not in LISTED:
            return self.parts
        return self.parts[
            : next((i for i, part in enumerate(self.parts) if _MAGIC.search(part)), len(self.parts))
        ]

    @property
    def is_pattern(self) -> bool:
        """Whether it means every file whose name matches."""
        return self.fixed != self.parts

    @property
    def is_local(self) -> bool:
        """Whether its server is this machine."""
        return self.scheme != "s3" and is_loopback(self.host)

    def is_under(self, prefix: Address) -> bool:
        """Return whether this address is ``prefix``, or in it: same server, name by name.

        >>> inside = address_of("s3://desk/prices/a.csv")
        >>> [inside.is_under(address_of(text)) for text in ("s3://desk/prices/", "s3://desk/pri", "s3://desk")]
        [True, False, True]
        """
        server = (self.scheme, self.host, self.port)
        if server != (prefix.scheme, prefix.host, prefix.port) or (prefix.user and prefix.user != self.user):
            return False
        return self.parts[: len(prefix.parts)] == prefix.parts and not prefix.is_pattern


def _match(text: str) -> re.Match[str] | None:
    return _LIKE_ONE.match(text) or _WITHOUT_SLASHES.match(text)


def names_address(text: str) -> bool:
    """Return whether a path is meant as an address, spelt rightly or not.

    >>> [names_address(text) for text in ("https://h/a.csv", "s3:/b/a.csv", "htps//h/a.csv", "in/a.csv", "C:/a.csv")]
    [True, True, True, False, False]
    """
    match = _match(text.strip())
    if match is None or is_there(typed_path(text)):
        return False
    return match[2] == "://" or bool(nearest(match[1].lower(), (*SCHEMES, *_OTHERS)))


def address_of(text: str, *, parameter: str = "path") -> Address:
    """Return the address that a text names.

    Raises
    ------
    ParameterError
        If it is mangled, of a kind that is not read, or holds a secret. What may be one is not shown.
    """
    text = text.strip()
    match = _match(text)
    scheme = match[1].lower() if match else ""
    if match is None or match[2] != "://":
        spelling = (
            scheme if scheme in (*SCHEMES, *_OTHERS) else nearest(scheme, SCHEMES)[len(" Did you mean ") : -1]
        )
        raise _refused(
            parameter,
            f"names an address that is mangled ({match[0] if match else ''}...)",
            f"{spelling or 'https'}:// with a colon and two slashes",
            "A shell, a form or a path library takes a slash away: write it whole, in quotes.",
        )
    if scheme not in SCHEMES:
        hint = "" if scheme in _OTHERS else nearest(scheme, set(SCHEMES) - {"http"})
        raise _refused(
            parameter,
            f"names an address ({scheme}:...), and addresses of that kind are not read",
            "https://, s3:// or sftp://, or a file or folder on this machine",
            hint.strip() or "Fetch it into a file first, then name that file.",
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _mangled(parameter, scheme, "its server or port") from None
    _check_address(text, parts, parameter)
    # a question mark is a wildcard where a server lists, and the end of the path where it does not
    path = text.partition("://")[2].partition("/")[2] if scheme in LISTED else parts.path.removeprefix("/")
    query = "" if scheme in LISTED else parts.query
    port = None if port == {"https": 443, "http": 80, "sftp": 22}.get(scheme) else port
    user = parts.username or "" if scheme == "sftp" else ""
    return Address(scheme, user, (parts.hostname or "").lower(), port, f"/{path}", query)


def _check_address(text: str, parts: SplitResult, parameter: str) -> None:
    scheme = parts.scheme
    if _NOT_IN_ADDRESSES.search(text) and (scheme not in LISTED or re.search(r"[\x00-\x1f\x7f\\]", text)):
        raise _mangled(parameter, scheme, "a blank, a backslash or a character that is none")
    if not parts.hostname:
        raise _mangled(parameter, scheme, "no server")
    if "@" in text.partition("://")[2].partition("/")[0].removeprefix(parts.netloc):
        raise _secret(parameter, "a name or password before the server, with a sign that ends it")
    rest = text.partition("://")[2]
    for path in _as_servers_read(rest if scheme in LISTED else rest.partition("?")[0]):
        if {".", ".."} & {part.partition(";")[0].strip() for part in re.split(r"[/?#]", path)}:
            raise _mangled(parameter, scheme, "a part . or ..")
        if re.search(r"[\x00-\x1f\x7f\\]", path):
            raise _mangled(parameter, scheme, "a backslash or a character that is none")
    if parts.password is not None or (parts.username and scheme != "sftp"):
        raise _secret(parameter, "a name or password before the server")
    names = (
        [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)] if scheme not in LISTED else []
    )
    if secret := next((name for name in names if _SECRET.search(name)), ""):
        raise _secret(parameter, f"{secret[:40]}= behind the question mark")


def _as_servers_read(path: str) -> list[str]:
    """Return a path as servers and the proxies before them may read it: unquoted once, twice and so on.

    >>> _as_servers_read("prices/..%252fsecret.csv")
    ['prices/..%2fsecret.csv', 'prices/../secret.csv', 'prices/../secret.csv', 'prices/../secret.csv']
    """
    return list(accumulate(range(_MOST_QUOTED), lambda text, _: unquote(text), initial=path))[1:]


def _secret(parameter: str, what: str) -> ParameterError:
    return _refused(
        parameter,
        f"names an address with {what}",
        "an address without a secret: it is kept on record with the run",
        "Put it where the machine keeps such things: ~/.netrc for https, the AWS environment or profile for s3, "
        "~/.ssh for sftp.",
    )


def _mangled(parameter: str, scheme: str, what: str) -> ParameterError:
    return _refused(
        parameter,
        f"names an address that is mangled: {scheme}:// with {what}",
        "https://SERVER/FILE, s3://BUCKET/FILE_OR_FOLDER or sftp://SERVER/FILE_OR_FOLDER",
        "Copy it again, whole, in quotes.",
    )


def _refused(parameter: str, problem: str, expected: str, remedy: str) -> ParameterError:
    option = f"--{parameter.replace('_', '-')}"
    return ParameterError(f"{option} {problem}", expected=expected, remedy=remedy, parameter=parameter)
