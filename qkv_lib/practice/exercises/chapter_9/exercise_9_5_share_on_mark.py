"""Exercise 9.5: how much of a map lies on the mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast

SHARE_LOOK = "the class token is token 0, the mark's patch is token 1; its row is the query's"


def reading(read: Function) -> Function:
    """Return an answer from a function of the mean over the heads."""
    return lambda weights: read(weights.mean(axis=-3))


def map_inputs(rng: Generator) -> Iterator[Case]:
    """Yield weights whose rows sum to 1, of a class token and some patches."""
    for kind, lead, h, n in (
        ("plain", (), 3, 5), ("plain", (), 1, 7), ("plain", (), 2, 3), ("plain", (), 5, 5),
        ("batch", (2,), 3, 7), ("batch", (3,), 3, 3), ("batch", (2, 3), 2, 5),
        ("float32", (2,), 3, 5),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.dirichlet(np.ones(n), size=(*lead, h, n)),)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.dirichlet(np.ones(2), size=(1, 2)),),
        (rng.dirichlet(np.ones(4), size=(1, 4)),),
        (np.eye(3)[None, [1, 2, 0]],),
    )


EXERCISE = Exercise(
    name="share-on-mark",
    skeleton='''
def share_on_mark(weights):
    """Return the share of the class token's attention to patches that lies on the first
    patch.

    The heads are averaged first. Token 0 is the class token, token 1 the first patch.
    weights: (..., heads, n, n)    returns: (...)
    """
    ...
''',
    solution='''
def share_on_mark(weights):
    row = weights.mean(axis=-3)[..., 0, 1:]
    return row[..., 0] / row.sum(axis=-1)
''',
    reference=reading(lambda w: np.asarray(w[..., 0, 1] / w[..., 0, 1:].sum(axis=-1))),
    cases=map_inputs,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"share": ()},
    mistakes=(
        Mistake("class-token-counted", "the class token's weight on itself is in the sum",
                "a share among the patches: divide by the weights on tokens 1 and up",
                reading(lambda w: np.asarray(w[..., 0, 1]))),
        Mistake("transposed", "you read a column: who attends to the class token", SHARE_LOOK,
                reading(lambda w: np.asarray(w[..., 1, 0] / w[..., 1:, 0].sum(axis=-1)))),
        Mistake("wrong-patch", "you read the second patch", SHARE_LOOK,
                reading(lambda w: np.asarray(w[..., 0, 2] / w[..., 0, 1:].sum(axis=-1)))),
        Mistake("last-patch", "you read the last patch", SHARE_LOOK,
                reading(lambda w: np.asarray(w[..., 0, -1] / w[..., 0, 1:].sum(axis=-1)))),
        Mistake("token-0", "you read the class token's weight on itself", SHARE_LOOK,
                reading(lambda w: np.asarray(w[..., 0, 0] / w[..., 0, 1:].sum(axis=-1)))),
        Mistake("token-0", "you read the class token's weight on itself", SHARE_LOOK,
                reading(lambda w: np.asarray(w[..., 0, 0]))),
        Mistake("wrong-row", "you read the row of the mark's patch, not the class token's",
                SHARE_LOOK,
                reading(lambda w: np.asarray(w[..., 1, 1] / w[..., 1, 1:].sum(axis=-1)))),
        Mistake("all-rows", "all rows are averaged", "only the class token's row leads to the "
                "answer", reading(lambda w: np.asarray(
                    w[..., :, 1].mean(axis=-1) / w[..., :, 1:].sum(axis=-1).mean(axis=-1)))),
        Mistake("first-head", "only the first head is read", "average the heads",
                lambda w: np.asarray(w[..., 0, 0, 1] / w[..., 0, 0, 1:].sum(axis=-1))),
        Mistake("largest-head", "the head that looks most at the mark is read",
                "a chosen head proves nothing: average the heads",
                lambda w: np.asarray(w.max(axis=-3)[..., 0, 1]
                                     / w.max(axis=-3)[..., 0, 1:].sum(axis=-1))),
        Mistake("mean-of-shares", "the shares of the heads are averaged",
                "average the weights first, then take the share", lambda w: np.asarray(
                    (w[..., 0, 1] / w[..., 0, 1:].sum(axis=-1)).mean(axis=-1))),
        Mistake("times-chance", "you return how many times chance it is", "the share itself",
                reading(lambda w: np.asarray(
                    (w.shape[-1] - 1) * w[..., 0, 1] / w[..., 0, 1:].sum(axis=-1)))),
        Mistake("the-rest", "the share of the other patches comes back", SHARE_LOOK,
                reading(lambda w: np.asarray(
                    w[..., 0, 2:].sum(axis=-1) / w[..., 0, 1:].sum(axis=-1)))),
        Mistake("best-patch", "the patch that is looked at most is read, not the first one",
                SHARE_LOOK, reading(lambda w: np.asarray(
                    w[..., 0, 1:].max(axis=-1) / w[..., 0, 1:].sum(axis=-1)))),
        Mistake("softmax-twice", "a softmax is taken of weights, as if they were scores",
                "the weights are shares already: divide by their sum", reading(
                    lambda w: np.asarray(np.exp(w[..., 0, 1])
                                         / np.exp(w[..., 0, 1:]).sum(axis=-1)))),
        Mistake("mark-left-out-below", "the mark's patch is left out of the sum below",
                SHARE_LOOK, reading(lambda a: a[..., 0, 1] / a[..., 0, 2:].sum(-1))),
        Mistake("median", "the median of the heads is taken", "average the heads: mean",
                lambda weights: (lambda a: a[..., 0, 1] / a[..., 0, 1:].sum(-1))(
                    np.median(weights, axis=-3))),
        Mistake("last-row", "you read the row of the last token, not the class token's",
                SHARE_LOOK, reading(lambda a: a[..., -1, 1] / a[..., -1, 1:].sum(-1))),
    ),
)  # fmt: skip
