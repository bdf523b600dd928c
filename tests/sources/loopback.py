"""A stand-in for Yahoo on the loopback interface: an HTTPS proxy that answers Yahoo's hosts itself.

The real yfinance with its real HTTP client connects to it through HTTPS_PROXY, asks for a tunnel to
``query2.finance.yahoo.com``, shakes hands over TLS with a certificate made for the test and speaks
HTTP. No request can leave the machine: every host is answered here.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
HOSTS = ("*.yahoo.com", "*.finance.yahoo.com", "yahoo.com")
CHART = "/v8/finance/chart/"


def make_certificate(folder: Path) -> Path:
    """A throw-away key and certificate in one file, good for Yahoo's hosts and two days."""
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
             "-subj", "/CN=loopback", "-addext", f"subjectAltName={names}"]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


def opening(day: str, hour: int = 9, minute: int = 30) -> int:
    """Seconds since 1970 of a New York time of day: Yahoo stamps a daily row with the opening."""
    year, month, number = map(int, day.split("-"))
    return int(datetime(year, month, number, hour, minute, tzinfo=NEW_YORK).timestamp())


def weekdays(first: str, number: int) -> list[str]:
    """The first ``number`` weekdays from ``first``."""
    day, found = date.fromisoformat(first), []
    while len(found) < number:
        if day.weekday() < 5:
            found.append(day.isoformat())
        day += timedelta(days=1)
    return found


def walk(days: list[str], base: float = 50.0) -> list[list]:
    """Plausible rows: date, open, high, low, close, adjusted close, volume."""
    rows = []
    for number, day in enumerate(days):
        close = round(base + 3 * ((number * 7919) % 101) / 101, 2)
        rows.append([day, close, close + 1, close - 1, close, round(close * 0.98, 4), 1000 + number])
    return rows


@dataclass
class Raw:
    """An answer that is sent as it stands."""

    status: int = 200
    body: str | bytes = ""
    kind: str = "application/json"


RESET, HANG = "reset", "hang"
LIMITED = Raw(429, "Too Many Requests\r\n", "text/plain")
BROKEN = Raw(500, "<html>500</html>", "text/html")
GARBAGE = Raw(200, "<html><body>consent, cookies, advertisements</body></html>", "text/html")
MALFORMED = Raw(200, '{"chart":{"result":[{"meta":{"currency":"USD"')
DOWN = Raw(200, "<html><h1>Will be right back...</h1></html>", "text/html")
OTHER_SCHEMA = Raw(200, json.dumps({"chart": {"result": [{"bars": []}], "error": None}}))
EMPTY = Raw(200, json.dumps({"chart": {"result": [], "error": None}}))


def unknown(ticker: str) -> Raw:
    """Yahoo's answer to a ticker it does not know."""
    del ticker
    said = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    return Raw(404, json.dumps({"chart": {"result": None, "error": said}}))


@dataclass
class Stock:
    """What the stand-in knows of a ticker."""

    rows: list[list]
    dividends: dict[str, float] = field(default_factory=dict)
    splits: dict[str, tuple[int, int]] = field(default_factory=dict)
    live: list[tuple[int, list]] = field(default_factory=list)
    """(stamp, row) of rows that are appended whatever range was asked for."""


