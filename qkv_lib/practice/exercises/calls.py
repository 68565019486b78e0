"""Chapter 7, from tool to tool: the same attention through another tool's arguments."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from qkv_lib import attention, attention_steps, causal_mask, merge_heads, softmax, split_heads
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast, operands_and_mask
from qkv_lib.practice.mistakes import with_attention
from qkv_lib.practice.properties import BATCH_APART
from qkv_lib.practice.wrong import Attend

OUTPUT_AXES = {"output": ("query", "feature")}
ALIGNED_LOOK = (
    "the last query stands at the last key: query i sees the keys j ≤ i + n_keys − n_queries"
)
BIAS_LOOK = "scores + bias where the mask is True, −∞ elsewhere: one array of numbers says both"
FIRST_LOOK = "swap length and batch, cut the features into heads, and undo both at the end"


def aligned_with(attend: Attend) -> Function:
    """Return causal attention made with this attention, the last query at the last key."""

    def last_tokens(query: Array, key: Array, value: Array) -> Array:
        n, m = query.shape[-2], key.shape[-2]
        return attend(query, key, value, mask=causal_mask(n, m, offset=m - n))

    return last_tokens


def queries_at_the_end(rng: Generator) -> Iterator[Case]:
    """Yield as many keys as queries, or more."""
    for kind, lead, n, m, d, e in (
        ("plain", (), 3, 7, 5, 2), ("plain", (), 2, 5, 3, 3), ("plain", (), 3, 3, 3, 3),
        ("plain", (), 1, 5, 2, 7),
        ("batch", (2,), 3, 5, 7, 2), ("batch", (2, 3), 1, 7, 2, 5), ("batch", (3,), 3, 3, 3, 3),
        ("extreme", (), 3, 5, 2, 7), ("float32", (2,), 3, 5, 7, 2),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = size * rng.normal(size=(*lead, n, d)), size * rng.normal(size=(*lead, m, d))
        yield cast(Case(kind, (query, key, rng.normal(size=(*lead, m, e)))))


def aligned_to(mask: Callable[[int, int], Array | None]) -> Function:
    """Return attention under a mask made from the numbers of queries and keys."""
    return lambda q, k, v: attention(q, k, v, mask=mask(q.shape[-2], k.shape[-2]))


BOTTOM_RIGHT = Exercise(
    name="bottom-right",
    chapter=7,
    skeleton='''
def last_tokens(query, key, value):
    """Return causal attention of the last n_queries of n_keys tokens.

    query: (..., n_queries, d_k)    key: (..., n_keys, d_k)    value: (..., n_keys, d_v)
    returns: (..., n_queries, d_v)    n_queries ≤ n_keys
    """
    from qkv_lib import attention

    return attention(query, key, value, causal=True)  # as is_causal=True in PyTorch
''',
    reference=aligned_with(attention),
    cases=queries_at_the_end,
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("top-left", "the first query stands at the first key: the flag knows no past",
                ALIGNED_LOOK, aligned_to(lambda n, m: causal_mask(n, m))),
        Mistake("mask-ignored", "queries see later keys", ALIGNED_LOOK,
                aligned_to(lambda n, m: None)),
        Mistake("hides-itself", "a query does not see its own key (off by one)", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.tri(n, m, m - n - 1, dtype=bool))),
        Mistake("sees-the-next", "a query sees one key of the future (off by one)", ALIGNED_LOOK,
                aligned_to(lambda n, m: causal_mask(n, m, offset=m - n + 1))),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                aligned_to(lambda n, m: ~causal_mask(n, m, offset=m - n))),
        Mistake("past-dropped", "only the last n_queries keys are seen", ALIGNED_LOOK,
                lambda q, k, v: attention(q, k[..., -q.shape[-2]:, :], v[..., -q.shape[-2]:, :],
                                          causal=True)),
        Mistake("past-only", "only the keys before the first query are seen", ALIGNED_LOOK,
                aligned_to(lambda n, m: np.arange(m) < np.full((n, 1), m - n))),
        *with_attention(aligned_with, leave_out=("reversed-axes",)),
    ),
    properties=(BATCH_APART,),
    given="top-left",
    symptom="with more keys than queries, a change of the last key changes no output",
)  # fmt: skip


def both(query: Array, key: Array, value: Array, mask: Array, bias: Array) -> Array:
    """Return the library's attention under mask and bias."""
    return attention(query, key, value, mask=mask, bias=bias)


