"""Chapter 3, masks and heads: causal mask, padding mask, splitting heads."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from qkv_lib import causal_mask, padding_mask, split_heads
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

MASK_AXES = {"mask": ("query", "key")}
CAUSAL_LOOK = "query i stands at position i + offset and sees the keys j ≤ i + offset"
PADDING_LOOK = "position j is a real key when j < lengths[b]"
HEADS_LOOK = "cut the features first, to (..., n, h, d), then swap the axes n and h"


def causal(n_queries: int, n_keys: int, offset: int) -> Array:
    """Return the library's causal mask."""
    return causal_mask(n_queries, n_keys, offset=offset)


def causal_sizes(rng: Generator) -> Iterator[Case]:
    """Yield sizes and offsets: square, wide, tall, one query, one key, and random ones."""
    fixed = ((3, 3, 0), (5, 5, 0), (2, 5, 3), (3, 7, 2), (7, 3, 0), (1, 5, 4), (1, 1, 0), (5, 2, 1))
    drawn = (tuple(map(int, rng.integers((1, 1, 0), (12, 12, 6)))) for _ in range(4))
    for sizes in (*fixed, *drawn):
        yield Case("plain", sizes)


def compared(compare: Callable[[Array, Array], Array], shift: int = 0, sign: int = 1) -> Function:
    """Return a mask function that compares key positions with query positions, shifted."""

    def mask(n: int, m: int, offset: int) -> Array:
        i, j = np.arange(n)[:, None], np.arange(m)[None, :]
        return compare(j, i + sign * offset + shift)

    return mask


CAUSAL_MASK = Exercise(
    name="causal-mask",
    chapter=3,
    skeleton='''
def causal_mask(n_queries, n_keys, offset):
    """Return the mask that hides the future; offset = keys that came before the first query.

    returns: (n_queries, n_keys), boolean, True = may attend
    """
    ...
''',
    reference=causal,
    cases=causal_sizes,
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
    ),
)  # fmt: skip


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


PADDING_MASK = Exercise(
    name="padding-mask",
    chapter=3,
    skeleton='''
def padding_mask(lengths, n_keys):
    """Return the mask that hides the padding: sequence b has lengths[b] real keys.

    lengths: (batch,), integers from 0 to n_keys
    returns: (batch, 1, 1, n_keys), boolean, True = may attend
    """
    ...
''',
    reference=padding,
    cases=lengths_and_size,
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
    ),
)  # fmt: skip


def split(x: Array, n_heads: int) -> Array:
    """Return the library's heads."""
    return split_heads(x, n_heads)


def features_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield positions with features that the heads share."""
    for kind, lead, n, h, d in (
        ("plain", (), 3, 3, 3), ("plain", (), 5, 2, 7), ("plain", (), 7, 3, 2),
        ("plain", (), 5, 1, 3), ("plain", (), 1, 3, 5),
        ("batch", (2,), 5, 3, 7), ("batch", (3,), 3, 3, 3), ("batch", (2, 3), 7, 5, 2),
        ("float32", (2,), 5, 3, 7),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.normal(size=(*lead, n, h * d)), h)))


def as_view(x: Array, n_heads: int) -> Array:
    """Reshape straight to (..., h, n, d): this cuts the rows into heads."""
    *lead, n, width = x.shape
    return x.reshape(*lead, n_heads, n, width // n_heads)


def rows_and_heads(x: Array, n_heads: int) -> Array:
    """Return the features cut, (..., n, h, d), with the axes not yet swapped."""
    return split(x, n_heads).swapaxes(-2, -3)


def interleaved(x: Array, n_heads: int) -> Array:
    """Give head i the features i, i + h, i + 2h and so on."""
    *lead, n, width = x.shape
    return np.moveaxis(x.reshape(*lead, n, width // n_heads, n_heads), -1, -3)


SPLIT_HEADS = Exercise(
    name="split-heads",
    chapter=3,
    skeleton='''
def split_heads(x, n_heads):
    """Cut the features into heads: head i gets features i·d to (i+1)·d of every position.

    x: (..., n, n_heads · d)    returns: (..., n_heads, n, d)
    """
    *batch, n, features = x.shape
    return x.reshape(*batch, n_heads, n, features // n_heads)  # right shape, wrong numbers
''',
    reference=split,
    cases=features_and_heads,
    returns={"heads": ("head", "position", "feature")},
    mistakes=(
        Mistake("view-for-transpose", "the rows are cut into heads, not the features", HEADS_LOOK,
                as_view),
        Mistake("interleaved", "head i gets every h-th feature, not its own block", HEADS_LOOK,
                interleaved),
        Mistake("not-swapped", "the features are cut but positions still come before heads",
                HEADS_LOOK, rows_and_heads),
        Mistake("features-before-positions", "inside a head, features and positions are swapped",
                HEADS_LOOK, lambda x, h: split(x, h).swapaxes(-1, -2)),
        Mistake("reversed-heads", "the heads are in reverse order", HEADS_LOOK,
                lambda x, h: split(x, h)[..., ::-1, :, :]),
        Mistake("first-block-for-all", "every head gets the first block of features", HEADS_LOOK,
                lambda x, h: np.repeat(split(x, h)[..., :1, :, :], h, axis=-3)),
        Mistake("heads-first", "the head axis comes before the batch",
                "the shape is (..., h, n, d): batch axes stay in front",
                lambda x, h: np.moveaxis(split(x, h), -3, 0)),
        Mistake("not-split", "the features come back uncut", HEADS_LOOK, lambda x, h: x),
        Mistake("copies", "every head gets all the features", HEADS_LOOK,
                lambda x, h: np.repeat(x[..., None, :, :], h, axis=-3)),
    ),
    properties=(BATCH_APART,),
    given="view-for-transpose",
    symptom="the shape is right, but a head holds features of other heads: try x whose entries are "
    "10 · position + feature",
)  # fmt: skip

EXERCISES = (CAUSAL_MASK, PADDING_MASK, SPLIT_HEADS)
