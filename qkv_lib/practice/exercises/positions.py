"""Chapter 4, telling the position: rotations of queries and keys, and rows of sines."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.formula.positions import rope, sinusoidal
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART, SLACK, at

BASE = 10000.0
FREQUENCY_LOOK = "pair l of d features has the frequency 10000 ** (−2l/d), l = 0, 1, …, d/2 − 1"
TURN_LOOK = (
    "a pair (a, b) becomes (a cos − b sin, a sin + b cos): a quarter turn makes (0, 1) of (1, 0)"
)
HALF_LOOK = "feature l and feature l + d/2 are a pair: cut x into two halves"
PLACE_LOOK = "the angle is positions[t] times the frequency, as the positions are given"
ROW_LOOK = "columns 2l and 2l + 1 hold the sine and the cosine of the same angle"


def single_precision(trial: Trial) -> str | None:
    """Right to about seven digits, where sixteen are kept."""
    yours, expected = trial.first.values[0], trial.expected[0]
    off = float(np.max(np.abs(yours - expected), initial=0))
    near = 1e-7 < off < 1e-4 * max(1.0, float(np.max(np.abs(expected), initial=0)))
    if not near or yours.dtype != np.float64:
        return None
    return f"the largest error is {off:.0e}, which float64 does not make"


SINGLE_PRECISION = Property(
    "single-precision", "nearly right: the angles seem to be computed in float32",
    "make them in float64; torch.arange needs dtype=torch.float64 for that", single_precision,
)  # fmt: skip


def turned(angles: Function, mix: Function) -> Function:
    """Return a rotation, from functions ``angles(positions, d)`` and ``mix(a, b, cos, sin)``."""

    def wrong(x: Array, positions: Array) -> Array:
        d = x.shape[-1]
        turn = angles(positions.astype(np.float64), d)
        a, b = x[..., : d // 2], x[..., d // 2 :]
        both = mix(a, b, np.cos(turn).astype(x.dtype), np.sin(turn).astype(x.dtype))
        return np.concatenate(both, axis=-1)

    return wrong


def frequencies(exponent: Function) -> Function:
    """Return angles, from a function of pair number and width to the exponent of the base."""
    return lambda positions, d: positions[..., None] * BASE ** exponent(np.arange(d // 2), d)


def plain_turn(a: Array, b: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Turn the pair by its angle."""
    return a * cos - b * sin, a * sin + b * cos


