"""Exercise 5.1: two layers read the sentence."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, attention_steps, softmax
from qkv_lib.data.sentence import COLD, LIKE, THIRSTY, WHO, rows
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import AXIS_LOOK, SCALE_LOOK, STABLE_LOOK
from qkv_lib.practice.wrong import Attend, masked_scores

ADDED_LOOK = "the second layer reads x + first output @ W_O, for its queries and for its keys"


def weigh(query: Array, key: Array) -> Array:
    """Return the weights of queries on keys."""
    return attention_steps(query, key, key).weights


def second_with(weights: Callable[[Array, Array], Array], attend: Attend = attention) -> Function:
    """Return the second layer's weights, made with this first attention and these weights."""

    def second_weights(
        x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, W_Q2: Array, W_K2: Array
    ) -> Array:
        x = x + attend(x @ W_Q, x @ W_K, x @ W_V) @ W_O
        return weights(x @ W_Q2, x @ W_K2)

    return second_weights


def second_reading(query: Function, key: Function) -> Function:
    """Return weights whose queries and keys are read from functions of the input and the sum."""

    def second_weights(
        x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, W_Q2: Array, W_K2: Array
    ) -> Array:
        handed = attention(x @ W_Q, x @ W_K, x @ W_V) @ W_O
        return weigh(query(x, handed) @ W_Q2, key(x, handed) @ W_K2)

    return second_weights


def once(x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, *_: Array) -> Array:
    """Return the rows after the first layer."""
    return np.asarray(x + attention(x @ W_Q, x @ W_K, x @ W_V) @ W_O)


def standard(rows: Array) -> Array:
    """Return rows of mean 0 and variance 1."""
    apart = rows - rows.mean(-1, keepdims=True)
    return apart / np.maximum(rows.std(-1, keepdims=True), 1e-12)


def layer_norm(rows: Array) -> Array:
    """Return rows of mean 0 and variance 1, as torch's layer_norm does."""
    apart = rows - rows.mean(-1, keepdims=True)
    return apart / np.sqrt(rows.var(-1, keepdims=True) + 1e-5)


def through_both(
    x: Array, W_Q: Array, W_K: Array, W_V: Array, W_O: Array, W_Q2: Array, W_K2: Array
) -> Array:
    """Return the second layer's weights times the first's."""
    return second_with(weigh)(x, W_Q, W_K, W_V, W_O, W_Q2, W_K2) @ weigh(x @ W_Q, x @ W_K)


