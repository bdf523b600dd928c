"""Fits on disk: read as they were kept, or not at all."""

from core.store.fits import FOLDER, KeptFits


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
    assert [path.name for path in tmp_path.iterdir()] == [FOLDER]
