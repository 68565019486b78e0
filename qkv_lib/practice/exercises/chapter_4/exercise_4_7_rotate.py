"""Exercise 4.7: rotate."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.positions import rope, sinusoidal
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.exercises.chapter_4.shared import (
    FREQUENCIES,
    FREQUENCY_LOOK,
    PAIRS,
    PLACE_LOOK,
    TOLERANCE,
    frequencies,
)
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART, SLACK, at

TURN_LOOK = (
    "a pair (a, b) becomes (a cos − b sin, a sin + b cos): a quarter turn makes (0, 1) of (1, 0)"
)


HALF_LOOK = "feature l and feature l + d/2 are a pair: cut x into two halves"


def turned(angles: Function, mix: Function) -> Function:
    """Return a rotation, from functions ``angles(positions, d)`` and ``mix(a, b, cos, sin)``."""

    def wrong(x: Array, positions: Array) -> Array:
        d = x.shape[-1]
        turn = angles(positions.astype(np.float64), d)
        a, b = x[..., : d // 2], x[..., d // 2 :]
        both = mix(a, b, np.cos(turn).astype(x.dtype), np.sin(turn).astype(x.dtype))
        return np.concatenate(both, axis=-1)

    return wrong


def plain_turn(a: Array, b: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Turn the pair by its angle."""
    return a * cos - b * sin, a * sin + b * cos


def reused(a: Array, b: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Overwrite the first of the pair before the second is made from it."""
    a = a * cos - b * sin
    return a, a * sin + b * cos


def rotate(x: Array, positions: Array) -> Array:
    """Return the library's rotation, the pairs in two halves."""
    return np.asarray(rope(x, positions=positions))


def rows_and_positions(rng: Generator) -> Iterator[Case]:
    """Yield rows of even width and their positions, in no order and with gaps.

    Last come as many rows as pairs, where transposed angles fit too.
    """
    for kind, lead, n, d in (
        ("plain", (), 4, 4), ("plain", (), 3, 10), ("plain", (), 7, 6), ("plain", (), 1, 2),
        ("batch", (2,), 5, 6), ("batch", (4,), 4, 4), ("batch", (2, 3), 7, 10),
        ("float32", (2,), 5, 4),
    ):  # fmt: skip
        positions = rng.choice(np.arange(1, 60), size=n, replace=False)
        yield cast(Case(kind, (rng.normal(size=(*lead, n, d)), positions)))
    yield Case("edge", (rng.normal(size=(3, 8)), np.array([rng.integers(1000, 2000), 0, 1])))
    apart = rng.spawn(1)[0]  # what is drawn after these cases stays as it is
    positions = apart.choice(np.arange(1, 60), size=3, replace=False)
    yield Case("plain", (apart.normal(size=(3, 6)), positions))
    yield Case("edge", (apart.normal(size=(3, 4)), np.array([-3, 2, 50])))


def lengths_kept(trial: Trial) -> str | None:
    """Look for a row that is longer or shorter than it was."""
    before, after = (
        np.linalg.norm(x, axis=-1) for x in (trial.case.args[0], trial.first.values[0])
    )
    return at(np.abs(after - before) > SLACK * max(1.0, before.max()), after, "has length")


EXERCISE = Exercise(
    name="rotate",
    skeleton='''
def rotate(x, positions):
    """Return x turned by its positions (RoPE): pair l at position i by the angle i ·
    10000^(−2l/d).

    x: (..., n, d), d even; features l and l + d/2 are pair l
    positions: (n,), integers    returns: (..., n, d)
    """
    ...
''',
    solution='''
def rotate(x, positions):
    half = x.shape[-1] // 2
    frequency = 10000 ** (-2 * np.arange(half) / x.shape[-1])
    angle = positions[:, None] * frequency
    a, b = x[..., :half], x[..., half:]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
''',
    reference=rotate,
    cases=rows_and_positions,
    free=("x",),
    returns={"result": ("row", "feature")},
    mistakes=(
        Mistake("interleaved", "features 2l and 2l + 1 are turned as a pair", HALF_LOOK,
                lambda x, t: rope(x, positions=t, layout="interleaved")),
        Mistake("half-of-each", "the pairs are neighbours on the way in and halves on the way out",
                HALF_LOOK, lambda x, t: rotate(np.concatenate([x[..., ::2], x[..., 1::2]], -1), t)),
        Mistake("turned-back", "the rotation goes the wrong way", TURN_LOOK,
                turned(PAIRS, lambda a, b, cos, sin: plain_turn(a, b, cos, -sin))),
        *(Mistake("angles-scaled", "there is a constant factor too many in the angles", TURN_LOOK,
                  turned(lambda t, d, times=times: times * PAIRS(t, d), plain_turn))
          for times in (1 / 2, 2, 1 / (2 * np.pi), 2 * np.pi, np.pi, 1 / np.pi)),
        Mistake("sin-cos-swapped", "sine and cosine have changed places", TURN_LOOK,
                turned(PAIRS, lambda a, b, cos, sin: plain_turn(a, b, sin, cos))),
        Mistake("no-minus", "both sines are added: this is no rotation", TURN_LOOK,
                turned(PAIRS, lambda a, b, cos, sin: (a * cos + b * sin, a * sin + b * cos))),
        Mistake("halves-swapped", "the two halves come back in the wrong order", TURN_LOOK,
                turned(PAIRS, lambda a, b, cos, sin: plain_turn(a, b, cos, sin)[::-1])),
        Mistake("not-mixed", "each half is multiplied by its own factor and the pair never meets",
                TURN_LOOK, turned(PAIRS, lambda a, b, cos, sin: (a * cos, b * sin))),
        Mistake("overwritten", "the turned a is used to turn b: it needs the old one",
                "make both from the old pair, then put them together", turned(PAIRS, reused)),
        *(Mistake(name, says, FREQUENCY_LOOK, turned(frequencies(exponent), plain_turn))
          for name, says, exponent in FREQUENCIES),
        Mistake("from-the-first", "the positions are counted from the first one given", PLACE_LOOK,
                lambda x, positions: rotate(x, positions - positions[:1])),
        Mistake("positions-from-1", "the positions are counted one too far", PLACE_LOOK,
                lambda x, t: rotate(x, t + 1)),
        Mistake("positions-ignored", "the rows are numbered 0, 1, 2, …: positions is not used",
                PLACE_LOOK, lambda x, t: rope(x)),
        Mistake("added", "a vector of sines is added, nothing is turned", TURN_LOOK,
                lambda x, t: x + sinusoidal(t, x.shape[-1])),
        Mistake("not-turned", "your function returns x as it went in", TURN_LOOK, lambda x, t: x),
        Mistake("degrees", "the angles are in degrees", "sine and cosine take radians",
                turned(lambda t, d: np.degrees(PAIRS(t, d)), plain_turn)),
        Mistake("degrees", "the angles are taken for degrees", "they are radians already",
                turned(lambda t, d: np.radians(PAIRS(t, d)), plain_turn)),
    ),
    tolerance=TOLERANCE,
    properties=(
        Property("length-changed", "your rows change their length, and a rotation keeps it",
                 TURN_LOOK, lengths_kept),
        BATCH_APART,
    ),
)  # fmt: skip
