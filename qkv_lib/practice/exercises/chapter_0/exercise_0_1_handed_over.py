"""Exercise 0.1: what one word of a sentence is handed."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib import attention, softmax
from qkv_lib.data.sentence import COLD, GUESS, LIKE, THIRSTY, rows
from qkv_lib.formula.arrays import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.wrong import hardest

SCALE_LOOK = "divide the scores by the square root of the number of columns of K"
MAP_LOOK = "each of the three has its own map: X @ W_Q, X @ W_K, X @ W_V"
SHARE_LOOK = "exp of each score, then divide by the sum of them all"


def handed_over(X: Array, i: int, W_Q: Array, W_K: Array, W_V: Array) -> Array:
    """Return the library's answer."""
    output: Array = attention((X @ W_Q)[i : i + 1], X @ W_K, X @ W_V)[0]
    return output


def with_weights(weigh: Function) -> Function:
    """Return an answer from a function of one query and the keys to the weights."""
    return lambda X, i, W_Q, W_K, W_V: weigh((X @ W_Q)[i], X @ W_K) @ (X @ W_V)


def scaled(q: Array, K: Array) -> Array:
    """Return the scaled scores of one query."""
    return np.asarray(K @ q / len(q) ** 0.5)


def sentences(rng: Generator) -> Iterator[Case]:
    """Yield the sentence and two of its words, then random rows and maps."""
    for words, head, i in ((THIRSTY, GUESS, 6), (COLD, GUESS, 8), (COLD, LIKE, 6)):
        yield Case("plain", (rows(words), i, head.W_Q, head.W_K, head.W_V))
    for kind, (n, d_model, d_k, d_v) in SIZES:
        X = rng.normal(size=(n, d_model))
        maps = (rng.normal(size=(d_model, width)) for width in (d_k, d_k, d_v))
        yield cast(Case(kind, (X, int(rng.integers(1, n)), *maps)))
    # Scores of several thousand, at which exp without care is infinite.
    yield Case("extreme", (100 * X, 1, *(rng.normal(size=(d_model, w)) for w in (d_k, d_k, d_v))))


def itself_hidden(X: Array, i: int, W_Q: Array, W_K: Array, W_V: Array) -> Array:
    """Hide the word's own key; a word alone gets zeros."""
    mask = np.arange(len(X)) != i
    output: Array = attention((X @ W_Q)[i : i + 1], X @ W_K, X @ W_V, mask=mask[None])[0]
    return output


