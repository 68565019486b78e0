"""Exercise 9.2: scores that point to a place."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast

SCORE_LOOK = "rows are queries i, columns are keys j: −strength · (p_j − p_i − offset)²"


def distances(places: Array) -> Array:
    """Return ``p_j − p_i``."""
    return places[..., None, :] - places[..., :, None]


def place_inputs(rng: Generator) -> Iterator[Case]:
    """Yield places, in order or not, with an offset and a strength."""
    for kind, lead, n, offset, strength in (
        ("plain", (), 5, 2.0, 3.0), ("plain", (), 7, -1.0, 0.5), ("plain", (), 3, 1.0, 7.0),
        ("batch", (2,), 5, 3.0, 1.5), ("batch", (2, 3), 3, -2.0, 4.0), ("float32", (), 5, 2.0, 3.0),
    ):  # fmt: skip
        places = np.arange(n) + rng.integers(10, size=(*lead, n))
        yield cast(Case(kind, (places.astype(np.float64), offset, strength)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=4), 0.37, 1.7),
        (rng.normal(size=(2, 3)), -2.6, 0.21),
        (np.array([5.2]), 1.5, 2.5),
        (rng.normal(size=4), 0.0, 900.5),
    )


EXERCISE = Exercise(
    name="offset-scores",
    skeleton='''
def offset_scores(places, offset, strength):
    """Return S with S[i, j] = -strength · (places[j] - places[i] - offset)².

    places: (..., n)    offset, strength: numbers
    returns: (..., n, n), rows are queries
    """
    ...
''',
    solution='''
def offset_scores(places, offset, strength):
    distance = places[..., None, :] - places[..., :, None]
    return -(strength * (distance - offset) ** 2)
''',
    reference=lambda places, offset, strength: -strength * (distances(places) - offset) ** 2,
    cases=place_inputs,
    edges=edges,
    free=("places",),
    returns={"scores": ("query", "key")},
    mistakes=(
        Mistake("wrong-way", "the head looks the other way", SCORE_LOOK,
                lambda p, o, s: -s * (distances(p) + o) ** 2),
        Mistake("offset-ignored", "the offset is not used: every place prefers itself", SCORE_LOOK,
                lambda p, o, s: -s * distances(p) ** 2),
        Mistake("positive", "the scores are positive: what is far is preferred",
                "the best key must have the largest score: the sign is minus",
                lambda p, o, s: s * (distances(p) - o) ** 2),
        Mistake("not-squared", "the distance is not squared", SCORE_LOOK,
                lambda p, o, s: -s * np.abs(distances(p) - o)),
        Mistake("signed", "the distance keeps its sign", "square the distance: both sides are far",
                lambda p, o, s: -s * (distances(p) - o)),
        Mistake("strength-ignored", "the strength is not used", SCORE_LOOK,
                lambda p, o, s: -((distances(p) - o) ** 2)),
        Mistake("strength-squared", "the strength is squared too", "it stands before the square",
                lambda p, o, s: -((s * (distances(p) - o)) ** 2)),
        Mistake("divided-by-strength", "the scores are divided by the strength", SCORE_LOOK,
                lambda p, o, s: -((distances(p) - o) ** 2) / s),
        Mistake("weights", "the weights come back, not the scores", "no softmax yet",
                lambda p, o, s: np.exp(-s * (distances(p) - o) ** 2)
                / np.exp(-s * (distances(p) - o) ** 2).sum(-1, keepdims=True)),
        Mistake("exponentiated", "exp is taken already", "scores are what goes into the softmax",
                lambda p, o, s: np.exp(-s * (distances(p) - o) ** 2)),
        Mistake("squares-apart", "distance and offset are squared apart: (a − b)² is not a² − b²",
                SCORE_LOOK, lambda p, o, s: -s * (distances(p) ** 2 - o**2)),
        Mistake("unsigned-distance", "the distance has no direction: both sides look alike",
                "the key that lies `offset` AFTER the query: p_j − p_i keeps its sign",
                lambda p, o, s: -s * (np.abs(distances(p)) - o) ** 2),
        Mistake("offset-outside", "the offset is subtracted from the scores, not from the distance",
                SCORE_LOOK, lambda p, o, s: -s * distances(p) ** 2 - o),
        Mistake("offset-outside", "the offset is taken from the square, not from the distance",
                SCORE_LOOK, lambda p, offset, strength: -strength * (distances(p) ** 2 - offset)),
        Mistake("squared-apart", "distance and offset are squared apart: twice their product is "
                "missing", SCORE_LOOK, lambda p, offset, strength: (
                    -strength * (distances(p) ** 2 + offset**2))),
    ),
)  # fmt: skip
