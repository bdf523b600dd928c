"""``afterclose dashboard``: the desk in the browser, on this machine only unless people log in."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import click

from core.cli import output
from core.errors import CommandError
from core.paths import real_path
from core.platform.processes import MODULE
from core.platform.web_addresses import is_loopback
from core.request import settings, uploads
from core.request.roots import LOGIN_FILE_VARIABLE, LOGIN_VARIABLE, roots_of
from core.request.settings import Settings
from core.review.login_file import ORIGIN_VARIABLE, public_address
from core.review.tokens import read_tokens, tokens_file

PORT = 8501
LOOPBACK = "127.0.0.1"

SAFE = {
    "server.headless": "true",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.xsrfCookieSameSite": "strict",
    # of a websocket's message, which lies in memory before anybody is asked who sends it; 200 without a word
    "server.maxMessageSize": "25",
    # who somebody is comes from a verified token: no header says it, and no program without a browser drives the desk
    "server.trustedUserHeaders": "{}",
    "server.enableAgentApi": "false",
    # the door judges paths as they are without a prefix, and knows of no folder of files
    "server.baseUrlPath": "",
    "server.enableStaticServing": "false",
    "global.developmentMode": "false",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "viewer",
    "client.disableDataExport": "true",
    "runner.magicEnabled": "false",
    "logger.level": "warning",
}
"""Said on the command line, where no file and no variable of the environment can loosen them."""


@click.command("dashboard", help=f"Open the desk in the browser: http://{LOOPBACK}:{PORT}.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port to listen on."
)
@click.option(
    "--address",
    default=LOOPBACK,
    show_default=True,
    help="Address of this machine; beyond loopback with --login only.",
)
@click.option(
    "--login", type=click.Path(path_type=Path), metavar="FILE",
    help="People log in by OpenID Connect, as this file says (docs/security.md).",
)  # fmt: skip
@click.option(
    "--no-scheduler", is_flag=True, help="Leave schedules to another process (afterclose scheduler)."
)
@output.json_option("Print address, data root and process id as JSON, then serve.")
def command(*, port: int, address: str, login: Path | None, no_scheduler: bool, as_json: bool) -> None:
    """Judge address, port, log-in and settings, then become Streamlit in the foreground."""
    public = public_address(login) if login else ""
    checked = address_of(address) if login else loopback(address)
    configured = settings.load()
    data = configured.data
    judge_port(checked, port)
    if login:
        refuse_readable_login(login, configured)
    if tokens := tokens_file(configured):
        read_tokens(tokens)
    output.answer(
        {"url": url_of(checked, port), "data": str(data), "pid": os.getpid()},
        f"afterclose: the desk is at {url_of(checked, port)} (data in {data}); Ctrl-C ends it, runs go on",
        json_wanted=as_json,
    )
    sys.stdout.flush()
    if login:  # before the scheduler starts, whose runs read only what a team's may
        os.environ[LOGIN_VARIABLE] = "1"
        os.environ[LOGIN_FILE_VARIABLE] = str(login.absolute())
        os.environ[ORIGIN_VARIABLE] = public
    else:
        os.environ.pop(ORIGIN_VARIABLE, None)  # of a desk with a login: its name is none of this one's
    if not no_scheduler:
        from core.cli.daemon import beside_this_process

        beside_this_process()
    most_mb = uploads.most_bytes(configured) // uploads.MIB
    words = command_line(checked, port, login, urlsplit(public).hostname, most_mb=most_mb)
    os.execv(sys.executable, words)  # noqa: S606 - our own interpreter; becoming it leaves no process between


def refuse_readable_login(login: Path, configured: Settings) -> None:
    """Refuse to start where a run could be asked to read the file with which people log in.

    Raises
    ------
    CommandError
        Naming the folder and what to do.
    """
    roots = roots_of(configured, {**os.environ, LOGIN_VARIABLE: "1"})
    root = next((root for root in roots if real_path(login).is_relative_to(root)), None)
    if root is not None:
        raise CommandError(
            f"{login} lies under {root}, from which runs may read price files, and it holds secrets",
            expected="the file for logging in outside the folders of price files",
            remedy="Move it, for instance to /etc/afterclose, or name other folders in [files] roots of luigi.cfg.",
        )


def address_of(address: str) -> str:
    """Return ``address`` if it is one of numbers; ``localhost`` becomes 127.0.0.1.

    Raises
    ------
    CommandError
        If it is a name: what it means would be up to a resolver.
    """
    try:
        return str(ipaddress.ip_address(LOOPBACK if address == "localhost" else address))
    except ValueError as error:
        raise CommandError(
            f"--address is {address!r}", expected="an IP address of this machine, such as 0.0.0.0"
        ) from error


def loopback(address: str) -> str:
    """Return ``address`` if only this machine reaches it; ``localhost`` becomes 127.0.0.1.

    Raises
    ------
    CommandError
        If others could reach it: without a log-in nothing would stop them.
    """
    if not is_loopback(address):
        raise CommandError(
            f"--address {address} could be reached from other machines, and nobody has to log in",
            expected=f"a loopback address such as {LOOPBACK}, or --login FILE",
            remedy=f"From elsewhere, use a tunnel: ssh -L {PORT}:{LOOPBACK}:{PORT} HOST.",
        )
    return LOOPBACK if address == "localhost" else address


def judge_port(address: str, port: int) -> None:
    """Check that the port is free.

    Raises
    ------
    CommandError
        Naming the port and the option that changes it.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # as the server will: a port whose last user has just gone is free
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except OSError as error:
            raise CommandError(
                f"port {port} on {address} cannot be used: {error.strerror}",
                expected="a free port",
                remedy=f"Choose another one: afterclose dashboard --port {port + 1 if port < 65535 else PORT}.",
            ) from error


def url_of(address: str, port: int) -> str:
    """Return what to open in the browser."""
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def app_path() -> Path:
    """Return the desk's served script, wherever the project is installed.

    Raises
    ------
    CommandError
        If the desk is not installed.
    """
    spec = find_spec("dashboard")
    path = Path(spec.origin).with_name("server.py") if spec and spec.origin else None
    if path is None or not path.is_file():
        raise CommandError(
            "the desk is not installed", expected="the package dashboard", remedy="Run: make dashboard"
        )
    return path


def command_line(
    address: str, port: int, login: Path | None = None, host: str | None = None, *, most_mb: int = 0
) -> list[str]:
    """Return the command that serves the desk.

    Parameters
    ----------
    host : str
        The name under which people reach it.
    most_mb : int
        MiB of an upload; 0: there are none (the door lets none in; Streamlit knows no smaller limit than 1).
    """
    options = {"server.address": address, "server.port": str(port), "browser.serverAddress": address, **SAFE}
    # one more than a file may have: the request has the file's wrapping as well
    options["server.maxUploadSize"] = str(most_mb + 1)
    names = (address, LOOPBACK, "localhost") if host is None else (host, LOOPBACK, "localhost")
    if login:
        options |= {"secrets.files": str(login.absolute()), "browser.serverAddress": host or address}
    # a page of another site whose name resolves to this machine is refused
    hosts = [f"--server.allowedHosts={host}" for host in dict.fromkeys(names)]
    flags = [f"--{name}={value}" for name, value in options.items()] + hosts
    return [sys.executable, *MODULE, "streamlit", "run", str(app_path()), *flags]
