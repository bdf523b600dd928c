"""Thousands of damaged model files: each is refused with a reason, or is harmless; nothing else happens."""

from __future__ import annotations

import copy
import json
import random
import sys

import numpy as np
import pytest

from core.errors import AftercloseError, ModelError
from core.features import model_features
from core.models.loader import load_model, read_model
from core.tables.codec import encode

BYTES, NODES = 1500, 1500
HOSTILE = (
    None, True, -1, 0, 1e308, -1e308, 10**400, "", "x" * 10_000, "../../etc/passwd", "__import__('os')", [], {},
    [[[]]], {"a": {"b": {}}}, ["\x00"], "2013-13-45", float("1e-320"), [None] * 5, "\ud83d\ude00",
)  # fmt: skip


def mangled(data, draw):
    """The bytes with one to four of: a flipped byte, a cut, a doubled piece, something put in."""
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(max(1, len(data)))
        match draw.randrange(4):
            case 0:
                data = data[:place] + bytes([draw.randrange(256)]) + data[place + 1 :]
            case 1:
                data = (
                    data[:place]
                    if draw.random() < 0.2
                    else data[:place] + data[place + draw.randint(1, 40) :]
                )
            case 2:
                data = data[:place] + data[place : place + 60] + data[place:]
            case _:
                piece = draw.choice([b"NaN", b"1e999", b"[" * 500, b'{"kind":1}', b"\xff\xfe", b"null", b"-"])
                data = data[:place] + piece + data[place:]
    return data


def nodes_of(body, path=()):
    """Every place in a JSON value."""
    yield path
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield from nodes_of(value, (*path, key))


def with_node(body, path, value):
    """A copy with another value at one place."""
    body = copy.deepcopy(body)
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


def judged(data):
    """``refused`` with a reason, or ``harmless`` when the model still meets its self-check and scores."""
    reason = None
    try:
        model = load_model(read_model(data))
    except ModelError as error:
        reason = str(error)
    if reason is not None:
        assert 0 < len(reason.strip()) < 2000
        return "refused"
    inputs = np.random.default_rng(0).normal(0, 0.02, (20, len(model_features())))
    try:
        chances = model.probability(inputs)
    except AftercloseError:
        return "refused"
    assert ((chances >= 0) & (chances <= 1)).all()
    return "harmless"


@pytest.mark.parametrize("kind", ["logistic_regression", "hist_gradient_boosting"])
def test_mangled_bytes_are_refused_or_harmless(trained, kind):
    """Flips, cuts, doublings and insertions at random places, by a fixed seed."""
    whole, draw = encode(trained[kind][1]).data, random.Random(17)
    found = [judged(mangled(whole, draw)) for _ in range(BYTES)]
    sys.stdout.write(f"{kind}: {found.count('refused')} of {BYTES} mangled files refused\n")
    assert found.count("refused") > BYTES // 2


@pytest.mark.parametrize("kind", ["logistic_regression", "hist_gradient_boosting"])
def test_hostile_values_at_any_place_are_refused_or_harmless(trained, kind):
    """Any node of the file is replaced by something it must not be."""
    body, draw = json.loads(encode(trained[kind][1]).data), random.Random(18)
    places = [path for path in nodes_of(body) if path]
    found = []
    for _ in range(NODES):
        changed = with_node(body, draw.choice(places), draw.choice(HOSTILE))
        found.append(judged(json.dumps(changed).encode()))
    sys.stdout.write(f"{kind}: {found.count('refused')} of {NODES} hostile files refused\n")
    assert found.count("refused") > NODES // 2


def test_an_untouched_model_is_harmless(trained):
    """The judge itself: a whole file passes, an empty one does not."""
    whole = encode(trained["logistic_regression"][1]).data
    assert (judged(whole), judged(b"")) == ("harmless", "refused")
