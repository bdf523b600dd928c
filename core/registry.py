"""Models by content id, and the pointer to the one a person made champion. EDGE.

``<data>/models/<id>.json`` are bytes of ``model.json``; the id is the head of their SHA-256, so a model
can be neither changed nor mistaken. ``<data>/models/champion.json`` says which one scores, and why.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.checkpoints import replace_file, sync_folder, write_temporary
from core.errors import MissingFileError, ModelError, NoChampionError, ParameterError, listed, nearest
from core.fingerprint import SHORT, sha256

_ID = re.compile(rf"[0-9a-f]{{{SHORT}}}")
_POINTER = "champion.json"


def model_id(data: bytes) -> str:
    """Return the content id of a model file's bytes: 12 hex digits."""
    return sha256(data)[:SHORT]


@dataclass(frozen=True)
class Champion:
    """The model that scores: its id, its file's SHA-256, and why a person chose it."""

    model_id: str
    sha256: str
    why: str


class Registry:
    """The models of a data root."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "models"

    def ids(self) -> list[str]:
        """Return the ids of all models, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(p.stem for p in self.folder.glob("*.json") if _ID.fullmatch(p.stem))

    def add(self, data: bytes) -> str:
        """Keep a model's bytes and return its id; keeping the same bytes twice changes nothing."""
        identity = model_id(data)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{identity}.json"
        if not (path.is_file() and model_id(path.read_bytes()) == identity):
            write_temporary(self.folder, data).replace(path)
            sync_folder(self.folder)
        return identity

    def bytes_of(self, identity: str) -> bytes:
        """Return a model's bytes, verified against its id.

        Raises
        ------
        ModelError
            If the file is gone or is not what it was.
        """
        path = self.folder / f"{identity}.json"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"model {identity} is not in {self.folder}",
                expected=f"one of {listed(self.ids()) or 'none yet'}",
            ) from error
        if model_id(data) != identity:
            raise ModelError(
                f"{path} was changed: its content id is {model_id(data)}",
                expected=identity,
                remedy="Promote another model, or train again.",
            )
        return data

    def find(self, text: str) -> str:
        """Return the id that ``text`` means: an id, its beginning (6 digits or more), or a model file.

        Raises
        ------
        ParameterError
            If no model or more than one answers to it.
        """
        if "/" in text or text.endswith(".json"):
            return self._brought(Path(text))
        found = [i for i in self.ids() if i == text or (len(text) >= 6 and i.startswith(text))]
        if len(found) != 1:
            raise ParameterError(
                f"{'no' if not found else 'more than one'} model is called {text!r}",
                expected=f"one of {listed(self.ids())}"
                if self.ids()
                else "a model; none has been trained yet",
                remedy=nearest(text, self.ids()).strip() or "Train one with --mode train.",
            )
        return found[0]

    def _brought(self, path: Path) -> str:
        if not path.is_file():
            raise MissingFileError.of(path, "model file")
        data = path.read_bytes()
        _judge(data)
        return self.add(data)

    def champion(self) -> Champion | None:
        """Return the champion, None before the first promotion.

        Raises
        ------
        ModelError
            If the pointer is damaged: scoring with an unknown model would be worse than stopping.
        """
        path = self.folder / _POINTER
        try:
            body: dict[str, Any] = json.loads(path.read_bytes())
            return Champion(str(body["model_id"]), str(body["sha256"]), str(body["why"]))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} is not a readable champion pointer", remedy="Promote a model again."
            ) from error

    def require_champion(self) -> Champion:
        """Return the champion.

        Raises
        ------
        NoChampionError
            If nobody has promoted a model.
        """
        champion = self.champion()
        if champion is None:
            have = self.ids()
            raise NoChampionError(
                "--mode score came without a champion",
                expected=f"a promoted model; there are {listed(have)}" if have else "a promoted model",
                remedy='Train with --mode train, then: afterclose promote MODEL --why "..."',
            )
        return champion

    def promote(self, text: str, why: str) -> Champion:
        """Make a model the champion and return it; the pointer moves atomically."""
        if not why.strip():
            raise ParameterError("--why is empty", expected="the reason for this model, in a sentence")
        identity = self.find(text)
        data = self.bytes_of(identity)
        _judge(data)
        champion = Champion(identity, sha256(data), why.strip())
        body = {"format": 1, "kind": "champion", **champion.__dict__}
        replace_file(self.folder / _POINTER, json.dumps(body, indent=2).encode() + b"\n")
        return champion


def _judge(data: bytes) -> None:
    """Refuse a model file that could not score: unknown kind, damaged, other features."""
    from core.models.loader import read_model

    read_model(data)