def operands_mask_and_bias(rng: Generator) -> Iterator[Case]:
    """Yield operands, a mask and a bias of the same shape."""
    for case in operands_and_mask(rng):
        bias = rng.normal(size=case.args[-1].shape)
        yield cast(Case(case.kind, (*case.args, bias)))


def changed(change: Callable[[Array, Array], dict[str, Array]]) -> Function:
    """Return attention under what is made from mask and bias."""
    return lambda q, k, v, mask, bias: attention(q, k, v, **change(mask, bias))


def numbers_afterwards(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Add the bias to the weights."""
    return np.asarray((attention_steps(q, k, v, mask=mask).weights + bias * mask) @ v)


def large_number(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Hide with a large negative number."""
    scores = attention_steps(q, k, k, bias=bias).masked
    return np.asarray(softmax(np.where(mask, scores, -1e9)) @ v)


def nan_where_empty(q: Array, k: Array, v: Array, mask: Array, bias: Array) -> Array:
    """Divide by the sum of the row, also where it is 0."""
    return np.where(mask.any(-1, keepdims=True), both(q, k, v, mask, bias), np.nan)


MASK_AND_BIAS = Exercise(
    name="mask-and-bias",
    chapter=7,
    skeleton='''
def mask_and_bias(query, key, value, mask, bias):
    """Return attention under a mask and a bias, for which SDPA has one place: attn_mask.

    query: (..., n, d_k)    key: (..., m, d_k)    value: (..., m, d_v)
    mask, bias: (..., n, m), boolean with True = may attend, and numbers added to the scores
    returns: (..., n, d_v), zeros for a query that may attend to no key
    """
    ...
''',
    reference=both,
    cases=operands_mask_and_bias,
    returns=OUTPUT_AXES,
    mistakes=(
        Mistake("bias-ignored", "the bias is not used", BIAS_LOOK,
                changed(lambda mask, bias: {"mask": mask})),
        Mistake("mask-ignored", "the mask is not used", BIAS_LOOK,
                changed(lambda mask, bias: {"bias": bias})),
        Mistake("both-ignored", "neither mask nor bias is used", BIAS_LOOK,
                changed(lambda mask, bias: {})),
        Mistake("inverted-mask", "the mask is inverted", "True means may attend",
                changed(lambda mask, bias: {"mask": ~mask, "bias": bias})),
        Mistake("added-mask", "the mask is added to the bias as 0 and 1", BIAS_LOOK,
                changed(lambda mask, bias: {"bias": bias + mask})),
        Mistake("multiplied-mask", "the bias of masked keys is set to 0: they stay in",
                BIAS_LOOK, changed(lambda mask, bias: {"bias": bias * mask})),
        Mistake("bias-subtracted", "the bias has the wrong sign", BIAS_LOOK,
                changed(lambda mask, bias: {"mask": mask, "bias": -bias})),
        Mistake("bias-scaled", "the bias is divided by √d_k too",
                "the bias comes after the scale", lambda q, k, v, mask, bias:
                attention(q, k, v, mask=mask, bias=bias / np.sqrt(q.shape[-1]))),
        Mistake("bias-after-softmax", "the bias is added to the weights", BIAS_LOOK,
                numbers_afterwards),
        Mistake("no-scaling", "the scores are not divided by √d_k",
                "SDPA does it unless told otherwise", lambda q, k, v, mask, bias:
                attention(q, k, v, mask=mask, bias=bias, scale=1.0)),
        Mistake("fully-masked-nan", "a query that may attend to nothing gets NaN",
                "where no key is allowed the weights are 0", nan_where_empty),
        Mistake("large-not-infinite",
                "a query that may attend to nothing gets the mean of the values",
                "a large negative number is not −∞: use −∞ itself", large_number),
        Mistake("large-not-infinite",
                "a query that may attend to nothing attends to everything",
                "a large negative number is not −∞: use −∞ itself",
                changed(lambda mask, bias: {
                    "bias": np.where(mask, bias, -1e9).astype(bias.dtype)})),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


def first_with(attend: Attend) -> Function:
    """Return attention of length-first features made with this attention."""

    def length_first(query: Array, key: Array, value: Array, n_heads: int) -> Array:
        heads = (split_heads(x.swapaxes(0, 1), n_heads) for x in (query, key, value))
        return np.asarray(merge_heads(attend(*heads)).swapaxes(0, 1))

    return length_first


def length_first_features(rng: Generator) -> Iterator[Case]:
    """Yield features of shape (length, batch, heads · width)."""
    for kind, b, n, m, h, d in (
        ("plain", 1, 3, 5, 2, 3), ("plain", 1, 5, 3, 1, 2), ("plain", 1, 3, 3, 3, 3),
        ("batch", 2, 5, 7, 3, 2), ("batch", 3, 3, 3, 3, 3), ("batch", 5, 2, 7, 2, 5),
        ("extreme", 2, 3, 5, 2, 3), ("float32", 2, 3, 5, 3, 2),
    ):  # fmt: skip
        size = 100.0 if kind == "extreme" else 1.0
        query, key = (size * rng.normal(size=(length, b, h * d)) for length in (n, m))
        yield cast(Case(kind, (query, key, rng.normal(size=(m, b, h * d)), h)))


def as_views(query: Array, key: Array, value: Array, n_heads: int) -> Array:
    """Reshape straight to (batch, heads, length, width)."""

    def cut(x: Array) -> Array:
        n, batch, width = x.shape
        return x.swapaxes(0, 1).reshape(batch, n_heads, n, width // n_heads)

    return np.asarray(merge_heads(attention(*map(cut, (query, key, value)))).swapaxes(0, 1))


def over_the_batch(query: Array, key: Array, value: Array, n_heads: int) -> Array:
    """Take the first axis for the batch."""
    heads = (split_heads(x, n_heads) for x in (query, key, value))
    return np.asarray(merge_heads(attention(*heads)))


LENGTH_FIRST = Exercise(
    name="length-first",
    chapter=7,
    skeleton='''
def length_first(query, key, value, n_heads):
    """Return multi-head attention, without maps, in the layout of nn.MultiheadAttention.

    query: (n_queries, batch, n_heads · d)    key, value: (n_keys, batch, n_heads · d)
    returns: (n_queries, batch, n_heads · d)
    """
    ...
''',
    reference=first_with(attention),
    cases=length_first_features,
    returns={"output": ("query", "batch element", "feature")},
    mistakes=(
        Mistake("attends-over-the-batch", "the first axis is taken for the batch: sequences attend "
                "to each other", FIRST_LOOK, over_the_batch),
        Mistake("one-head", "there is one head of full width", FIRST_LOOK,
                lambda q, k, v, h: first_with(attention)(q, k, v, 1)),
        Mistake("view-for-transpose", "the rows are cut into heads, not the features", FIRST_LOOK,
                as_views),
        Mistake("batch-first", "the output has the batch in front", FIRST_LOOK,
                lambda q, k, v, h: first_with(attention)(q, k, v, h).swapaxes(0, 1)),
        Mistake("root-of-d_model", "the scores are divided by the root of the full width",
                "each head scales by the root of its own width, d", lambda q, k, v, h: first_with(
                    lambda a, b, c: attention(a, b, c, scale=q.shape[-1] ** -0.5))(q, k, v, h)),
        Mistake("heads-averaged", "every head gets the mean of all the heads' outputs",
                "heads are put side by side", lambda q, k, v, h: first_with(
                    lambda a, b, c: np.broadcast_to(
                        attention(a, b, c).mean(1, keepdims=True), a.shape))(q, k, v, h)),
        *with_attention(first_with, leave_out=("reversed-axes", "root-of-d_v")),
    ),
)  # fmt: skip

EXERCISES = (BOTTOM_RIGHT, MASK_AND_BIAS, LENGTH_FIRST)
