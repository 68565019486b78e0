"""Exercise 6.1.1: rollout by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.measures import maps
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import ROWS_SUM_TO_ONE

BLOCKS_LOOK = "the first block stands rightmost: flow = factor @ flow, block by block"


HALF_LOOK = "each factor is half the unit matrix and half the mean of the heads"


def rollout(weights: Array) -> Array:
    """Return the library's rollout of the blocks."""
    return maps.rollout(list(weights))


def multiplied(weights: Array, factor: Callable[[Array], Array]) -> Array:
    """Return the product of a factor a block, (heads, n, n) or (n, n); the last stands leftmost."""
    flow = np.eye(weights.shape[-1], dtype=weights.dtype)
    for layer in weights:
        flow = factor(layer) @ flow
    return flow


def with_half(layer: Array) -> Array:
    """Return half the unit matrix and half the weights."""
    return (np.eye(layer.shape[-1], dtype=layer.dtype) + layer) / 2


def without_residual(at: int) -> Function:
    """Return a rollout in which one block has no residual path."""

    def wrong(weights: Array) -> Array:
        factors = [with_half(layer.mean(0)) for layer in weights]
        factors[at] = weights[at].mean(0)
        return multiplied(np.stack(factors), lambda factor: factor)

    return wrong


def blocks(rng: Generator) -> Iterator[Case]:
    """Yield weights of a few blocks; equal sizes on purpose in some."""
    for kind, n_blocks, h, n in (
        ("plain", 2, 3, 5), ("plain", 3, 2, 4), ("plain", 3, 3, 3), ("plain", 1, 2, 5),
        ("plain", 2, 1, 3), ("plain", 5, 4, 7), ("float32", 3, 2, 5),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.dirichlet(np.full(n, 0.5), size=(n_blocks, h, n)),)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.dirichlet(np.ones(3), size=(1, 1, 3)),),
        (np.eye(3)[None, None, rng.permutation(3)],),
        (np.ones((2, 3, 1, 1)),),
    )


EXERCISE = Exercise(
    name="rollout",
    skeleton='''
def rollout(weights):
    """Return what share of each token of the last block comes from each input token.

    weights: (blocks, heads, n, n), the first block first; rows sum to 1
    returns: (n, n), rows sum to 1
    """
    ...
''',
    solution='''
def rollout(weights):
    n = weights.shape[-1]
    flow = np.eye(n)
    for layer in weights:
        flow = (np.eye(n) + layer.mean(axis=0)) / 2 @ flow
    return flow
''',
    reference=rollout,
    cases=blocks,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"flow": ("query", "key")},
    mistakes=(
        Mistake("reversed-blocks", "the blocks are multiplied in the wrong order", BLOCKS_LOOK,
                lambda a: rollout(a[::-1])),
        Mistake("no-residual", "the residual path is missing: half of a row is the token itself",
                HALF_LOOK, lambda a: maps.rollout(list(a), residual=0.0)),
        Mistake("not-halved", "the unit matrix is added, but the sum is not divided by 2",
                HALF_LOOK, lambda a: multiplied(a, lambda x: 2 * with_half(x.mean(0)))),
        *(Mistake("not-half-each", "the unit matrix and the heads do not get half each", HALF_LOOK,
                  lambda w, share=share: multiplied(
                      w.mean(1), lambda layer: share * np.eye(layer.shape[-1])
                      + (1 - share) * layer))
          for share in (0.1, 0.2, 0.25, 1 / 3, 0.4, 0.6, 2 / 3, 0.75, 0.8, 0.9, 0.95)),
        Mistake("uniform-for-unit", "half of a row is spread evenly, and it belongs to the token "
                "itself", HALF_LOOK, lambda w: multiplied(
                    w.mean(1), lambda layer: (1 / layer.shape[-1] + layer) / 2)),
        Mistake("heads-median", "the median of the heads is taken, not their mean", HALF_LOOK,
                lambda w: multiplied(np.median(w, axis=1), with_half)),
        Mistake("one-block-without", "the first block has no residual path",
                "each block has a residual path of its own", without_residual(0)),
        Mistake("one-block-without", "the last block has no residual path",
                "each block has a residual path of its own", without_residual(-1)),
        Mistake("heads-multiplied", "the heads of a block are multiplied, as if each were a block",
                HALF_LOOK, lambda a: rollout(a.reshape(-1, 1, *a.shape[-2:]))),
        Mistake("softmax-of-the-sum", "a softmax is taken of weights, as if they were scores",
                HALF_LOOK, lambda a: multiplied(
                    a, lambda x: softmax(x.mean(0) + np.eye(x.shape[-1])))),
        Mistake("residual-once", "the residual path goes around all the blocks at once",
                "each block has a residual path of its own",
                lambda a: with_half(maps.rollout(list(a), residual=0.0))),
        Mistake("last-block-only", "only the last block is used", BLOCKS_LOOK,
                lambda a: rollout(a[-1:])),
        Mistake("first-block-only", "only the first block is used", BLOCKS_LOOK,
                lambda a: rollout(a[:1])),
        Mistake("blocks-averaged", "the blocks are averaged, not multiplied", BLOCKS_LOOK,
                lambda a: with_half(a.mean((0, 1)))),
        Mistake("elementwise", "the blocks are multiplied entry by entry",
                "what flows on is a matrix product, @",
                lambda a: np.prod([with_half(x.mean(0)) for x in a], axis=0)),
        Mistake("heads-summed", "the heads are summed, not averaged", HALF_LOOK,
                lambda a: multiplied(a, lambda x: with_half(x.sum(0)))),
        Mistake("heads-maximum", "the largest of the heads is taken, not their mean", HALF_LOOK,
                lambda a: multiplied(a, lambda x: with_half(x.max(0)))),
        Mistake("first-head-only", "only the first head is used", HALF_LOOK,
                lambda a: rollout(a[:, :1])),
        Mistake("head-by-head", "each head is followed by itself, and the mean comes last",
                "between two blocks the heads are mixed: average them in each block",
                lambda a: multiplied(a, with_half).mean(0)),
        Mistake("transposed", "the weights of each block are transposed",
                "rows are queries, columns are keys, as they come",
                lambda a: rollout(a.swapaxes(-1, -2))),
        Mistake("first-row-only", "only the row of the first token comes back",
                "return the whole matrix; the class token's row is read off later",
                lambda a: rollout(a)[0]),
        Mistake("heads-for-blocks", "heads and blocks have changed places",
                "the first axis counts the blocks, the second the heads",
                lambda a: rollout(a.swapaxes(0, 1))),
        Mistake("heads-maximum", "the largest of the heads is taken, not their mean", HALF_LOOK,
                lambda a: multiplied(a, lambda x: with_half(x.max(0))
                                     / with_half(x.max(0)).sum(-1, keepdims=True))),
        Mistake("first-block-left-out", "the first block is left out", BLOCKS_LOOK,
                lambda a: rollout(a[1:]) if len(a) > 1 else np.eye(a.shape[-1])),
        Mistake("last-block-left-out", "the last block is left out", BLOCKS_LOOK,
                lambda a: rollout(a[:-1]) if len(a) > 1 else np.eye(a.shape[-1])),
    ),
    properties=(ROWS_SUM_TO_ONE,),
)  # fmt: skip
