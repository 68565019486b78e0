"""Exercise 4.6: look back."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.positions import sinusoidal
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.chapter_4.shared import (
    BASE,
    FREQUENCIES,
    FREQUENCY_LOOK,
    TOLERANCE,
)
from qkv_lib.practice.inputs import Generator

BLOCK_LOOK = "write sin(a − b) and cos(a − b) as sums of products, and read off one 2 × 2 block"
PAIR_LOOK = "columns 2l and 2l + 1 are the pair l: its block stands in these rows and columns"


def exponent_of_pairs(pair: Array, d: int) -> Array:
    """Return −2l/d."""
    return -2 * pair / d


def blocks(
    place: Function = lambda distance: -distance,
    exponent: Function = exponent_of_pairs,
    block: Function = lambda cos, sin: [[cos, -sin], [sin, cos]],
    columns: Function = lambda pair, d: (2 * pair, 2 * pair + 1),
) -> Function:
    """Return the answer with a step replaced: how far it moves, its frequencies, block or pairs."""

    def answer(rows: Array, distance: int) -> Array:
        d = rows.shape[-1]
        W = np.zeros((d, d))
        for pair in range(d // 2):
            angle = place(distance) * BASE ** exponent(np.array(pair), d)
            W[np.ix_(columns(pair, d), columns(pair, d))] = block(np.cos(angle), np.sin(angle))
        return rows @ W

    return answer


look_back = blocks()


def rows_and_distances(rng: Generator) -> Iterator[Case]:
    """Yield the rows of some positions, in no order and with gaps, and a distance."""
    for n, d in ((1, 4), (3, 2), (5, 6), (4, 10), (7, 16)):
        positions = rng.choice(np.arange(40, 100), size=n, replace=False)
        yield Case("plain", (sinusoidal(positions, d), int(rng.integers(2, 40))))
    yield Case("edge", (sinusoidal(3, 6), 0))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return distances below 0: so many positions later."""
    return ((sinusoidal(rng.choice(50, size=3, replace=False), 8), -7),)


def swapped(rows: Array) -> Array:
    """Return the two columns of each pair in the other order."""
    return np.stack([rows[:, 1::2], rows[:, 0::2]], axis=-1).reshape(rows.shape)


def overwritten(rows: Array, distance: int) -> Array:
    """Write the new sines over the old ones before the cosines are made."""
    d = rows.shape[-1]
    angle = distance * BASE ** exponent_of_pairs(np.arange(d // 2), d)
    rows = np.array(rows)
    rows[:, 0::2] = rows[:, 0::2] * np.cos(angle) - rows[:, 1::2] * np.sin(angle)
    rows[:, 1::2] = rows[:, 1::2] * np.cos(angle) + rows[:, 0::2] * np.sin(angle)
    return rows


def moved_down(rows: Array, distance: int) -> Array:
    """Return the rows so many places further down, zeros above them."""
    empty = np.zeros_like(rows[:distance])
    return np.concatenate([empty, rows[: max(len(rows) - distance, 0)]])


EXERCISE = Exercise(
    name="look-back",
    skeleton='''
def look_back(rows, distance):
    """Return, for the sinusoidal row of each position i, that of position i − distance.

    rows: (n, d), the rows of n positions; the positions are not given
    distance: an integer    returns: (n, d)
    """
    ...
''',
    solution='''
def look_back(rows, distance):
    d = rows.shape[-1]
    angle = distance * 10000.0 ** (-np.arange(0, d, 2) / d)  # (d / 2,)
    sine, cosine = rows[:, 0::2], rows[:, 1::2]
    earlier = np.zeros_like(rows)  # by sin(a − b) and cos(a − b)
    earlier[:, 0::2] = sine * np.cos(angle) - cosine * np.sin(angle)
    earlier[:, 1::2] = cosine * np.cos(angle) + sine * np.sin(angle)
    return earlier
''',
    reference=lambda rows, distance: look_back(rows, distance),
    cases=rows_and_distances,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "sines and cosines lie between −1 and 1"),
    returns={"rows": ("position", "feature")},
    mistakes=(
        Mistake("forward", "this map looks ahead, or it is the transpose of the one that looks "
                "back", BLOCK_LOOK, blocks(place=lambda distance: distance)),
        Mistake("no-minus", "both sines have the same sign", BLOCK_LOOK,
                blocks(block=lambda cos, sin: [[cos, sin], [sin, cos]])),
        Mistake("no-minus", "both sines have the same sign", BLOCK_LOOK,
                blocks(block=lambda cos, sin: [[cos, -sin], [-sin, cos]])),
        Mistake("sin-cos-swapped", "sine and cosine have changed places", BLOCK_LOOK,
                blocks(block=lambda cos, sin: [[sin, -cos], [cos, sin]])),
        Mistake("sin-cos-swapped", "sine and cosine have changed places", BLOCK_LOOK,
                blocks(block=lambda cos, sin: [[-sin, cos], [-cos, -sin]])),
        Mistake("diagonal", "each column is multiplied by a number: sine and cosine of a pair "
                "never meet", BLOCK_LOOK, blocks(block=lambda cos, sin: [[cos, 0], [0, cos]])),
        Mistake("halves", "the pairs are columns l and l + d/2, as in RoPE here", PAIR_LOOK,
                blocks(columns=lambda pair, d: (pair, pair + d // 2))),
        Mistake("not-moved", "the rows come back as they were", BLOCK_LOOK,
                lambda rows, distance: rows),
        Mistake("one-back", "the map goes back by one position whatever the distance",
                "multiply the angle by the distance", blocks(place=lambda distance: -1)),
        *(Mistake(name, says, FREQUENCY_LOOK, blocks(exponent=exponent))
          for name, says, exponent in FREQUENCIES),
        Mistake("overwritten", "the cosines are made from sines that have been replaced already",
                "fill a new array, and keep the rows that came in as they were",
                overwritten),
        Mistake("columns-swapped", "the cosines stand in the even columns, the sines in the odd",
                PAIR_LOOK, lambda rows, distance: swapped(blocks()(rows, distance))),
        Mistake("columns-swapped", "the even columns are read as cosines, the odd ones as sines",
                PAIR_LOOK, lambda rows, distance: blocks()(swapped(rows), distance)),
        Mistake("degrees", "the angles are in degrees", "sine and cosine take radians",
                blocks(place=lambda distance: -np.degrees(distance))),
        Mistake("degrees", "the angles are taken for degrees", "they are radians already",
                blocks(place=lambda distance: -np.radians(distance))),
        Mistake("rows-moved", "the rows are moved: these are other rows of the same table",
                "each row is turned by itself: the rows need not stand in order",
                lambda rows, distance: np.roll(rows, distance, axis=0)),
        Mistake("rows-moved", "the rows are moved: these are other rows of the same table",
                "each row is turned by itself: the rows need not stand in order",
                lambda rows, distance: np.roll(rows, -distance, axis=0)),
        Mistake("always-back", "the sign of the distance is lost: below 0 it looks ahead",
                "the distance is a number with its sign",
                blocks(place=lambda distance: -abs(distance))),
        Mistake("rows-moved", "the rows are moved, with zeros where nothing comes from",
                "each row is turned by itself: the rows need not stand in order",
                lambda rows, distance: moved_down(rows, distance)),
        Mistake("subtracted", "the row of the distance is subtracted: sines do not subtract so",
                "sin(a − b) = sin a cos b − cos a sin b", lambda rows, distance:
                rows - sinusoidal(np.array([distance]), rows.shape[-1])),
    ),
    tolerance=TOLERANCE,
)  # fmt: skip
