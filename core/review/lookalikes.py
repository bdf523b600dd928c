"""Printed names that a reader takes for each other: another alphabet's letters, widths, marks that are not seen.

A key of one's own is printed with a name, and a name is all that a reader of a report sees. The letters are those that
Unicode's table of confusables (UTS 39) gives to Latin ones and that are common in names; marks above letters stay, so
that Müller and Muller are two.
"""

from __future__ import annotations

import unicodedata

_CYRILLIC = ("АВЕЅІЈКМНОРСТУХҺԚԜӀаеѕіјкмнорстухһԁԛԝӏвьг", "ABESIJKMHOPCTYXHQWIaesijkmhopctyxhdqwlbbr")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳαβγεηικνοροστυχωϲ", "ABEZHIKMNOPTYXCjabyenikvopootuxwc")
_CHEROKEE_AND_LISU = (
    "ᎠᎡᎢᎥᎪᎫᎬᎳᎷᎻᏀᏃᏔᏙᏚᏞᏟᏢᏦᏴꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ",
    "DRTiAJEWMHGZWVSLCPKBBPDTGKJCZFMNLSRVHWXYAEIOU",
)
_OTHERS = ("ՕՏԼօսհոզցıɑɡɩʟѵ", "OSLouhnqgiagilv")
_AS_LATIN = str.maketrans(
    "".join(letters for letters, _ in (_CYRILLIC, _GREEK, _OTHERS, _CHEROKEE_AND_LISU)),
    "".join(latin for _, latin in (_CYRILLIC, _GREEK, _OTHERS, _CHEROKEE_AND_LISU)),
)
_IN_SMALL = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "ı": "l", "ς": "o"})
"""After upper and lower case are one: a large I is a small l to most readers."""

_PAIRS = (("rn", "m"), ("vv", "w"))
_UNSEEN = (
    frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
    | {*map(chr, range(0xFE00, 0xFE10))}
    | {*map(chr, range(0xE0100, 0xE01F0))}
)
"""What is printed as nothing and is no control, format or blank by its category."""


def alike(name: str, other: str) -> bool:
    """Return whether a reader takes two printed names for one: the same but for case and spaces, or for look-alikes."""
    return folded(name) == folded(other) or skeleton(name) == skeleton(other)


def folded(name: str) -> str:
    """Return a name without what case, width and spaces differ by."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def skeleton(name: str) -> str:
    r"""Return what is the same for two names that look alike.

    >>> skeleton("Ann  Iles") == skeleton("\u0410nn \uff29l\u200bes")
    True
    >>> skeleton("Müller") == skeleton("Muller")
    False
    """
    text = unicodedata.normalize("NFKC", name).translate(_AS_LATIN).casefold()
    text = unicodedata.normalize("NFD", text).translate(_AS_LATIN).casefold().translate(_IN_SMALL)
    visible = "".join(
        letter for letter in text if unicodedata.category(letter)[0] not in "CZ" and letter not in _UNSEEN
    )
    for pair, letter in _PAIRS:
        visible = visible.replace(pair, letter)
    return visible
