"""The catalogue: misconceptions about attention, each with the wrong function it leads to.

A table holds mistakes in one step: the factor on the scores, the softmax, the operands, the mask.
`through` carries a table into an exercise that contains that step: `ATTENTION` is made so from
the steps, and an exercise written as a function of the attention it uses gets `ATTENTION` so.
"""

# ruff: noqa: ARG005  # every function of a table takes the same arguments, used or not

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from qkv_lib import attention, softmax
from qkv_lib.formula.arrays import Array
from qkv_lib.formula.steps import normalise
from qkv_lib.practice.cuts import unit
from qkv_lib.practice.exercise import Function, Mistake, Trial
from qkv_lib.practice.verdict import numbers
from qkv_lib.practice.wrong import (
    Attend,
    first_of_batch,
    hardest,
    mask_afterwards,
    masked_scores,
    masked_too_late,
    over_all_but_the_queries,
    over_everything,
    reversed_axes,
    with_distances,
    with_fill,
    with_global_maximum,
    with_mask,
    with_operands,
    with_scale,
    with_weights,
    without_keepdims,
    without_maximum,
)


def through(
    table: tuple[Mistake, ...],
    build: Callable[[Function], Function],
    *,
    evidence: Callable[[Trial], str] | None = None,
    leave_out: tuple[str, ...] = (),
) -> tuple[Mistake, ...]:
    """Return the mistakes of an exercise that contains the step which ``table`` gets wrong."""
    return tuple(
        replace(m, wrong=build(m.wrong), evidence=evidence if m.evidence else None)
        for m in table
        if m.name not in leave_out
    )


def with_attention(
    build: Callable[[Attend], Function],
    *tables: tuple[Mistake, ...],
    leave_out: tuple[str, ...] = (),
) -> tuple[Mistake, ...]:
    """Return the mistakes of an exercise written as a function of the attention it uses."""
    return tuple(
        mistake
        for table in tables or (ATTENTION,)
        for mistake in through(table, build, leave_out=leave_out)
    )


def sums(trial: Trial) -> str:
    """Show the column and row sums of the weights that came back."""
    weights = first(trial.first.values[0])
    columns, rows = numbers(weights.sum(0)), numbers(weights.sum(1))
    return f"your columns sum to {columns}; your rows sum to {rows}"


def hidden_sums(trial: Trial) -> str:
    """Show the sums of the weights inside attention: with V = 1 the output is the weights."""
    query, key, _, *rest = trial.case.args
    unit = np.broadcast_to(np.eye(key.shape[-2]), (*key.shape[:-1], key.shape[-2]))
    outcome = trial.call((query, key, unit.astype(key.dtype), *rest))
    if outcome.fault or outcome.values[0].shape[-1] != key.shape[-2]:
        return "the weights of a query must sum to 1"
    return f"with the unit matrix as value, {sums(replace(trial, first=outcome))}"


def first(array: Array) -> Array:
    """Return the first matrix of a batch."""
    return array.reshape(-1, *array.shape[-2:])[0]


SCALE_LOOK = "the factor is 1/√d_k, with d_k the width of queries and keys, `query.shape[-1]`"
AXIS_LOOK = "each query spreads 1 over the keys, and they are the last axis, axis=-1"
ORDER_LOOK = "queries are matched against keys, and values are what is averaged"
STABLE_LOOK = "subtract each row's own maximum before exp, which changes no weight"
MASK_LOOK = "put −∞ into the scores where the mask is False, before the softmax"

# Factor on the scores: a function of query, key and value.
FACTORS = (
    Mistake("no-scaling", "the scores are not divided by √d_k", SCALE_LOOK,
            lambda q, k, v: 1.0),
    Mistake("divided-by-d_k", "the scores are divided by d_k, not by its root", SCALE_LOOK,
            lambda q, k, v: 1 / q.shape[-1]),
    Mistake("multiplied-by-root", "the scores are multiplied by √d_k", SCALE_LOOK,
            lambda q, k, v: q.shape[-1] ** 0.5),
    Mistake("root-of-n_keys", "the scores are divided by the root of the number of keys",
            SCALE_LOOK, lambda q, k, v: k.shape[-2] ** -0.5),
    Mistake("root-of-n_queries", "the scores are divided by the root of the number of queries",
            SCALE_LOOK, lambda q, k, v: q.shape[-2] ** -0.5),
    Mistake("root-of-d_v", "the scores are divided by √d_v, the width of the values",
            SCALE_LOOK, lambda q, k, v: v.shape[-1] ** -0.5),
)  # fmt: skip

