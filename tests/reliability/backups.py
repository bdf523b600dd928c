"""What tests of backups share: settings over a root, archives of their own, and what a folder holds."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from core.fingerprint import sha256
from core.request import settings
from core.upkeep.archive import MANIFEST


def settings_over(data):
    """Settings over a data root that is not there yet."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=Path(__file__).resolve().parents[2])


def packed(path, contents, **manifest):
    """A zip with these members (name or ZipInfo, bytes) and a manifest that fits them."""
    digests = {getattr(name, "filename", name): sha256(data) for name, data in contents}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents:
            archive.writestr(name, data)
        archive.writestr(
            MANIFEST, json.dumps({"format": 1, "kind": "archive", "members": digests, **manifest})
        )
    return path


def tree(folder):
    """Every file by its name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
