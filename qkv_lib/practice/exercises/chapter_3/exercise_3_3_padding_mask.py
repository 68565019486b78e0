"""Exercise 3.3: the padding mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import padding_mask
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

PADDING_LOOK = "position j is a real key when j < lengths[b]"


def padding(lengths: Array, n_keys: int) -> Array:
    """Return the library's padding mask."""
    return padding_mask(lengths, n_keys)


def lengths_and_size(rng: Generator) -> Iterator[Case]:
    """Yield lengths from 0 to n_keys, both ends among them, and n_keys."""
    for batch, n_keys in ((2, 3), (3, 3), (5, 7), (7, 5), (1, 11)):
        lengths = rng.integers(0, n_keys + 1, size=batch)
        yield Case("plain", (lengths, n_keys))
    yield Case("plain", (np.array([0, 2, 5, 3]), 5))


def seen_columns(compare: Callable[[Array, Array], Array]) -> Function:
    """Return a mask function that compares the columns with the lengths in another way."""

    def mask(lengths: Array, n_keys: int) -> Array:
        return compare(np.arange(n_keys), lengths[:, None, None, None])

    return mask


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.array([0]), 4),
        (np.array([4]), 4),
        (np.array([1, 1]), 1),
        (np.array([0, 0, 0]), 3),
        (np.array([1, 2, 0]), 2),
    )


EXERCISE = Exercise(
    name="padding-mask",
    skeleton='''
def padding_mask(lengths, n_keys):
    """Return the mask that hides the padding: sequence b has lengths[b] real keys.

    lengths: (batch,), integers from 0 to n_keys
    returns: (batch, 1, 1, n_keys), boolean, True = may attend
    """
    ...
''',
    solution='''
def padding_mask(lengths, n_keys):
    mask = np.arange(n_keys) < lengths[:, None]
    return mask[:, None, None, :]
''',
    reference=padding,
    cases=lengths_and_size,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "its arguments are counts"),
    returns={"mask": ("head", "query", "key")},
    mistakes=(
        Mistake("inverted-mask", "the mask is inverted: it shows the padding and hides the words",
                "True means may attend", lambda lengths, m: ~padding(lengths, m)),
        Mistake("one-too-many", "one key of padding is seen (off by one)", PADDING_LOOK,
                seen_columns(np.less_equal)),
        Mistake("one-too-few", "the last real key is hidden (off by one)", PADDING_LOOK,
                seen_columns(lambda j, lengths: j < lengths - 1)),
        Mistake("wrong-end", "the padding is taken to stand in front", PADDING_LOOK,
                lambda lengths, m: padding(lengths, m)[..., ::-1]),
        Mistake("longest-for-all", "every sequence gets the length of the longest", PADDING_LOOK,
                lambda lengths, m: padding(np.full_like(lengths, lengths.max()), m)),
        Mistake("all-allowed", "nothing is hidden", PADDING_LOOK,
                lambda lengths, m: padding(np.full_like(lengths, m), m)),
        Mistake("last-only", "each sequence sees its last real key only", PADDING_LOOK,
                seen_columns(lambda j, lengths: j == lengths - 1)),
        Mistake("two-axes", "the axes of heads and queries are missing",
                "(batch, n_keys) would be read as (n_queries, n_keys): add two axes of length 1",
                lambda lengths, m: padding(lengths, m)[:, 0, 0]),
        Mistake("three-axes", "one axis is missing",
                "scores are (batch, heads, n_queries, n_keys): add two axes of length 1",
                lambda lengths, m: padding(lengths, m)[:, 0]),
        Mistake("masks-queries", "the mask lies along the queries, not the keys",
                "the last axis of the scores is the keys",
                lambda lengths, m: padding(lengths, m).swapaxes(-1, -2)),
        Mistake("additive-mask", "this is a bias of 0 and −∞, not a mask",
                "return booleans: True = may attend",
                lambda lengths, m: np.where(padding(lengths, m), 0.0, -np.inf)),
        Mistake("one-key-only", "each sequence sees the one key at the place of its length",
                PADDING_LOOK, seen_columns(np.equal)),
        Mistake("full-hidden", "a sequence without padding is hidden whole: the slice [-0:] is "
                "everything", "count from the front: the padding begins at lengths[b]",
                lambda lengths, m: padding(np.where(lengths == m, 0, lengths), m)),
        Mistake("last-seen", "the last place of a padded sequence is seen: the slice [n:-1] stops "
                "before it", "a slice without an end goes to the end: [n:]",
                lambda lengths, m: padding(lengths, m) | (np.arange(m) == m - 1)),
        Mistake("never-empty", "an empty sequence sees its first key", "a length of 0 hides all",
                seen_columns(lambda j, n: j < np.maximum(n, 1))),
    ),
)  # fmt: skip
