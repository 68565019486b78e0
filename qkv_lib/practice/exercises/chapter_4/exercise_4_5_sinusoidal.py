"""Exercise 4.5: sinusoids."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.positions import sinusoidal
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_4.shared import (
    BASE,
    FREQUENCIES,
    FREQUENCY_LOOK,
    PAIRS,
    PLACE_LOOK,
    TOLERANCE,
    frequencies,
)
from qkv_lib.practice.inputs import Generator

ROW_LOOK = "columns 2l and 2l + 1 hold the sine and the cosine of the same angle"


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
    """Yield positions, in no order and with gaps, and an even width.

    Last come as many positions as pairs, where transposed angles fit too.
    """
    for n, d in ((4, 4), (5, 6), (7, 10), (1, 8), (11, 2), (6, 16)):
        yield Case("plain", (rng.choice(np.arange(1, 60), size=n, replace=False), d))
    yield Case("edge", (np.array([rng.integers(1000, 2000), 0, 1]), 8))
    yield Case("edge", (np.array([0]), 2))
    yield Case("edge", (np.array([-3, 2, 50]), 4))
    yield Case("plain", (rng.choice(np.arange(1, 60), size=3, replace=False), 6))


EXERCISE = Exercise(
    name="sinusoidal",
    skeleton='''
def sinusoidal(positions, d):
    """Return a row for each position i: sin(i · w) in column 2l, cos(i · w) in column
    2l + 1.

    w = 10000^(−2l/d), l = 0, 1, …, d/2 − 1
    positions: (n,), integers    d: an even number    returns: (n, d)
    """
    ...
''',
    solution='''
def sinusoidal(positions, d):
    frequency = 10000 ** (-2 * np.arange(d // 2) / d)
    angle = positions[:, None] * frequency
    rows = np.zeros((len(positions), d))
    rows[:, 0::2] = np.sin(angle)
    rows[:, 1::2] = np.cos(angle)
    return rows
''',
    reference=lambda positions, d: sinusoidal(positions, d),
    cases=widths_and_positions,
    without=dict.fromkeys(("low", "rows"), "its arguments are counts"),
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
        *(Mistake("angles-scaled", "there is a constant factor too many in the angles",
                  FREQUENCY_LOOK, rows_of(lambda t, d, times=times: times * PAIRS(t, d)))
          for times in (1 / 2, 2, 1 / (2 * np.pi), np.pi, 1 / np.pi)),
        Mistake("over-the-largest", "the positions are divided by the largest of them",
                FREQUENCY_LOOK, rows_of(lambda t, d: PAIRS(t, d) / max(t.max(), 1))),
        Mistake("linear-frequencies", "the frequencies fall evenly, not as a power",
                FREQUENCY_LOOK,
                rows_of(lambda t, d: t[:, None] * (1 - np.arange(d // 2) / (d // 2)))),
        Mistake("linear-frequencies", "the frequencies fall as 1, 1/2, 1/3, not as a power",
                FREQUENCY_LOOK, rows_of(lambda t, d: t[:, None] / (1 + np.arange(d // 2)))),
        Mistake("angles", "the angles come back, without sine and cosine", ROW_LOOK, PAIRS),
        Mistake("transposed", "positions are columns, and they must be rows",
                "a row for each position: (n, d)", lambda t, d: sinusoidal(t, d).T),
        Mistake("degrees", "the angles are in degrees", "sine and cosine take radians",
                rows_of(lambda t, d: np.degrees(PAIRS(t, d)))),
        Mistake("degrees", "the angles are taken for degrees", "they are radians already",
                rows_of(lambda t, d: np.radians(PAIRS(t, d)))),
    ),
    tolerance=TOLERANCE,
)  # fmt: skip
