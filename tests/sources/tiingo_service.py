"""A stand-in for Tiingo on the loopback interface: plain HTTP, answers as the service's documentation writes them."""

from __future__ import annotations

import gzip
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "0123456789abcdef-the-key"
RESET, HANG = "reset", "hang"


@dataclass
class Answer:
    """What is sent instead of prices."""

    status: int = 200
    body: str = ""
    kind: str = "application/json"
    location: str = ""
    packed: bool = False


def row_of(day, opened, high, low, close, adjusted, volume, dividend=0.0, split=1.0):
    """One row with the names of the documentation."""
    return {
        "date": f"{day}T00:00:00.000Z", "close": close, "high": high, "low": low, "open": opened, "volume": volume,
        "adjClose": adjusted, "adjHigh": high, "adjLow": low, "adjOpen": opened, "adjVolume": volume,
        "divCash": dividend, "splitFactor": split,
    }  # fmt: skip


class Tiingo:
    """The stand-in: set rows and faults, read requests."""

    def __init__(self) -> None:
        outer = self
        self.reset()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *words) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        """Forget everything."""
        self.rows: dict[str, list[dict]] = {}
        self.faults: dict[str, list] = {}
        self.requests: list[tuple[str, dict[str, str], str]] = []
        self.lock = threading.Lock()

    def asked(self, ticker: str) -> list[dict[str, str]]:
        """The questions for one ticker."""
        return [query for name, query, _ in self.requests if name == ticker]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        parts = urlsplit(handler.path)
        _, tiingo, daily, name, prices = parts.path.split("/")
        assert (tiingo, daily, prices) == ("tiingo", "daily", "prices")
        ticker, query = unquote(name), {key: values[0] for key, values in parse_qs(parts.query).items()}
        authorization = handler.headers.get("Authorization", "")
        with self.lock:
            self.requests.append((ticker, query, authorization))
            faults = self.faults.get(ticker) or []
            fault = faults.pop(0) if faults else None
        if fault == RESET:
            handler.connection.close()
        elif fault == HANG:
            time.sleep(1.5)
            handler.close_connection = True
        elif fault is not None:
            self._send(handler, fault)
        elif authorization != f"Token {KEY}":
            self._send(handler, Answer(401, '{"detail":"Invalid token."}'))
        elif ticker not in self.rows:
            self._send(handler, Answer(404, json.dumps({"detail": f"Error: Ticker '{ticker}' not found"})))
        else:
            first, last = query["startDate"], query["endDate"]
            rows = [row for row in self.rows[ticker] if first <= row["date"][:10] <= last]
            self._send(handler, Answer(body=json.dumps(rows)))

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        body = gzip.compress(answer.body.encode()) if answer.packed else answer.body.encode()
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.kind)
        handler.send_header("Content-Length", str(len(body)))
        if answer.packed:
            handler.send_header("Content-Encoding", "gzip")
        if answer.location:
            handler.send_header("Location", answer.location)
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()


LIMITED = Answer(429, '{"detail":"Too many requests"}')
BROKEN = Answer(502, "<html>Bad Gateway</html>", "text/html")
HOUR = Answer(200, "Error: You have run over your hourly request allocation. Please upgrade.", "text/plain")
MONTH = Answer(200, "You have run over your 500 symbol look up for this month. Please upgrade.", "text/plain")
GARBAGE = Answer(200, "<html>sign in</html>", "text/html")
FORBIDDEN = Answer(403, '{"detail":"You do not have permission"}')
OTHER_FORM = Answer(200, '[{"day": "2024-01-02", "price": 5}]')
A_TEXT_FOR_A_PRICE = Answer(200, json.dumps([row_of("2024-01-02", "5", 6, 4, 5, 5, 100)]))
