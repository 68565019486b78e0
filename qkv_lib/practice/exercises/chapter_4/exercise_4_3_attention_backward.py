"""Exercise 4.3: the backward pass."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

from qkv_lib import attention_steps, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.formula.gradients import attention_gradients, softmax_gradient
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, operands
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import without_maximum

SOFT_LOOK = "the way back through the softmax is dS = A ⊙ (dA − rowsum(dA ⊙ A)), one sum a query"


CHAIN_LOOK = "Q and K meet in S = Q Kᵀ/√d_k: dQ = dS K/√d_k, dK = dSᵀ Q/√d_k"


VALUE_LOOK = "from O = A V follow dV = Aᵀ dO and dA = dO Vᵀ"


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


EXERCISE = Exercise(
    name="attention-backward",
    skeleton='''
def attention_backward(query, key, value, output_gradient):
    """Return dQ, dK and dV for O = softmax(Q Kᵀ/√d_k) V, given dO, the gradient at O.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    output_gradient: (..., n_queries, d_v)    returns: three arrays, of the shapes of query,
    key and value
    """
    ...
''',
    solution='''
def attention_backward(query, key, value, output_gradient):
    scale = 1 / np.sqrt(query.shape[-1])
    scores = query @ key.mT * scale
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    dV = weights.mT @ output_gradient
    dA = output_gradient @ value.mT
    dS = weights * (dA - (dA * weights).sum(axis=-1, keepdims=True))
    dQ = dS @ key * scale
    dK = dS.mT @ query * scale
    return dQ, dK, dV
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