def reused(a: Array, b: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Overwrite the first of the pair before the second is made from it."""
    a = a * cos - b * sin
    return a, a * sin + b * cos


PAIRS = frequencies(lambda pair, d: -2 * pair / d)

FREQUENCIES = (
    ("exponent-without-2", "the exponent is −l/d: the 2 is missing", lambda pair, d: -pair / d),
    ("base-missing", "every pair turns at the same frequency 1", lambda pair, d: 0.0 * pair),
    ("growing-frequencies", "the frequencies grow: the exponent has the wrong sign",
     lambda pair, d: 2 * pair / d),
    ("exponent-by-pairs", "the exponent is −4l/d: 2l is divided by the number of pairs",
     lambda pair, d: -4 * pair / d),
    ("pairs-from-1", "the pairs are counted from 1", lambda pair, d: -2 * (pair + 1) / d),
)  # fmt: skip


def rotate(x: Array, positions: Array) -> Array:
    """Return the library's rotation, the pairs in two halves."""
    return np.asarray(rope(x, positions=positions))


def rows_and_positions(rng: Generator) -> Iterator[Case]:
    """Yield rows of even width and their positions, in no order and with gaps."""
    for kind, lead, n, d in (
        ("plain", (), 4, 4), ("plain", (), 3, 10), ("plain", (), 7, 6), ("plain", (), 1, 2),
        ("batch", (2,), 5, 6), ("batch", (4,), 4, 4), ("batch", (2, 3), 7, 10),
        ("float32", (2,), 5, 4),
    ):  # fmt: skip
        positions = rng.choice(np.arange(1, 60), size=n, replace=False)
        yield cast(Case(kind, (rng.normal(size=(*lead, n, d)), positions)))


def lengths_kept(trial: Trial) -> str | None:
    """Look for a row that is longer or shorter than it was."""
    before, after = (
        np.linalg.norm(x, axis=-1) for x in (trial.case.args[0], trial.first.values[0])
    )
    return at(np.abs(after - before) > SLACK * max(1.0, before.max()), after, "has length")


ROTATE = Exercise(
    name="rotate",
    chapter=4,
    skeleton='''
def rotate(x, positions):
    """Return x turned by its positions (RoPE): pair l at position t by the angle t · 10000^(−2l/d).

    x: (..., n, d), d even; features l and l + d/2 are pair l
    positions: (n,), integers    returns: (..., n, d)
    """
    ...
''',
    reference=rotate,
    cases=rows_and_positions,
    returns={"result": ("row", "feature")},
    mistakes=(
        Mistake("interleaved", "features 2l and 2l + 1 are turned as a pair", HALF_LOOK,
                lambda x, t: rope(x, positions=t, layout="interleaved")),
        Mistake("half-of-each", "the pairs are neighbours on the way in and halves on the way out",
                HALF_LOOK, lambda x, t: rotate(np.concatenate([x[..., ::2], x[..., 1::2]], -1), t)),
        Mistake("turned-back", "the rotation goes the wrong way", TURN_LOOK,
                turned(PAIRS, lambda a, b, cos, sin: plain_turn(a, b, cos, -sin))),
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
        Mistake("positions-from-1", "the positions are counted one too far", PLACE_LOOK,
                lambda x, t: rotate(x, t + 1)),
        Mistake("positions-ignored", "the rows are numbered 0, 1, 2, …: positions is not used",
                PLACE_LOOK, lambda x, t: rope(x)),
        Mistake("added", "a vector of sines is added, nothing is turned", TURN_LOOK,
                lambda x, t: x + sinusoidal(t, x.shape[-1])),
        Mistake("not-turned", "your function returns x as it went in", TURN_LOOK, lambda x, t: x),
    ),
    properties=(
        SINGLE_PRECISION,
        Property("length-changed", "your rows change their length, and a rotation keeps it",
                 TURN_LOOK, lengths_kept),
        BATCH_APART,
    ),
)  # fmt: skip


def rows_of(angles: Function, mix: Function = lambda sin, cos: (sin, cos)) -> Function:
    """Return rows in which each pair of columns is made from the sine and cosine of an angle."""

    def wrong(positions: Array, d: int) -> Array:
        turn = angles(positions, d)
        return np.stack(mix(np.sin(turn), np.cos(turn)), axis=-1).reshape(len(positions), d)

    return wrong


def blocks(positions: Array, d: int) -> Array:
    """Put all the sines first, then all the cosines."""
    rows = sinusoidal(positions, d)
    return np.concatenate([rows[:, 0::2], rows[:, 1::2]], axis=-1)


def own_frequencies(factor: int) -> Function:
    """Return rows in which every column has a frequency of its own."""

    def wrong(positions: Array, d: int) -> Array:
        column = np.arange(d)
        turn = positions[:, None] * BASE ** (-factor * column / d)
        return np.where(column % 2, np.cos(turn), np.sin(turn))

    return wrong


def widths_and_positions(rng: Generator) -> Iterator[Case]:
    """Yield positions, in no order and with gaps, and an even width."""
    for n, d in ((4, 4), (5, 6), (7, 10), (1, 8), (11, 2), (6, 16)):
        yield Case("plain", (rng.choice(np.arange(1, 60), size=n, replace=False), d))


SINUSOIDAL = Exercise(
    name="sinusoidal",
    chapter=4,
    skeleton='''
def sinusoidal(positions, d):
    """Return a row for each position t: sin(t · w) in column 2l, cos(t · w) in column 2l + 1.

    w = 10000^(−2l/d), l = 0, 1, …, d/2 − 1
    positions: (n,), integers    d: an even number    returns: (n, d), float64
    """
    ...
''',
    reference=lambda positions, d: sinusoidal(positions, d),
    cases=widths_and_positions,
    returns={"table": ("position", "feature")},
    mistakes=(
        Mistake("sin-cos-swapped", "sine and cosine have changed places", ROW_LOOK,
                rows_of(PAIRS, lambda sin, cos: (cos, sin))),
        Mistake("blocks", "all the sines come first, then all the cosines", ROW_LOOK, blocks),
        Mistake("sines-only", "both columns of a pair hold the sine", ROW_LOOK,
                rows_of(PAIRS, lambda sin, cos: (sin, sin))),
        Mistake("cosines-only", "both columns of a pair hold the cosine", ROW_LOOK,
                rows_of(PAIRS, lambda sin, cos: (cos, cos))),
        Mistake("own-frequencies", "every column has its own frequency, 10000 ** (−column/d)",
                "the two columns of a pair share one frequency", own_frequencies(1)),
        Mistake("exponent-by-columns", "the exponent is −2·column/d: it counts columns, not pairs",
                FREQUENCY_LOOK, own_frequencies(2)),
        *(Mistake(name, says, FREQUENCY_LOOK, rows_of(frequencies(exponent)))
          for name, says, exponent in FREQUENCIES),
        Mistake("positions-from-1", "the positions are counted one too far", PLACE_LOOK,
                lambda t, d: sinusoidal(t + 1, d)),
        Mistake("positions-ignored", "the rows are numbered 0, 1, 2, …: positions is not used",
                PLACE_LOOK, lambda t, d: sinusoidal(len(t), d)),
        Mistake("full-turns", "the angles are multiplied by 2π", FREQUENCY_LOOK,
                rows_of(lambda t, d: 2 * np.pi * PAIRS(t, d))),
        Mistake("angles", "the angles come back, without sine and cosine", ROW_LOOK, PAIRS),
        Mistake("transposed", "positions are columns, and they must be rows",
                "a row for each position: (n, d)", lambda t, d: sinusoidal(t, d).T),
    ),
    properties=(SINGLE_PRECISION,),
)  # fmt: skip

EXERCISES = (ROTATE, SINUSOIDAL)
