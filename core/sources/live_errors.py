"""What goes wrong with one ticker at a live service: worth another try, or final, in one short text.

The texts stand in artifacts when tickers are dropped, so they hold no time, port or address. What the
client itself said goes to the run's log.
"""

from __future__ import annotations

from core.errors import SourceError
from core.platform.retry import TransientError

TOO_MANY = 429
SERVER_ERROR = 500


class ServiceError(SourceError):
    """The service's answer for a ticker is final."""


class NoPricesError(ServiceError):
    """The service answered, and has no prices of the ticker in the days that were asked for."""


class RateLimitedError(TransientError):
    """The service asks to be left alone for a while."""


class EmptyAnswerError(TransientError):
    """The service answered without prices and without saying why."""


def of_connection(error: Exception, service: str) -> SourceError | None:
    """Return what a fault of the HTTP client means, None if it is none of the connection.

    Parameters
    ----------
    error : Exception
        What ``curl_cffi`` raised.
    service : str
        The service's name, for a certificate that cannot be verified.
    """
    from curl_cffi.requests import exceptions as http

    if isinstance(error, http.Timeout | TimeoutError):
        return TransientError("no answer in time")
    if isinstance(error, http.CertificateVerifyError):
        return ServiceError(
            f"the certificate of {service}'s server, or of a proxy before it, cannot be verified"
        )
    if isinstance(error, http.RequestException | ConnectionError):
        return TransientError(f"the connection failed ({type(error).__name__})")
    return None


def short(error: SourceError, tries: int) -> str:
    """Return the outcome of a ticker in one sentence.

    >>> short(TransientError("HTTP 500"), 3)
    'HTTP 500 (in each of 3 tries)'
    """
    return (
        f"{error.problem} (in each of {tries} tries)" if isinstance(error, TransientError) else error.problem
    )