# Softmax: a function of the scores.
SOFTMAX = (
    Mistake("softmax-over-queries", "the softmax runs over queries", AXIS_LOOK,
            lambda scores: softmax(scores, axis=-2), sums),
    Mistake("softmax-over-everything", "the softmax runs over all the scores together", AXIS_LOOK,
            over_everything, sums),
    Mistake("batch-leak", "the softmax runs over the batch too", AXIS_LOOK,
            over_all_but_the_queries, sums),
    Mistake("no-keepdims", "the row sums are broadcast along the columns",
            "sum with keepdims=True", without_keepdims, sums),
    Mistake("no-softmax", "the scores come back as they are, there is no softmax", AXIS_LOOK,
            lambda scores: scores),
    Mistake("not-normalised", "exp is taken but the rows are not divided by their sums", AXIS_LOOK,
            np.exp, sums),
    Mistake("no-exponential", "the scores are divided by their sums without exp",
            "take exp first: scores may be negative, weights may not",
            lambda scores: scores / scores.sum(-1, keepdims=True)),
    Mistake("negative-exponent", "the exponent has the wrong sign: low scores get high weight",
            "the exponent is the score itself, not its negative",
            lambda scores: softmax(np.where(np.isfinite(scores), -scores, scores))),
    Mistake("logarithm", "the logarithm of the weights comes back", "weights lie between 0 and 1",
            lambda scores: np.log(softmax(scores))),
    Mistake("base-2", "the powers are of 2, not of e", "use np.exp, not np.exp2",
            lambda scores: softmax(np.log(2) * scores)),
    Mistake("sizes-for-exponentials", "the sizes of the scores are divided by their sum",
            "take exp: a negative score means little weight",
            lambda scores: np.abs(scores) / np.abs(scores).sum(-1, keepdims=True)),
    Mistake("squares-for-exponentials", "the squares of the scores are divided by their sum",
            "take exp: a negative score means little weight",
            lambda scores: scores**2 / (scores**2).sum(-1, keepdims=True)),
    *(Mistake("clipped-scores", "large scores are cut off before exp", STABLE_LOOK,
              lambda scores, most=most: softmax(np.clip(scores, -most, most)))
      for most in (10, 20, 50, 80, 100, 500, 700)),
    Mistake("softmax-twice", "the softmax is taken twice", "once is enough",
            lambda scores: softmax(softmax(scores))),
    Mistake("argmax", "all the weight is on the best key", "the softmax spreads it", hardest),
    Mistake("uniform", "every key gets the same weight", "the weights must depend on the scores",
            lambda scores: softmax(0 * np.where(np.isfinite(scores), scores, 0.0))),
    Mistake("overflow", "exp overflows on large scores", STABLE_LOOK, without_maximum),
    Mistake("overflow", "every exp of a row is 0: its scores lie far below what is subtracted",
            STABLE_LOOK,
            lambda scores: normalise(np.exp(scores), np.exp(scores).sum(-1, keepdims=True))),
    Mistake("global-maximum", "one maximum is subtracted from all the rows", STABLE_LOOK,
            with_global_maximum),
)  # fmt: skip

# Operands: a function from query, key and value to what attention is called with.
OPERANDS = (
    Mistake("query-with-itself", "the queries are matched with the queries", ORDER_LOOK,
            lambda q, k, v: (q, q, v)),
    Mistake("key-with-itself", "the keys are matched with the keys", ORDER_LOOK,
            lambda q, k, v: (k, k, v)),
    Mistake("sums-keys", "the weighted sum is over the keys, not the values", ORDER_LOOK,
            lambda q, k, v: (q, k, k)),
    Mistake("matches-values", "the queries are matched with the values, not the keys", ORDER_LOOK,
            lambda q, k, v: (q, v, v)),
    Mistake("key-value-swapped", "keys and values have changed places", ORDER_LOOK,
            lambda q, k, v: (q, v, k)),
    Mistake("query-key-swapped", "queries and keys have changed places", ORDER_LOOK,
            lambda q, k, v: (k, q, v)),
    Mistake("cosine", "the scores are cosines: queries and keys are divided by their lengths",
            "a score is a plain dot product, divided by √d_k",
            lambda q, k, v: (q.shape[-1] ** 0.5 * unit(q), unit(k), v)),
)  # fmt: skip