def sentences_and_maps(rng: Generator) -> Iterator[Case]:
    """Yield the sentence with both its last words and the maps set by hand, then drawn rows."""
    by_hand = (LIKE.W_Q, LIKE.W_K, LIKE.W_V, LIKE.W_O, WHO.W_Q, WHO.W_K)
    for words in (THIRSTY, COLD):
        yield Case("plain", (rows(words), *by_hand))
    for kind, lead, n, d_model, d, e in (
        ("plain", (), 5, 7, 3, 2), ("plain", (), 3, 3, 3, 3), ("plain", (), 4, 5, 5, 3),
        ("batch", (2,), 5, 7, 2, 3), ("batch", (3,), 3, 3, 3, 3), ("extreme", (), 5, 7, 2, 3),
        ("float32", (2,), 3, 5, 7, 2),
    ):  # fmt: skip
        x = (30.0 if kind == "extreme" else 1.0) * rng.normal(size=(*lead, n, d_model))
        sizes = [(d_model, d), (d_model, d), (d_model, e), (e, d_model), (d_model, d), (d_model, d)]
        yield cast(Case(kind, (x, *(rng.normal(size=size) for size in sizes))))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, and a batch of one."""
    return tuple(
        (
            rng.normal(size=(*lead, n, d)),
            *(rng.normal(size=(d, 1)) for _ in range(3)),
            rng.normal(size=(1, d)),
            *(rng.normal(size=(d, 1)) for _ in range(2)),
        )
        for lead, n, d in (((), 1, 2), ((), 3, 1), ((1,), 4, 3))
    )


EXERCISE = Exercise(
    name="two-layers",
    skeleton='''
def second_weights(x, W_Q, W_K, W_V, W_O, W_Q2, W_K2):
    """Return which word attends to which in the second of two layers of one head.

    x: (..., n, d_model)    W_Q, W_K, W_Q2, W_K2: (d_model, d_k)
    W_V: (d_model, d_v)    W_O: (d_v, d_model)
    returns: (..., n, n)
    """
    ...
''',
    solution='''
def second_weights(x, W_Q, W_K, W_V, W_O, W_Q2, W_K2):
    def weigh(q, k):
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        top = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return top / top.sum(axis=-1, keepdims=True)

    added = x + weigh(x @ W_Q, x @ W_K) @ (x @ W_V) @ W_O
    return weigh(added @ W_Q2, added @ W_K2)
''',
    reference=second_with(weigh),
    cases=sentences_and_maps,
    edges=edges,
    free=("x",),
    returns={"weights": ("query", "key")},
    mistakes=(
        Mistake("no-residual", "the rows are replaced by what was handed over, not added to it",
                ADDED_LOOK, second_reading(lambda x, h: h, lambda x, h: h)),
        *(
            Mistake("normalised-between", "the rows are normalised between the two layers",
                    "nothing stands between the layers but the sum",
                    second_reading(between, between))
            for between in (lambda x, h: standard(x + h), lambda x, h: layer_norm(x + h))
        ),
        Mistake("halved", "input and output are averaged, not added", ADDED_LOOK,
                second_reading(lambda x, h: (x + h) / 2, lambda x, h: (x + h) / 2)),
        *(Mistake("added-twice", "one part of the sum is added twice", ADDED_LOOK,
                  second_reading(twice, twice))
          for twice in (lambda x, h: 2 * x + h, lambda x, h: x + 2 * h)),
        Mistake("handed-over-subtracted", "what was handed over is subtracted, not added",
                ADDED_LOOK, second_reading(lambda x, h: x - h, lambda x, h: x - h)),
        Mistake("maps-multiplied", "the weights of the two layers are multiplied",
                "the second layer's own weights are asked for", through_both),
        Mistake("side-by-side", "the second layer reads x, as if it were a second head",
                ADDED_LOOK, second_reading(lambda x, h: x, lambda x, h: x)),
        Mistake("keys-from-the-input", "the second layer's keys are made from x alone",
                ADDED_LOOK, second_reading(lambda x, h: x + h, lambda x, h: x)),
        Mistake("queries-from-the-input", "the second layer's queries are made from x alone",
                ADDED_LOOK, second_reading(lambda x, h: x, lambda x, h: x + h)),
        Mistake("first-weights", "these are the weights of the first layer",
                "the second has maps of its own, W_Q2 and W_K2",
                lambda x, W_Q, W_K, W_V, W_O, W_Q2, W_K2: weigh(x @ W_Q, x @ W_K)),
        Mistake("first-maps-twice", "the second layer uses the maps of the first again",
                "the second has maps of its own, W_Q2 and W_K2",
                lambda x, W_Q, W_K, W_V, W_O, W_Q2, W_K2:
                second_with(weigh)(x, W_Q, W_K, W_V, W_O, W_Q, W_K)),
        Mistake("query-key-swapped", "queries and keys of the second layer have changed places",
                "rows are queries: W_Q2 makes the rows, W_K2 the columns",
                second_with(lambda query, key: weigh(key, query))),
        Mistake("first-unscaled", "the scores of the first layer are not divided by √d_k",
                SCALE_LOOK, second_with(
                    weigh, lambda q, k, v: attention(q, k, v, scale=1.0))),
        Mistake("no-scaling", "the scores of the second layer are not divided by √d_k", SCALE_LOOK,
                second_with(lambda q, k: softmax(q @ k.swapaxes(-1, -2)))),
        Mistake("softmax-over-queries", "the softmax runs over queries", AXIS_LOOK,
                second_with(lambda q, k: softmax(masked_scores(q, k), axis=-2))),
        Mistake("no-softmax", "the scores come back, there is no softmax", AXIS_LOOK,
                second_with(lambda q, k: masked_scores(q, k))),
        Mistake("overflow", "exp overflows on large scores",
                STABLE_LOOK, second_with(lambda q, k: np.exp(masked_scores(q, k))
                            / np.exp(masked_scores(q, k)).sum(-1, keepdims=True))),
        Mistake("no-scaling", "the scores of neither layer are divided by √d_k", SCALE_LOOK,
                second_with(lambda q, k: softmax(q @ k.swapaxes(-1, -2)),
                            lambda q, k, v: attention(q, k, v, scale=1.0))),
        Mistake("query-key-swapped", "queries and keys of the first layer have changed places",
                "rows are queries: W_Q makes the rows, W_K the columns",
                lambda x, W_Q, W_K, W_V, W_O, W_Q2, W_K2:
                second_with(weigh)(x, W_K, W_Q, W_V, W_O, W_Q2, W_K2)),
        Mistake("root-of-d_model", "the scores of the second layer are divided by √d_model",
                SCALE_LOOK, lambda x, W_Q, W_K, W_V, W_O, W_Q2, W_K2: second_with(weigh)(
                    x, W_Q, W_K, W_V, W_O, W_Q2 * (W_Q2.shape[1] / W_Q2.shape[0]) ** 0.5, W_K2)),
        Mistake("root-of-the-words",
                "the scores of the second layer are divided by √n, n the number of words",
                SCALE_LOOK,
                second_with(lambda q, k: softmax(q @ k.swapaxes(-1, -2) / k.shape[-2] ** 0.5))),
        Mistake("layer-too-many", "the first layer runs twice before the second",
                "the second layer's weights come right after the first sum",
                lambda x, *maps: second_with(weigh)(once(x, *maps), *maps)),
        Mistake("future-hidden", "the second layer is causal", "every word sees every word",
                second_with(lambda q, k: attention_steps(q, k, k, causal=True).weights)),
        Mistake("future-hidden", "the first layer is causal", "every word sees every word",
                second_with(weigh, lambda q, k, v: attention(q, k, v, causal=True))),
    ),
)  # fmt: skip
