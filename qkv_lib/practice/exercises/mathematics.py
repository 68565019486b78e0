"""Chapter 4, the derivative: the Jacobian of the softmax and the gradients of attention."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import attention_steps, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.formula.gradients import attention_gradients, softmax_gradient, softmax_jacobian
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake, Property, Trial
from qkv_lib.practice.inputs import Generator, cast, operands
from qkv_lib.practice.properties import BATCH_APART, SLACK, at
from qkv_lib.practice.wrong import without_maximum

JACOBIAN_LOOK = "score j moves weight i by pᵢ(1 − pᵢ) where i = j, and by −pᵢpⱼ elsewhere"
SOFT_LOOK = "the way back through the softmax is dS = A ⊙ (dA − rowsum(dA ⊙ A)), one sum a query"
CHAIN_LOOK = "Q and K meet in S = Q Kᵀ/√d_k: dQ = dS K/√d_k, dK = dSᵀ Q/√d_k"
VALUE_LOOK = "from O = A V follow dV = Aᵀ dO and dA = dO Vᵀ"


def some_weights(rng: Generator) -> Iterator[Case]:
    """Yield one row of weights; in the extreme case one key has all of it."""
    for kind, n in (("plain", 3), ("plain", 7), ("plain", 2), ("plain", 1), ("plain", 11)):
        yield Case(kind, (softmax(rng.normal(size=n)),))
    yield Case("extreme", (softmax(1e4 * rng.normal(size=5)),))
    yield cast(Case("float32", (softmax(rng.normal(size=5)),)))


def rows_sum_to_zero(trial: Trial) -> str | None:
    """Look for a row that does not sum to 0: a score added to all keys moves no weight."""
    totals = trial.first.values[0].sum(-1)
    return at(np.abs(totals) > SLACK, totals, "sums to")


SOFTMAX_JACOBIAN = Exercise(
    name="softmax-jacobian",
    chapter=4,
    skeleton='''
def jacobian(weights):
    """Return how the weights p = softmax(s) of one query answer to its scores: J[i, j] = ∂pᵢ/∂sⱼ.

    weights: (n_keys,), the p above    returns: (n_keys, n_keys)
    """
    ...
''',
    reference=lambda weights: softmax_jacobian(weights),
    cases=some_weights,
    returns={"J": ("weight", "score")},
    mistakes=(
        Mistake("diagonal-only", "this is diag(p): p pᵀ is missing", JACOBIAN_LOOK, np.diag),
        Mistake("own-scores-only", "each weight answers to its own score only", JACOBIAN_LOOK,
                lambda p: np.diag(p * (1 - p))),
        Mistake("outer-only", "this is p pᵀ: the diagonal is missing", JACOBIAN_LOOK,
                lambda p: np.outer(p, p)),
        Mistake("no-diagonal", "this is −p pᵀ: diag(p) is missing", JACOBIAN_LOOK,
                lambda p: -np.outer(p, p)),
        Mistake("plus-sign", "the outer product p pᵀ is added, not subtracted", JACOBIAN_LOOK,
                lambda p: np.diag(p) + np.outer(p, p)),
        Mistake("negative", "the sign is wrong: a higher score gives its key more weight",
                JACOBIAN_LOOK, lambda p: -softmax_jacobian(p)),
        Mistake("identity-for-diagonal", "this is 1 − p pᵀ: the diagonal holds p, not ones",
                JACOBIAN_LOOK, lambda p: np.eye(len(p)) - np.outer(p, p)),
        Mistake("everywhere", "every entry is pᵢ(1 − pⱼ), which belongs on the diagonal only",
                JACOBIAN_LOOK, lambda p: np.outer(p, 1 - p)),
        Mistake("inner-product", "the number p · p is subtracted, not the matrix p pᵀ",
                "for a 1-D array `p @ p.T` is the dot product; np.outer(p, p) is the matrix",
                lambda p: np.diag(p) - p @ p),
        Mistake("no-matrix", "there is one number a key, pᵢ(1 − pᵢ), and no matrix", JACOBIAN_LOOK,
                lambda p: p * (1 - p)),
        Mistake("row-broadcast", "this is p − p pᵀ with p along every row; it needs diag(p)",
                JACOBIAN_LOOK, lambda p: p - np.outer(p, p)),
        Mistake("softmax-again", "the softmax is taken of the weights",
                "the argument is p already, not the scores",
                lambda p: softmax_jacobian(softmax(p))),
    ),
    properties=(
        Property("rows-do-not-sum-to-0", "the rows of your Jacobian do not sum to 0",
                 "a number added to all the scores moves no weight", rows_sum_to_zero),
    ),
)  # fmt: skip


def operands_and_gradient(rng: Generator) -> Iterator[Case]:
    """Yield query, key, value and the gradient of a loss at the output."""
    for case in operands(rng):
        query, _, value = case.args
        gradient = rng.normal(size=(*query.shape[:-1], value.shape[-1]))
        yield Case(case.kind, (*case.args, gradient.astype(query.dtype)))


def backward(
    soft: Function = softmax_gradient,
    finish: Function = lambda q, k, v, A, dO, dS: (dS @ k, dS.mT @ q, A.mT @ dO),
    weigh: Function = softmax,
    scale: Function = lambda d: d**-0.5,
) -> Function:
    """Return the way back with a step replaced: dS from A and dA, the products, softmax, scale."""

    def wrong(q: Array, k: Array, v: Array, dO: Array) -> tuple[Array, ...]:
        A = weigh(attention_steps(q, k, v).scaled)
        dS = soft(A, dO @ v.mT) * scale(q.shape[-1])
        return tuple(finish(q, k, v, A, dO, dS))

    return wrong


ATTENTION_BACKWARD = Exercise(
    name="attention-backward",
    chapter=4,
    skeleton='''
def attention_backward(query, key, value, output_gradient):
    """Return dQ, dK and dV for O = softmax(Q Kᵀ/√d_k) V, given dO, the gradient at O.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    output_gradient: (..., n_queries, d_v)    returns: three arrays, of the shapes of query,
    key and value
    """
    ...
''',
    reference=lambda query, key, value, output_gradient: attention_gradients(
        query, key, value, output_gradient
    )[:3],
    cases=operands_and_gradient,
    returns={"dQ": ("query", "feature"), "dK": ("key", "feature"), "dV": ("key", "feature")},
    mistakes=(
        Mistake("no-row-sum", "this dS is A ⊙ dA: the row sum is not subtracted", SOFT_LOOK,
                backward(lambda A, dA: A * dA)),
        Mistake("row-sum-of-dA", "the row sum is of dA, without the weights", SOFT_LOOK,
                backward(lambda A, dA: A * (dA - dA.sum(-1, keepdims=True)))),
        Mistake("row-mean-of-dA", "the plain mean of dA is subtracted, not the weighted one",
                SOFT_LOOK, backward(lambda A, dA: A * (dA - dA.mean(-1, keepdims=True)))),
        Mistake("column-sum", "the sum runs over the queries, not the keys", SOFT_LOOK,
                backward(lambda A, dA: A * (dA - (dA * A).sum(-2, keepdims=True)))),
        Mistake("weights-not-multiplied", "this dA − rowsum(dA ⊙ A) is not multiplied by A",
                SOFT_LOOK, backward(lambda A, dA: dA - (dA * A).sum(-1, keepdims=True))),
        Mistake("diagonal-only", "each weight is taken to answer to its own score only", SOFT_LOOK,
                backward(lambda A, dA: A * (1 - A) * dA)),
        Mistake("softmax-skipped", "this dS is dA: the softmax has no part in it", SOFT_LOOK,
                backward(lambda A, dA: dA)),
        Mistake("no-scaling", "the factor 1/√d_k is missing on the way back", CHAIN_LOOK,
                backward(scale=lambda d: 1.0)),
        Mistake("unscaled-attention", "the scores are not divided by √d_k, neither forwards nor "
                "on the way back", CHAIN_LOOK,
                lambda *args: attention_gradients(*args, scale=1.0)[:3]),
        Mistake("scaled-once", "only dQ is divided by √d_k, dK is not", CHAIN_LOOK,
                backward(finish=lambda q, k, v, A, dO, dS:
                         (dS @ k, dS.mT @ q * q.shape[-1] ** 0.5, A.mT @ dO))),
        Mistake("scaled-once", "only dK is divided by √d_k, dQ is not", CHAIN_LOOK,
                backward(finish=lambda q, k, v, A, dO, dS:
                         (dS @ k * q.shape[-1] ** 0.5, dS.mT @ q, A.mT @ dO))),
        Mistake("scaled-twice", "the factor 1/√d_k is applied twice on the way back", CHAIN_LOOK,
                backward(scale=lambda d: 1 / d)),
        Mistake("dS-not-transposed", "your dK is made from dS, not from dSᵀ", CHAIN_LOOK,
                backward(finish=lambda q, k, v, A, dO, dS: (dS @ k, dS @ q, A.mT @ dO))),
        Mistake("weights-not-transposed", "your dV is A dO, not Aᵀ dO", VALUE_LOOK,
                backward(finish=lambda q, k, v, A, dO, dS: (dS @ k, dS.mT @ q, A @ dO))),
        Mistake("query-key-swapped", "your dQ is made with Q, and dK with K", CHAIN_LOOK,
                backward(finish=lambda q, k, v, A, dO, dS: (dS @ q, dS.mT @ k, A.mT @ dO))),
        Mistake("dV-from-dS", "your dV is made with dS, not with the weights", VALUE_LOOK,
                backward(finish=lambda q, k, v, A, dO, dS: (dS @ k, dS.mT @ q, dS.mT @ dO))),
        Mistake("order", "the gradients come back in another order", "return dQ, dK, dV",
                backward(finish=lambda q, k, v, A, dO, dS: (dS.mT @ q, dS @ k, A.mT @ dO))),
        Mistake("order", "the gradients come back in another order", "return dQ, dK, dV",
                backward(finish=lambda q, k, v, A, dO, dS: (A.mT @ dO, dS.mT @ q, dS @ k))),
        Mistake("negative", "the sign of all three is wrong", "these are derivatives, not steps "
                "downhill", lambda *args: tuple(-g for g in attention_gradients(*args)[:3])),
        Mistake("overflow", "exp overflows on large scores",
                "subtract each row's own maximum before exp", backward(weigh=without_maximum)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


EXERCISES = (SOFTMAX_JACOBIAN, ATTENTION_BACKWARD)
