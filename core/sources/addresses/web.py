"""Files over https, by requests: each redirect is judged before it is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from core.errors import ParameterError, SourceError
from core.parameters import natural
from core.platform.retry import TransientError
from core.sources.addresses import served
from core.sources.addresses.address import Address, address_of
from core.sources.addresses.served import (
    PIECE,
    Answer,
    ServedFile,
    Server,
    no_answer_of,
    no_file_at,
    not_let_in,
)

MOST_REDIRECTS = 5

_DONE, _ABSENT, _REFUSED, _TOO_MANY, _SERVER_ERROR = (
    200,
    frozenset({404, 410}),
    frozenset({401, 403, 407}),
    429,
    500,
)
_REDIRECTS, _NOT_MODIFIED = range(300, 400), 304


@dataclass(frozen=True)
class _Web:
    address: Address
    session: Any
    may_follow: Callable[[Address], bool]

    def entry(self) -> ServedFile:
        if not self.address.parts or self.address.path.endswith("/"):
            raise ParameterError(
                f"--path names {self.address.display}, and {self.address.scheme} cannot say what is in a folder",
                expected="the address of one file",
                remedy="Name the file itself; folders and patterns are read over s3:// and sftp://.",
                parameter="path",
            )
        return ServedFile(str(self.address), self.address.parts[-1], is_folder=False)

    def within(self, folder: ServedFile) -> list[ServedFile]:
        raise NotImplementedError(f"{folder.path} is a file: https has no folders")

    @contextmanager
    def opened(self, entry: ServedFile, unless: ServedFile | None = None) -> Iterator[Answer]:
        # bytes as they are: what is packed is unpacked, within bounds, by what reads files
        headers = {"Accept-Encoding": "identity", "User-Agent": "afterclose"}
        if unless and unless.stamp:
            headers["If-None-Match" if unless.exact else "If-Modified-Since"] = unless.stamp
        with _of_web(self.address), self._followed(headers) as response:
            if response.status_code == _NOT_MODIFIED and unless:
                yield Answer(unless, None)
                return
            _judge_answer(self.address, response)
            tag, length = response.headers.get("ETag", ""), response.headers.get("Content-Length", "")
            exact = tag.startswith('"')
            stamp = tag if exact else response.headers.get("Last-Modified", "")
            size = natural(length, sys.maxsize)
            answered = ServedFile(entry.path, entry.name, False, size, stamp, exact)
            yield Answer(answered, response.raw.stream(PIECE, decode_content=False))

    @contextmanager
    def _followed(self, headers: dict[str, str]) -> Iterator[Any]:
        """Give the answer at the end of redirects, each judged before it is asked."""
        address = self.address
        for _ in range(MOST_REDIRECTS + 1):
            response = self.session.get(
                str(address),
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(served.CONNECT_S, served.SILENCE_S),
            )
            with response:
                goal = response.headers.get("Location", "")
                if (
                    response.status_code not in _REDIRECTS
                    or response.status_code == _NOT_MODIFIED
                    or not goal
                ):
                    yield response
                    return
            address = self._judged_goal(urljoin(str(address), goal))
        raise SourceError(
            f"{self.address.display} leads from one address to the next, more than {MOST_REDIRECTS} times"
        )

    def _judged_goal(self, text: str) -> Address:
        try:
            # an answer may lead to an address with a signature in it: it is followed and kept nowhere
            goal = address_of(text.partition("?")[0])
        except ParameterError:
            goal = None
        if goal is None or goal.scheme not in {self.address.scheme, "https"} or not self.may_follow(goal):
            raise SourceError(
                f"{self.address.display} leads to {goal.display if goal else 'no address'}, which is not followed",
                expected="a file at the address itself",
                remedy="Name the address that it leads to; [files] addresses in luigi.cfg lists what may be read.",
            )
        return _with_query(goal, text)


def _with_query(address: Address, text: str) -> Address:
    return replace(address, query=text.partition("?")[2].partition("#")[0])


@contextmanager
def web_server(address: Address, may_follow: Callable[[Address], bool]) -> Iterator[Server]:
    import requests

    with requests.Session() as session:
        yield _Web(address, session, may_follow)


@contextmanager
def _of_web(address: Address) -> Iterator[None]:
    """Turn what goes wrong on the way into one sentence."""
    import requests
    from urllib3.exceptions import HTTPError

    try:
        yield
    except requests.exceptions.SSLError as error:
        raise SourceError(
            f"the certificate of {address.host}, or of a proxy before it, cannot be verified",
            remedy="Ask whoever runs the server; REQUESTS_CA_BUNDLE names a company's own authority.",
        ) from error
    except (requests.exceptions.RequestException, HTTPError, OSError) as error:
        raise no_answer_of(address, error) from error
    except ValueError as error:  # an address in the answer that the library cannot take apart
        raise SourceError(
            f"{address.display} answered something that is not understood",
            expected="the file at the address itself",
        ) from error


def _judge_answer(address: Address, response: Any) -> None:
    status = response.status_code
    if status in _ABSENT:
        raise no_file_at(address)
    if status in _REFUSED:
        raise not_let_in(address, f"HTTP {status}", "its entry in ~/.netrc")
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        raise TransientError(
            f"{address.host} answered HTTP {status}",
            remedy="Run again in a while: the address was understood.",
        )
    if status != _DONE:
        raise SourceError(f"{address.display} answered HTTP {status}", expected="the file")
    if (coding := response.headers.get("Content-Encoding", "identity").lower()) not in {
        "identity",
        "gzip",
        "",
    }:
        raise SourceError(
            f"{address.display} came packed as {coding[:20]}, which was not asked for",
            expected="the file as it is",
        )
