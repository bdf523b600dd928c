"""Models by content id.

``<data>/models/<id>.json`` are bytes of ``model.json``; the id is the head of their SHA-256, so a model
can be neither changed nor mistaken. Which one scores is said by :mod:`core.registry.champions`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from core.errors import MissingFileError, ModelError, ParameterError, listed, nearest
from core.fingerprint import SHORT, sha256
from core.label import Label
from core.paths import StoragePath, bytes_of
from core.platform.storage import replace_file
from core.report.narrative import cleaned

_ID = re.compile(rf"[0-9a-f]{{{SHORT}}}")


def model_id(data: bytes) -> str:
    """Return the content id of a model file's bytes: 12 hex digits."""
    return sha256(data)[:SHORT]


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
        """Keep a model's bytes and return its id; keeping the same bytes twice changes nothing.

        Raises
        ------
        ModelError
            If another model is there whose SHA-256 begins alike: two such files can be made on purpose.
        """
        identity = model_id(data)
        path = self.folder / f"{identity}.json"
        there = bytes_of(path) if path.is_file() else b""
        if there != data and model_id(there) == identity:
            raise ModelError(
                f"another model has id {identity}: SHA-256 {sha256(there)}, and that of this one is {sha256(data)}",
                expected="a model whose id no other one has",
                remedy="Train it again with another seed.",
            )
        if there != data:
            replace_file(path, data)
        return identity

    def bytes_of(self, identity: str, digest: str = "") -> bytes:
        """Return a model's bytes, verified against its id and, where it is given, their whole SHA-256.

        Raises
        ------
        ModelError
            If the file is gone or is not what it was.
        """
        path = self.folder / f"{identity}.json"
        try:
            data = bytes_of(path)
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
        if digest and sha256(data) != digest:
            raise ModelError(
                f"{path} was exchanged for another model of the same id: its SHA-256 is {sha256(data)}",
                expected=digest,
                remedy="Restore it from a backup, or promote another model.",
            )
        return data

    def label_of(self, identity: str) -> Label | None:
        """Return what a model was trained on; None where its file does not say it.

        Raises
        ------
        ModelError
            If the file is gone or is not what it was.
        """
        try:
            return Label.of_training(json.loads(self.bytes_of(identity))["training"])
        except (ValueError, LookupError, TypeError):
            return None

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
        MissingFileError.unless_file(path, "model file")
        data = path.read_bytes()
        _check_model(data)
        return self.add(data)

    def usable(self, text: str) -> str:
        """Return the id of the model that ``text`` means, after making sure that it can score here.

        Raises
        ------
        ParameterError, ModelError
            If there is no such model, or it is damaged or was trained on features defined otherwise.
        """
        identity = self.find(text)
        _check_model(self.bytes_of(identity))
        return identity


def reason_of(why: str) -> str:
    """Return the reason for a decision, stripped and without characters that are not seen.

    Raises
    ------
    ParameterError
        If it is empty.
    """
    reason = cleaned(why).strip()
    if not reason:
        raise ParameterError("--why is empty", expected="the reason for this decision, in a sentence")
    return reason


def _check_model(data: bytes) -> None:
    """Refuse a model file that could not score: unknown kind, damaged, other features."""
    from core.models.loader import read_model

    read_model(data)