# Attention as a whole: a function of query, key, value and mask.
ATTENTION = (
    *through(FACTORS, with_scale),
    *through(SOFTMAX, with_weights, evidence=hidden_sums,
             leave_out=("no-exponential", "logarithm", "clipped-scores", "squares-for-exponentials",
                        "sizes-for-exponentials")),
    *through(OPERANDS, with_operands),
    Mistake("scaled-after-softmax", "the weights are divided by √d_k, not the scores",
            "scale before the softmax; afterwards the rows no longer sum to 1",
            lambda q, k, v, mask=None: attention(q, k, v, mask=mask, scale=1.0)
            / np.sqrt(q.shape[-1])),
    Mistake("transposed-weights", "the weights are transposed before they meet the values",
            "rows are queries, columns are keys: weights @ value, as they are",
            lambda q, k, v, mask=None: softmax(masked_scores(q, k, mask)).swapaxes(-1, -2) @ v),
    *(Mistake("distances", "the scores are distances between queries and keys",
              "a score is a dot product, divided by √d_k", with_distances(turn))
      for turn in (lambda r, _: -r, lambda r, _: -r**2, lambda r, root: -r / root,
                   lambda r, root: -r**2 / root, lambda r, _: -r**2 / 2,
                   lambda r, root: -r**2 / (2 * root), lambda r, _: r, lambda r, root: r / root)),
    Mistake("returns-value", "the values come back as they went in", ORDER_LOOK,
            lambda q, k, v, mask=None: v),
    Mistake("returns-weights", "the weights come back, not the output",
            "one step is left: weights @ value",
            lambda q, k, v, mask=None: softmax(masked_scores(q, k, mask))),
    Mistake("reversed-axes", "`.T` reverses all the axes, the batch's too",
            "swap the last two axes only: swapaxes(-1, -2)", reversed_axes),
    Mistake("no-transpose", "the keys are not transposed", "a score is row · row: Q Kᵀ",
            lambda q, k, v, mask=None: with_weights(softmax)(q, k.swapaxes(-1, -2), v, mask)),
    Mistake("batch-leak", "every batch element looks at the keys of the first one",
            "keep the leading axes together; index from the end", first_of_batch),
)  # fmt: skip

# The mask: attention again, with the mask used wrongly.
MASKING = (
    Mistake("mask-ignored", "the mask is not used", MASK_LOOK,
            lambda q, k, v, mask=None: attention(q, k, v)),
    Mistake("inverted-mask", "the mask is inverted", "True means may attend",
            lambda q, k, v, mask=None: attention(q, k, v, mask=None if mask is None else ~mask)),
    Mistake("inverted-mask", "the mask is inverted", "True means may attend",
            with_mask(lambda scores, mask: np.where(mask, -np.inf, scores))),
    Mistake("inverted-mask", "the mask is inverted", "True means may attend",
            with_mask(lambda scores, mask: np.where(mask, -1e9, scores))),
    Mistake("multiplied-mask", "masked scores are set to 0, which is a score like any other",
            MASK_LOOK, with_mask(lambda scores, mask: scores * mask)),
    Mistake("mask-after-softmax", "the mask comes after the softmax, so rows no longer sum to 1",
            MASK_LOOK, mask_afterwards),
    Mistake("added-mask", "the mask is added to the scores as 0 and 1", MASK_LOOK,
            with_mask(lambda scores, mask: scores + mask)),
    Mistake("transposed-mask", "the mask is transposed", "its rows are queries, like the scores'",
            with_mask(lambda scores, mask: np.where(mask.swapaxes(-1, -2), scores, -np.inf))),
    Mistake("transposed-mask", "the mask is transposed", "its rows are queries, like the scores'",
            lambda q, k, v, mask=None:
            softmax(np.where(mask.swapaxes(-1, -2), masked_scores(q, k), -np.inf)) @ v),
    Mistake("fully-masked-nan", "a query that may attend to nothing gets NaN",
            "where no key is allowed the weights are 0: decide it on the mask",
            with_mask(lambda scores, mask: np.where(mask, scores, -np.inf))),
    Mistake("fully-masked-uniform",
            "a query that may attend to nothing gets the mean of the values",
            "a large negative number is not −∞: where no key is allowed the weights are 0",
            with_mask(lambda scores, mask: np.where(mask, scores, -1e9))),
    Mistake("overflow", "exp overflows or is 0 everywhere, and the NaN of it is turned into 0",
            STABLE_LOOK, with_weights(lambda scores: np.nan_to_num(
                normalise(np.exp(scores), np.exp(scores).sum(-1, keepdims=True))))),
    Mistake("masked-too-late", "the mask comes after the softmax: a masked score far above the "
            "others has rounded them to 0 by then", MASK_LOOK, masked_too_late),
    *(Mistake("finite-fill", "a masked score is a finite number, which other scores may fall below",
              "put −∞ into the scores where the mask is False: -np.inf",
              with_fill(fill, zeroed=zeroed))
      for fill in (-10.0, -20.0, -30.0, -50.0, -100.0, -1e3, -1e4) for zeroed in (False, True)),
)  # fmt: skip