SIZES = (
    ("plain", (3, 3, 3, 3)), ("plain", (5, 7, 3, 2)), ("plain", (2, 3, 11, 5)),
    ("plain", (7, 5, 2, 3)), ("float32", (5, 3, 7, 2)), ("plain", (11, 7, 5, 3)),
)  # fmt: skip


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: one word, the first one, the last one."""
    return (
        (rng.normal(size=(1, 1)), 0, *rng.normal(size=(3, 1, 1))),
        (rng.normal(size=(4, 3)), 0, *rng.normal(size=(3, 3, 2))),
        (rng.normal(size=(4, 3)), 3, *rng.normal(size=(3, 3, 1))),
    )


EXERCISE = Exercise(
    name="handed-over",
    skeleton='''
def handed_over(X, i, W_Q, W_K, W_V):
    """Return what word i is handed.

    X: (n, d_model)
    i: the number of the word
    W_Q, W_K: (d_model, d_k)
    W_V: (d_model, d_v)
    returns: (d_v,)
    """
    ...
''',
    solution='''
def handed_over(X, i, W_Q, W_K, W_V):
    Q, K, V = X @ W_Q, X @ W_K, X @ W_V
    scaled = Q[i] @ K.T / K.shape[1] ** 0.5
    return qkv_lib.softmax(scaled) @ V
''',
    reference=handed_over,
    cases=sentences,
    edges=edges,
    free=("X",),
    returns={"output": ("feature",)},
    mistakes=(
        Mistake("no-scaling", "the scores are not divided by √d_k", SCALE_LOOK,
                with_weights(lambda q, K: softmax(K @ q))),
        Mistake("divided-by-width", "the scores are divided by d_k, not by its root", SCALE_LOOK,
                with_weights(lambda q, K: softmax(K @ q / len(q)))),
        *(
            Mistake("fixed-number", "the scores are divided by a fixed number, not by √d_k",
                    "√d_k changes with the number of columns of K",
                    with_weights(lambda q, K, fixed=fixed: softmax(K @ q / fixed)))
            for fixed in (2.0, 2**0.5, 4.0)
        ),
        Mistake("multiplied-by-root", "the scores are multiplied by √d_k, not divided", SCALE_LOOK,
                with_weights(lambda q, K: softmax(K @ q * len(q) ** 0.5))),
        Mistake("root-of-the-words", "the scores are divided by √n, n the number of words",
                SCALE_LOOK, with_weights(lambda q, K: softmax(K @ q / len(K) ** 0.5))),
        Mistake("root-of-the-model", "the scores are divided by √d_model", SCALE_LOOK,
                lambda X, i, W_Q, W_K, W_V: softmax(
                    (X @ W_K) @ (X @ W_Q)[i] / X.shape[1] ** 0.5) @ (X @ W_V)),
        Mistake("asks-with-the-key", "the word asks with its key, and is matched with queries",
                "row i of the queries is compared with every row of the keys",
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i, W_K, W_Q, W_V)),
        Mistake("one-map-for-both", "queries and keys are made with one map, W_Q", MAP_LOOK,
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i, W_Q, W_Q, W_V)),
        Mistake("asks-for-what-it-is", "queries and keys are made with one map, W_K", MAP_LOOK,
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i, W_K, W_K, W_V)),
        Mistake("hands-over-keys", "the keys are averaged, not the values",
                "found by the key, handed the value: weights @ V",
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i, W_Q, W_K, W_K)),
        Mistake("values-not-mapped", "the rows of X are averaged, not the values", MAP_LOOK,
                lambda X, i, W_Q, W_K, W_V: softmax(scaled((X @ W_Q)[i], X @ W_K)) @ X),
        Mistake("not-normalised", "the weights are not divided by their sum", SHARE_LOOK,
                with_weights(lambda q, K: np.exp(scaled(q, K)))),
        Mistake("no-exponential", "the scores are divided by their sum without exp", SHARE_LOOK,
                with_weights(lambda q, K: scaled(q, K) / scaled(q, K).sum())),
        Mistake("negative-exponent", "the sign is wrong: low scores get high weight",
                "exp(score), not exp(-score)", with_weights(lambda q, K: softmax(-scaled(q, K)))),
        Mistake("hard", "all the weight is on the best word", SHARE_LOOK,
                with_weights(lambda q, K: hardest(scaled(q, K)))),
        Mistake("uniform", "every word gets the same weight", "the weights depend on the scores",
                with_weights(lambda q, K: softmax(0 * scaled(q, K)))),
        Mistake("softmax-over-queries", "each key shares out 1 among the queries",
                "the weights of one query sum to 1: softmax along its row",
                lambda X, i, W_Q, W_K, W_V: softmax(
                    (X @ W_Q) @ (X @ W_K).T / W_K.shape[1] ** 0.5, axis=0)[i] @ (X @ W_V)),
        Mistake("every-word", "the output of every word comes back",
                "only word i is asked for: one row of d_v numbers",
                lambda X, i, W_Q, W_K, W_V: attention(X @ W_Q, X @ W_K, X @ W_V)),
        Mistake("first-word", "the word asked for is always the first", "row i of the queries",
                lambda X, i, W_Q, W_K, W_V: handed_over(X, 0, W_Q, W_K, W_V)),
        Mistake("returns-weights", "the weights come back, not the output",
                "one step is left: weights @ V",
                lambda X, i, W_Q, W_K, W_V: softmax(scaled((X @ W_Q)[i], X @ W_K))),
        Mistake("keeps-the-axis", "the output has an axis of length 1 too many",
                "one word gives one row: (d_v,)",
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i, W_Q, W_K, W_V)[None]),
        Mistake("overflow", "exp overflows on large scores",
                "subtract the largest score before exp; the weights stay the same",
                with_weights(lambda q, K: np.exp(scaled(q, K)) / np.exp(scaled(q, K)).sum())),
        Mistake("no-softmax", "the scores are used as weights, without a softmax", SHARE_LOOK,
                with_weights(scaled)),
        Mistake("word-before", "the word before i is handed over: places count from 0",
                "the first word has the number 0: row i of the queries",
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i - 1 if i else len(X) - 1,
                                                       W_Q, W_K, W_V)),
        Mistake("value-alone", "the word is handed its own value alone", SHARE_LOOK,
                lambda X, i, W_Q, W_K, W_V: (X @ W_V)[i]),
        Mistake("own-value-added", "the word's own value is added to what it is handed",
                "its value is in the average already, with a weight of its own",
                lambda X, i, W_Q, W_K, W_V: handed_over(X, i, W_Q, W_K, W_V) + (X @ W_V)[i]),
        Mistake("root-of-d_v", "the scores are divided by √d_v", SCALE_LOOK,
                lambda X, i, W_Q, W_K, W_V: softmax(
                    (X @ W_K) @ (X @ W_Q)[i] / W_V.shape[1] ** 0.5) @ (X @ W_V)),
        Mistake("future-hidden", "the words after i are hidden", "word i may look at every word",
                lambda X, i, W_Q, W_K, W_V: handed_over(X[: i + 1], i, W_Q, W_K, W_V)),
        Mistake("only-before", "only the words before i are seen", "word i may look at every word",
                lambda X, i, W_Q, W_K, W_V: softmax(
                    scaled((X @ W_Q)[i], (X @ W_K)[: max(i, 1)])) @ (X @ W_V)[: max(i, 1)]),
        Mistake("column-of-weights", "the values are weighted with column i of the weights",
                "row i of the weights is how word i shares out its attention",
                lambda X, i, W_Q, W_K, W_V: softmax(
                    (X @ W_Q) @ (X @ W_K).T / W_K.shape[1] ** 0.5)[:, i] @ (X @ W_V)),
        Mistake("itself-hidden", "the word does not see itself", "word i may look at every word",
                itself_hidden),
    ),
)  # fmt: skip