class Yahoo:
    """The stand-in: set stocks and faults, read requests."""

    def __init__(self, folder: Path) -> None:
        self.pem = make_certificate(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.pem)
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.reset()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, ssl.SSLError):
                    outer.tunnel(self.request)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def reset(self) -> None:
        """Forget stocks, faults and requests."""
        self.stocks: dict[str, Stock] = {}
        self.faults: dict[str, list] = {}
        self.always: dict[str, object] = {}
        self.zone_faults: dict[str, list] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.busy = self.busiest = 0
        self.delay_s = 0.0

    def close(self) -> None:
        """End the server."""
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to meet the stand-in instead of Yahoo."""
        url = f"http://127.0.0.1:{self.server.server_address[1]}"
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"), url)
        return {
            **proxies,
            "NO_PROXY": "",
            "no_proxy": "",
            "CURL_CA_BUNDLE": str(self.pem),
            "REQUESTS_CA_BUNDLE": "",
        }

    def asked(self, ticker: str) -> list[tuple[str, str]]:
        """(first day, day after the last) of each price request of a ticker, in New York."""
        spans = [q for _, path, q in self.requests if unquote(path) == CHART + ticker and "period1" in q]
        return [
            tuple(str(datetime.fromtimestamp(int(q[k]), NEW_YORK).date()) for k in ("period1", "period2"))
            for q in spans
        ]  # type: ignore[misc]  # two days each

    # ---- the wire

    def tunnel(self, plain: socket.socket) -> None:
        """Answer CONNECT and then speak HTTP over TLS for whatever host was meant."""
        opened = self.head(plain)
        if opened is None or not opened[0].startswith("CONNECT "):
            plain.sendall(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")
            return
        host = opened[0].split()[1].split(":")[0]
        plain.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self.context.wrap_socket(plain, server_side=True) as secure:
            while (asked := self.head(secure)) is not None:
                if not self.respond(secure, host, asked[0].split()[1]):
                    return

    @staticmethod
    def head(stream: socket.socket) -> list[str] | None:
        """The lines of a request's head; none of the requests here has a body."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = stream.recv(65536)
            if not piece:
                return None
            data += piece
        return data.split(b"\r\n\r\n")[0].decode().split("\r\n")

    def respond(self, stream: ssl.SSLSocket, host: str, target: str) -> bool:
        """Send the answer to one request; False when the connection is over."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.lock:
            self.requests.append((host, parts.path, query))
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            answer = self.answer(parts.path, query)
        time.sleep(self.delay_s)
        with self.lock:
            self.busy -= 1
        if answer == HANG:
            self.ending.wait(30)
            return False
        if answer == RESET:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(stream.detach())
            return False
        body = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
        kind = f"Content-Type: {answer.kind}; charset=utf-8\r\n"
        head = f"HTTP/1.1 {answer.status} X\r\n{kind}Content-Length: {len(body)}\r\n"
        cookie = (
            "Set-Cookie: A3=d=loopback; Domain=.yahoo.com; Path=/; Max-Age=3600\r\n"
            if host == "fc.yahoo.com"
            else ""
        )
        stream.sendall((head + cookie + "\r\n").encode() + body)
        return True

    # ---- what is answered

    def answer(self, path: str, query: dict[str, str]):
        """The answer to one request."""
        if path == "/v1/test/getcrumb":
            return Raw(200, "crumb", "text/plain")
        if not path.startswith(CHART):
            return Raw(404, "", "text/html")
        ticker = unquote(path.removeprefix(CHART))
        waiting = self.faults if "period1" in query else self.zone_faults
        if waiting.get(ticker):
            return waiting[ticker].pop(0)
        if "period1" in query and ticker in self.always:
            return self.always[ticker]
        if ticker not in self.stocks:
            return unknown(ticker)
        return self.chart(ticker, query)

    def chart(self, ticker: str, query: dict[str, str]) -> Raw:
        """Yahoo's JSON of a stock in the range asked for."""
        stock = self.stocks[ticker]
        low, high = int(query.get("period1", "-9999999999")), int(query.get("period2", "9999999999"))
        stamped = [(opening(row[0]), row) for row in stock.rows if low <= opening(row[0]) < high] + stock.live
        paid = {d: {"amount": amount} for d, amount in stock.dividends.items()}
        split = {d: {"numerator": n, "denominator": m} for d, (n, m) in stock.splits.items()}
        events = {
            name: {
                str(opening(d)): {"date": opening(d), **told}
                for d, told in all_.items()
                if low <= opening(d) < high
            }
            for name, all_ in (("dividends", paid), ("splits", split))
        }
        names = ("open", "high", "low", "close")
        quote = {name: [row[i] for _, row in stamped] for i, name in enumerate(names, start=1)}
        quote["volume"] = [row[6] for _, row in stamped]
        meta = {
            "currency": "USD", "symbol": ticker, "instrumentType": "EQUITY", "gmtoffset": -18000, "timezone": "EST",
            "exchangeTimezoneName": "America/New_York", "dataGranularity": "1d", "range": "", "priceHint": 2,
            "validRanges": ["1d", "5d", "1mo", "1y", "max"],
        }  # fmt: skip
        result = {
            "meta": meta,
            "timestamp": [stamp for stamp, _ in stamped],
            "events": {name: found for name, found in events.items() if found},
            "indicators": {"quote": [quote], "adjclose": [{"adjclose": [row[5] for _, row in stamped]}]},
        }
        if not stamped:
            result = {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
        return Raw(200, json.dumps({"chart": {"result": [result], "error": None}}))
