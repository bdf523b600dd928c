"""Viewers of a page without a browser each: they speak Streamlit's own protocol with the desk.

The desk does the same for each as for a browser. Twenty real ones would draw twenty pages on the machine that is
measured, which in life twenty machines do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S = 120.0


class Viewer:
    """One who has a page open: asks for what refreshes itself as often as the page says.

    Parameters
    ----------
    url : str
        Of the page, with what its address says.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.page, self.query, self.host = parts.path.strip("/"), parts.query, parts.netloc
        self.ticks_ms: list[float] = []
        self.drawn, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self.drawn.wait(PATIENCE_S):
            self.__exit__()
            raise RuntimeError(f"{self.page} was not drawn within {PATIENCE_S:g} s")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with connect(
            f"ws://{self.host}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None
        ) as desk:
            state = ClientState(query_string=self.query, page_name=self.page)
            desk.send(BackMsg(rerun_script=state).SerializeToString())
            asked = self._answer(desk)
            if asked is None or not asked.fragment_id:
                return
            self.drawn.set()
            while not self._over.wait(asked.interval):
                state = ClientState(
                    query_string=self.query, page_script_hash=asked.page, fragment_id=asked.fragment_id,
                    is_auto_rerun=True,
                )  # fmt: skip
                started = time.perf_counter()
                desk.send(BackMsg(rerun_script=state).SerializeToString())
                if self._answer(desk) is None:
                    return
                self.ticks_ms.append((time.perf_counter() - started) * 1000)

    def _answer(self, desk: ClientConnection) -> _Asked | None:
        """Read until a script has ended; return what the page asks for again, None when it is over."""
        asked = _Asked()
        while not self._over.is_set():
            try:
                message = ForwardMsg.FromString(desk.recv(timeout=1))
            except TimeoutError:
                continue
            match message.WhichOneof("type"):
                case "new_session":
                    asked.page = message.new_session.page_script_hash
                case "auto_rerun":
                    asked.interval = message.auto_rerun.interval
                    asked.fragment_id = message.auto_rerun.fragment_id
                case "script_finished":
                    return asked
        return None


class _Asked:
    """What a page wants to be asked for again: a part of it, and how often."""

    page, fragment_id, interval = "", "", 1.0


@contextmanager
def looking(url: str, viewers: int) -> Iterator[list[Viewer]]:
    """Keep so many viewers on a page."""
    with ExitStack() as stack:
        yield [stack.enter_context(Viewer(url)) for _ in range(viewers)]
