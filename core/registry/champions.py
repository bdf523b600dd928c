"""The champion of each profile: the model that scores its runs, and every move of the pointer to it.

``<data>/models/champions/<profile>.json`` says which model, and why. A data root older than profiles has one pointer,
``<data>/models/champion.json``: it becomes the champion of the profiles in which its model was trained.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import ModelError, NoChampionError, listed
from core.fingerprint import sha256
from core.paths import SMALL_BYTES, StoragePath, bytes_of
from core.platform.storage import replace_file, storage_at
from core.registry.origins import Origins, take_over
from core.registry.registry import Registry
from core.request.settings import Settings

FOLDER = "champions"
"""Of the models' folder: a pointer for each profile."""

EARLIER = "champion.json"
"""The one pointer of a data root older than profiles, in the models' folder."""

MOST_CHANGES = 1000
"""Moves that a pointer remembers; the journal has them all."""

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


@dataclass(frozen=True)
class Pointer:
    """The file that names a champion, as it was read: its bytes, None where there was none, and whether it is one."""

    data: bytes | None
    is_file: bool = True


class Champions:
    """The champions of a data root, by profile."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models = settings.data / "models"

    def of(self, profile: str) -> Champion | None:
        """Return the champion of a profile, None before its first promotion.

        Raises
        ------
        ModelError
            If the pointer is damaged: scoring with an unknown model would be worse than stopping.
        """
        champion = _read(self._pointer(profile))
        if champion is None and (earlier := _read(self._models / EARLIER)) is not None:
            return self._earlier_by_profile(earlier).get(profile)
        return champion

    def require(self, profile: str) -> Champion:
        """Return the champion of a profile.

        Raises
        ------
        NoChampionError
            If nobody has promoted a model there.
        ModelError
            If the pointer is damaged.
        """
        champion = self.of(profile)
        if champion is None:
            origins = Origins(self._settings)
            own = [
                identity
                for identity in Registry(self._settings.data).ids()
                if profile in origins.of_model(identity)
            ]
            others = [name for name in self.profiles() if name != profile]
            elsewhere = f" Champions of other profiles ({listed(others)}) do not score it." if others else ""
            raise NoChampionError(
                f"scoring was asked for without a champion of profile {profile}",
                expected=f"a promoted model; there are {listed(own)}" if own else "a promoted model",
                remedy=f'Train with --mode train, then: afterclose promote MODEL --why "...".{elsewhere}',
                parameter="mode",
            )
        return champion

    def profiles(self) -> list[str]:
        """Return the profiles that have a champion, or the pointer to one, sorted."""
        names = {path.stem for path in (self._models / FOLDER).glob("*.json")}
        with suppress(ModelError):
            if (earlier := _read(self._models / EARLIER)) is not None:
                names |= set(self._earlier_by_profile(earlier))
        return sorted(names)

    def pointer(self, profile: str) -> Pointer:
        """Return the pointer of a profile as it is now."""
        try:
            return Pointer(bytes_of(self._pointer(profile), SMALL_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            return Pointer(None)
        except OSError:
            return Pointer(None, is_file=False)

    def point(
        self, profile: str, change: Change, digest: str = "", *, since: Pointer | None = None
    ) -> Champion:
        """Move the pointer of a profile, atomically, to a usable model; a reader sees the old or the new champion.

        A damaged pointer is replaced, and the moves that it held are gone from it.

        Parameters
        ----------
        digest : str
            SHA-256 of the model that was decided about; empty: of the one that is there.
        since : Pointer, optional
            The pointer that the decision was made by.

        Raises
        ------
        ModelError
            If somebody else moved it since: a machine that slept in between has lost its turn.
        """
        since = since or self.pointer(profile)
        try:
            present = self.of(profile)
        except ModelError:
            present = None
        digest = digest or sha256(Registry(self._settings.data).bytes_of(change.model_id))
        earlier = present.changes[-MOST_CHANGES:] if present else ()
        champion = Champion(change.model_id, digest, change.why, (*earlier, change))
        if not self._write(profile, champion, since):
            raise ModelError(
                f"the champion of profile {profile} was moved meanwhile",
                expected="nobody else at it",
                remedy="Look at it again, then decide.",
            )
        self.take_over()
        return champion

    def take_over(self) -> None:
        """Give what a data root holds from before profiles its profile: runs, and the one champion its model's.

        A damaged older pointer is put aside: the promotion that came replaces it.
        """
        take_over(self._settings)
        path = self._models / EARLIER
        if not path.exists():
            return
        try:
            earlier = _read(path)
            by_profile = self._earlier_by_profile(earlier) if earlier else {}
        except ModelError:
            by_profile = {}
        else:
            if not by_profile:
                return  # nothing tells where its model was trained: a promotion settles it
        for profile, champion in by_profile.items():
            if not self._pointer(profile).exists():
                self._write(profile, champion, Pointer(None))
        replace_file(path.with_name("champion.before-profiles.json"), bytes_of(path))
        path.unlink()

    def _earlier_by_profile(self, earlier: Champion) -> dict[str, Champion]:
        """Return the champion of each profile by the one older pointer: of its moves those of models trained there."""
        origins = Origins(self._settings)
        names = origins.homes(earlier.model_id)

        def own(change: Change, profile: str) -> bool:
            return change.model_id == earlier.model_id or profile in (
                origins.of_model(change.model_id) or {profile}
            )

        return {
            name: replace(earlier, changes=tuple(move for move in earlier.changes if own(move, name)))
            for name in sorted(names)
        }

    def _pointer(self, profile: str) -> StoragePath:
        return self._models / FOLDER / f"{profile}.json"

    def _write(self, profile: str, champion: Champion, since: Pointer) -> bool:
        body = {
            "format": 1,
            "kind": "champion",
            "profile": profile,
            "model_id": champion.model_id,
            "sha256": champion.sha256,
            "why": champion.why,
            "changes": [asdict(entry) for entry in champion.changes],
        }
        file, data = storage_at(self._pointer(profile)), json.dumps(body, indent=2).encode() + b"\n"
        with ModelError.of_disk(f"the champion of {profile} cannot be written"):
            if not since.is_file:
                file.replace(data)
                return True
            return file.create(data) if since.data is None else file.exchange(since.data, data)


def _read(path: StoragePath) -> Champion | None:
    """Return the champion that a pointer names, None where there is no pointer.

    Raises
    ------
    ModelError
        If it is damaged.
    """
    try:
        return _champion(json.loads(bytes_of(path, SMALL_BYTES)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"{path} is not a readable champion pointer", remedy="Promote a model again."
        ) from error


def _champion(body: dict[str, Any]) -> Champion:
    identity, digest, why = (str(body[key]) for key in ("model_id", "sha256", "why"))
    # a pointer of the first version has no list: what it says is its only move
    moves = body.get("changes") or [{"action": PROMOTION, "model_id": identity, "why": why}]
    return Champion(identity, digest, why, tuple(Change(**move) for move in moves))
