"""Models by content id, and the pointer to the one a person made champion.

``<data>/models/<id>.json`` are bytes of ``model.json``; the id is the head of their SHA-256, so a model
can be neither changed nor mistaken. ``<data>/models/champion.json`` says which one scores, and why.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import MissingFileError, ModelError, NoChampionError, ParameterError, listed, nearest
from core.fingerprint import SHORT, sha256
from core.paths import StoragePath
from core.platform.storage import replace_file

_ID = re.compile(rf"[0-9a-f]{{{SHORT}}}")
_POINTER = "champion.json"

MOST_CHANGES = 1000
"""Moves that the pointer remembers; the journal has them all."""


def model_id(data: bytes) -> str:
    """Return the content id of a model file's bytes: 12 hex digits."""
    return sha256(data)[:SHORT]


PROMOTION, ROLLBACK = "promotion", "rollback"


@dataclass(frozen=True)
class Change:
    """A move of the champion pointer.

    Parameters
    ----------
    action : str
        ``promotion`` or ``rollback``.
    model_id : str
        The champion from then on.
    why, who, at_utc : str
        The reason, the printed name of the person, and when; the last two are empty where not recorded.
    record : int or None
        Number of the decision in the journal's chain.
    """

    action: str
    model_id: str
    why: str
    who: str = ""
    at_utc: str = ""
    record: int | None = None


@dataclass(frozen=True)
class Champion:
    """The model that scores: its id, its file's SHA-256, why a person chose it, and every move so far.

    The moves stand in the pointer itself, the last one last: what may be rolled back to can be told
    without the journal.
    """

    model_id: str
    sha256: str
    why: str
    changes: tuple[Change, ...] = ()

    @property
    def before(self) -> str | None:
        """The champion that a rollback would bring back, None if there is none."""
        line: list[str] = []
        for change in self.changes:
            if change.action == ROLLBACK and len(line) > 1:
                line.pop()
            elif change.model_id not in line[-1:]:
                line.append(change.model_id)
        return line[-2] if len(line) > 1 else None


class Registry:
    """The models of a data root."""

    def __init__(self, root: StoragePath) -> None:
        self.folder = root / "models"

    def ids(self) -> list[str]:
        """Return the ids of all models, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(p.stem for p in self.folder.glob("*.json") if _ID.fullmatch(p.stem))

    def add(self, data: bytes) -> str:
        """Keep a model's bytes and return its id; keeping the same bytes twice changes nothing."""
        identity = model_id(data)
        path = self.folder / f"{identity}.json"
        if not (path.is_file() and model_id(path.read_bytes()) == identity):
            replace_file(path, data)
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
            return self._add_file(Path(text))
        matches = [i for i in self.ids() if i == text or (len(text) >= 6 and i.startswith(text))]
        if len(matches) != 1:
            raise ParameterError(
                f"{'no' if not matches else 'more than one'} model is called {text!r}",
                expected=f"one of {listed(self.ids())}"
                if self.ids()
                else "a model; none has been trained yet",
                remedy=nearest(text, self.ids()).strip() or "Train one with --mode train.",
            )
        return matches[0]

    def _add_file(self, path: Path) -> str:
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
            return _champion(json.loads(path.read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
                "scoring was asked for without a champion",
                expected=f"a promoted model; there are {listed(have)}" if have else "a promoted model",
                remedy='Train with --mode train, then: afterclose promote MODEL --why "..."',
                parameter="mode",
            )
        return champion

    def usable(self, text: str) -> str:
        """Return the id of the model that ``text`` means, after making sure that it can score here.

        Raises
        ------
        ParameterError, ModelError
            If there is no such model, or it is damaged or was trained on features defined otherwise.
        """
        identity = self.find(text)
        _judge(self.bytes_of(identity))
        return identity

    def point(self, change: Change) -> Champion:
        """Move the pointer, atomically, to a usable model; a reader sees the old or the new champion.

        A damaged pointer is replaced, and the moves that it held are gone from it.
        """
        try:
            present = self.champion()
        except ModelError:
            present = None
        data = self.bytes_of(change.model_id)
        earlier = present.changes[-MOST_CHANGES:] if present else ()
        champion = Champion(change.model_id, sha256(data), change.why, (*earlier, change))
        body = {
            "format": 1,
            "kind": "champion",
            "model_id": champion.model_id,
            "sha256": champion.sha256,
            "why": champion.why,
            "changes": [asdict(entry) for entry in champion.changes],
        }
        replace_file(self.folder / _POINTER, json.dumps(body, indent=2).encode() + b"\n")
        return champion

    def promote(self, text: str, why: str) -> Champion:
        """Make a model the champion without a record; a person's decision goes through ``core.review.decisions``."""
        return self.point(Change(PROMOTION, self.usable(text), reason_of(why)))


def reason_of(why: str) -> str:
    """Return the reason for a decision, stripped.

    Raises
    ------
    ParameterError
        If it is empty.
    """
    if not why.strip():
        raise ParameterError("--why is empty", expected="the reason for this decision, in a sentence")
    return why.strip()


def _champion(body: dict[str, Any]) -> Champion:
    identity, digest, why = (str(body[key]) for key in ("model_id", "sha256", "why"))
    # a pointer of the first version has no list: what it says is its only move
    moves = body.get("changes") or [{"action": PROMOTION, "model_id": identity, "why": why}]
    return Champion(identity, digest, why, tuple(Change(**move) for move in moves))


def _judge(data: bytes) -> None:
    """Refuse a model file that could not score: unknown kind, damaged, other features."""
    from core.models.loader import read_model

    read_model(data)
