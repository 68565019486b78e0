"""Exercise 3.2: the causal mask."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import causal_mask
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

MASK_AXES = {"mask": ("query", "key")}


CAUSAL_LOOK = "query i stands at position i + offset and sees the keys j ≤ i + offset"


def causal(n_queries: int, n_keys: int, offset: int) -> Array:
    """Return the library's causal mask."""
    return causal_mask(n_queries, n_keys, offset=offset)


def causal_sizes(rng: Generator) -> Iterator[Case]:
    """Yield sizes and offsets: square, wide, tall, one query, one key, and random ones.

    Last comes one query that does not see all the keys.
    """
    fixed = ((3, 3, 0), (5, 5, 0), (2, 5, 3), (3, 7, 2), (7, 3, 0), (1, 5, 4), (1, 1, 0), (5, 2, 1))
    drawn = (tuple(map(int, rng.integers((1, 1, 0), (12, 12, 6)))) for _ in range(4))
    for sizes in (*fixed, *drawn):
        yield Case("plain", sizes)
    yield Case("plain", (1, 7, 2))


def compared(compare: Callable[[Array, Array], Array], shift: int = 0, sign: int = 1) -> Function:
    """Return a mask function that compares key positions with query positions, shifted."""

    def mask(n: int, m: int, offset: int) -> Array:
        i, j = np.arange(n)[:, None], np.arange(m)[None, :]
        return compare(j, i + sign * offset + shift)

    return mask


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (3, 3, 900),
        (40, 3, 2),
        (3, 40, 7),
        (2, 1, 0),
        (2, 2, 0),
    )


EXERCISE = Exercise(
    name="causal-mask",
    skeleton='''
def causal_mask(n_queries, n_keys, offset):
    """Return the mask that hides the future; offset = keys that came before the first
    query.

    returns: (n_queries, n_keys), boolean, True = may attend
    """
    ...
''',
    solution='''
def causal_mask(n_queries, n_keys, offset):
    i, j = np.arange(n_queries)[:, None], np.arange(n_keys)
    return j <= i + offset
''',
    reference=causal,
    cases=causal_sizes,
    edges=edges,
    without=dict.fromkeys(("low", "rows", "one"), "its arguments are counts"),
    returns=MASK_AXES,
    mistakes=(
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                lambda n, m, offset: ~causal(n, m, offset)),
        Mistake("hides-itself", "a query does not see the key at its own position (off by one)",
                CAUSAL_LOOK, compared(np.less)),
        Mistake("sees-the-next", "a query sees one key of the future (off by one)",
                CAUSAL_LOOK, compared(np.less_equal, shift=1)),
        Mistake("hides-the-past", "the past is hidden and the future seen", CAUSAL_LOOK,
                compared(np.greater_equal)),
        Mistake("offset-ignored", "the offset is not used", CAUSAL_LOOK,
                lambda n, m, offset: causal(n, m, 0)),
        Mistake("offset-subtracted", "the offset has the wrong sign", CAUSAL_LOOK,
                compared(np.less_equal, sign=-1)),
        Mistake("offset-from-sizes", "the offset is taken to be n_keys − n_queries",
                "use the offset that is given: the cache may be longer or shorter",
                lambda n, m, offset: compared(np.less_equal)(n, m, m - n)),
        Mistake("offset-twice", "the offset is added twice", CAUSAL_LOOK,
                lambda n, m, offset: causal(n, m, 2 * offset)),
        Mistake("all-allowed", "nothing is hidden", CAUSAL_LOOK,
                lambda n, m, offset: np.ones((n, m), dtype=bool)),
        Mistake("own-position-only", "each query sees nothing but its own position", CAUSAL_LOOK,
                compared(np.equal)),
        Mistake("additive-mask", "this is a bias of 0 and −∞, not a mask",
                "return booleans: True = may attend",
                lambda n, m, offset: np.where(causal(n, m, offset), 0.0, -np.inf)),
        Mistake("transposed-mask", "the mask is transposed", "rows are queries, columns are keys",
                lambda n, m, offset: causal(n, m, offset).T),
        Mistake("itself-and-before", "each query sees itself and the keys before the first query, "
                "and no query between", CAUSAL_LOOK, lambda n, m, offset:
                compared(np.equal)(n, m, offset) | (np.arange(m) < offset)),
        Mistake("past-hidden", "what came before the first query is hidden",
                "the mask hides the future and nothing else: keys before position offset are seen",
                lambda n, m, offset: causal(n, m, offset) & (np.arange(m) >= offset)),
    ),
)  # fmt: skip
