"""Fits on disk: read as they were kept, or not at all."""

from core.fingerprint import sha256
from core.runs.kept_fits import FOLDER, KeptFits


def test_a_fit_is_read_as_it_was_kept(tmp_path):
    """Bytes come back; under another digest there is nothing."""
    fits = KeptFits(tmp_path)
    fits.keep("ab" * 32, b"one\ntwo")
    assert fits.read("ab" * 32) == b"one\ntwo"
    assert fits.read("cd" * 32) is None


def test_a_damaged_fit_is_none(tmp_path):
    """Any byte changed or cut: it is done again, and kept anew."""
    fits, digest = KeptFits(tmp_path), "ab" * 32
    fits.keep(digest, b"parameters")
    path = tmp_path / FOLDER / digest
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert fits.read(digest) is None
        path.write_bytes(whole[:place])
        assert fits.read(digest) is None
    fits.keep(digest, b"parameters")
    assert fits.read(digest) == b"parameters"


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path):
    """A file where the folder would be: training goes on."""
    (tmp_path / FOLDER).write_text("")
    fits = KeptFits(tmp_path)
    fits.keep("ab" * 32, b"parameters")
    assert fits.read("ab" * 32) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [FOLDER, "keys"]


def test_a_fit_that_nobody_here_did_is_done_again(tmp_path):
    """Whoever may write the data root, and has no key: a text with its digest, a fit of other rows, another key's."""
    fits, digest, other = KeptFits(tmp_path), "ab" * 32, "cd" * 32
    path = tmp_path / FOLDER / digest
    path.parent.mkdir()
    forged = b"parameters that know the outcome"
    path.write_bytes(sha256(forged).encode() + b"\n" + forged)
    assert fits.read(digest) is None
    fits.keep(other, b"learnt from other rows")
    path.write_bytes((tmp_path / FOLDER / other).read_bytes())
    assert fits.read(digest) is None
    fits.keep(digest, b"parameters")
    assert fits.read(digest) == b"parameters"
    (tmp_path / "keys" / "desk.pem").unlink()
    assert KeptFits(tmp_path).read(digest) is None
