"""A time stamp by an outside authority over the proof of a published report (RFC 3161).

A bundle's times are the desk's own: whoever has its key can date back. Where ``[proof] timestamp_url`` names an
authority, the SHA-256 of the proof goes there when a report is published, and what it signs lies beside the proof.
The proof says that it was to be stamped, so a stamp that was taken away is missed. Judging asks nobody: it takes the
authority's root certificate, and certificates must have been valid at the time of the stamp, not today.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.errors import AftercloseError, CheckpointError, SettingsError, SourceError
from core.paths import bytes_of
from core.platform.forked import EndedWithoutAnswer
from core.platform.isolated import Bounds, TookTooMuch, bounded
from core.platform.web_addresses import server_in
from core.request.settings import Settings
from core.seals.keypair import MOST_KEY_BYTES

QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
LIMIT_S = 20
"""Seconds for connecting, and between two pieces of an answer; authorities answer within one."""

BOUNDS = Bounds(memory_mb=512, time_s=60)
"""For the whole of an answer."""

MOST_BYTES = 64 << 10
"""Of an answer: a stamp with a chain of certificates has 3 to 8 kB."""

_EXPECTED = "an answer by RFC 3161"
_REMEDY = "Publish again later, or take timestamp_url out of [proof] and publish without a stamp."


def authority(settings: Settings) -> str:
    """Return the authority's address as the proof names it, without name and password; empty without one.

    Raises
    ------
    SettingsError
        If the address is none of the web, or no certificate is there to judge its stamps with.
    """
    url = str(settings["proof_timestamp_url"] or "")
    if not url:
        return ""
    scheme, _, rest = url.partition("://")
    server = server_in(url)
    if scheme.lower() not in ("http", "https") or not server:
        raise SettingsError(
            "[proof] timestamp_url is no address of the web",
            expected="such as https://tsa.example.org/stamp",
            remedy="In name and password, # is %23, ? is %3F, / is %2F and @ is %40.",
        )
    if not settings["proof_timestamp_certificate"]:
        raise SettingsError(
            "[proof] timestamp_url is set and timestamp_certificate is not: nobody could judge the stamps",
            expected="the authority's root certificate (PEM)",
            remedy="Take it from the authority, and name it in luigi.cfg.",
        )
    _, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme.lower()}://{server}{slash}{path}"


def certificate(settings: Settings) -> bytes | None:
    """Return the configured root certificate (PEM), None without one.

    Raises
    ------
    SettingsError
        If it cannot be read.
    """
    path = settings.file_named("proof_timestamp_certificate")
    if path is None:
        return None
    try:
        return bytes_of(path, MOST_KEY_BYTES)
    except OSError as error:
        raise SettingsError(
            f"[proof] timestamp_certificate names {path}, which cannot be read: {error.strerror}",
            expected="the authority's root certificate (PEM)",
        ) from error


def authority_in(statement: Mapping[str, Any]) -> str:
    """Return the address of the authority that was to stamp a statement, empty if none was."""
    predicate = statement.get("predicate")
    entry = predicate.get("timestamp") if isinstance(predicate, dict) else None
    return str(entry.get("authority", "")) if isinstance(entry, dict) else ""


def request_stamp(settings: Settings, proof: bytes) -> bytes:
    """Return the authority's stamp over a proof, judged with the configured certificate.

    Raises
    ------
    SourceError
        If the authority gives none, or one that does not hold.
    SettingsError
        If the extra or the certificate is not there.
    """
    client = _client()
    roots = certificate(settings) or b""
    query = client.TimestampRequestBuilder().data(proof).hash_algorithm(client.HashAlgorithm.SHA256)
    request = query.nonce(nonce=True).cert_request(cert_request=True).build()
    answer = _bounded_answer(str(settings["proof_timestamp_url"]), request.as_bytes(), authority(settings))
    try:
        verify_stamp(answer, proof, roots, nonce=request.nonce)
    except CheckpointError as error:
        raise SourceError(
            f"the stamp of {authority(settings)} is not taken: {error.problem}",
            expected="one over this proof by the authority of [proof] timestamp_certificate",
        ) from error
    return answer


def _bounded_answer(url: str, query: bytes, name: str) -> bytes:
    """Return the answer to a query, from a process that ends where the authority never comes to an end."""
    try:
        return bounded(BOUNDS, ask, url, query, name)
    except (TookTooMuch, EndedWithoutAnswer) as error:
        raise SourceError(
            f"the authority of time stamps {name} did not come to an end with its answer ({error})",
            expected=_EXPECTED,
            remedy=_REMEDY,
        ) from None


def ask(url: str, query: bytes, name: str) -> bytes:
    """Return the answer to a query; the address may hold a password, so no message quotes the library's."""
    import requests

    remedy, expected = _REMEDY, _EXPECTED
    try:
        with requests.post(
            url, data=query, headers={"Content-Type": QUERY_TYPE}, timeout=LIMIT_S, stream=True,
            allow_redirects=False,
        ) as reply:  # fmt: skip
            answer: bytes = reply.raw.read(MOST_BYTES + 1, decode_content=True)
            kind = reply.headers.get("Content-Type", "").partition(";")[0].strip()
            status = reply.status_code
    except (requests.RequestException, OSError, ValueError) as error:
        raise SourceError(
            f"the authority of time stamps {name} did not answer ({type(error).__name__})",
            expected=expected,
            remedy=remedy,
        ) from None
    if status != 200 or kind != REPLY_TYPE or len(answer) > MOST_BYTES:
        raise SourceError(
            f"the authority of time stamps {name} answered {status} with {kind or 'nothing'}, {len(answer):,} bytes",
            expected=expected,
            remedy=remedy,
        )
    return answer


def verify_stamp(stamp: bytes, proof: bytes, roots_pem: bytes, *, nonce: int | None = None) -> datetime:
    """Verify a stamp over a proof and return the time (UTC) at which the authority saw it.

    Parameters
    ----------
    stamp : bytes
        The authority's answer (DER).
    roots_pem : bytes
        Root certificates of the authority, as its owner gives them.
    nonce : int or None
        Of the query, while it is known.

    Raises
    ------
    CheckpointError
        If the stamp is over other bytes, by somebody else, or cannot be read.
    SettingsError
        If the extra is not there, or the certificate is none.
    """
    from cryptography import x509

    client = _client()
    try:
        roots = x509.load_pem_x509_certificates(roots_pem)
    except ValueError as error:
        raise SettingsError(
            "the authority's certificate cannot be read", expected="a root certificate (PEM)"
        ) from error
    try:
        answer = client.decode_timestamp_response(stamp)
        client.VerifierBuilder(roots=roots, nonce=nonce).build().verify_message(answer, proof)
        at: datetime = answer.tst_info.gen_time
    except (AftercloseError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a parser in Rust may end with an error that is no Exception
        why = str(error) if isinstance(error, client.VerificationError | ValueError) else type(error).__name__
        raise CheckpointError(
            f"the time stamp does not hold: {why[:200]}", expected="the authority's, over this proof"
        ) from error
    return at


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise SettingsError(
            "time stamps need a package that is not installed",
            expected="the extra timestamps",
            remedy='Install it: pip install "afterclose[timestamps]"',
        ) from error
    return rfc3161_client
