"""Chapter 7, from tool to tool: masks, flags and weights as another tool wants them."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Mistake
from qkv_lib.practice.inputs import Generator, cast, random_mask

NUMBERS_LOOK = "0 leaves a score as it is, −∞ takes its key away: np.where(mask, 0.0, −∞)"
LAYER_LOOK = "row b · n_heads + i is for head i of batch element b, and True means hidden"
KERNEL_LOOK = "y = x @ weight.T, so transpose first; then cut the outputs into heads, then widths"


def mask_to_bias(mask: Array, query: Array) -> Array:
    """Return the mask as numbers to add to the scores."""
    return np.where(mask, 0.0, -np.inf).astype(query.dtype)


def masks_and_queries(rng: Generator) -> Iterator[Case]:
    """Yield masks, and queries whose dtype counts."""
    for kind, lead, n, m in (
        ("plain", (), 3, 5), ("plain", (), 5, 3), ("plain", (), 4, 4), ("plain", (), 1, 7),
        ("batch", (2, 1), 5, 3), ("batch", (3, 1), 3, 3), ("float32", (2, 1), 3, 5),
    ):  # fmt: skip
        mask = random_mask(rng, (*lead, n, m))
        yield cast(Case(kind, (mask, rng.normal(size=(n, 7)))))


MASK_TO_BIAS = Exercise(
    name="mask-to-bias",
    chapter=7,
    skeleton='''
def mask_to_bias(mask, query):
    """Return the mask as numbers that are added to the scores, in the dtype of query.

    mask: (..., n_queries, n_keys), boolean, True = may attend    query: (..., n_queries, d)
    returns: (..., n_queries, n_keys)
    """
    ...
''',
    reference=mask_to_bias,
    cases=masks_and_queries,
    returns={"bias": ("query", "key")},
    mistakes=(
        Mistake("inverted-mask", "the numbers hide what the mask shows",
                "True means may attend: its number is 0",
                lambda mask, q: mask_to_bias(~mask, q)),
        Mistake("one-and-zero", "True became 1 and False 0: added to a score, that hides nothing",
                NUMBERS_LOOK, lambda mask, q: mask.astype(q.dtype)),
        Mistake("minus-one", "False became −1: its key keeps some weight", NUMBERS_LOOK,
                lambda mask, q: mask.astype(q.dtype) - 1),
        Mistake("large-not-infinite", "False became a large negative number, not −∞",
                "where no key is allowed a large number gives the mean of the values, not zeros",
                lambda mask, q: np.where(mask, 0.0, -1e9).astype(q.dtype)),
        Mistake("large-not-infinite", "False became the smallest number of the dtype, not −∞",
                "where no key is allowed it gives the mean of the values, not zeros",
                lambda mask, q: np.where(mask, 0.0, np.finfo(q.dtype).min).astype(q.dtype)),
        Mistake("zero-times-infinity", "0 · ∞ is NaN", "choose with `where`, do not multiply by ∞",
                lambda mask, q: (1 - mask.astype(q.dtype)) * -np.inf),
        Mistake("plus-infinity", "False became +∞: all the weight goes where none may go",
                NUMBERS_LOOK, lambda mask, q: -mask_to_bias(mask, q)),
        Mistake("one-for-hidden", "the hidden keys get 1 and the seen ones 0", NUMBERS_LOOK,
                lambda mask, q: (~mask).astype(q.dtype)),
        Mistake("transposed-mask", "the numbers are transposed",
                "rows are queries, columns are keys",
                lambda mask, q: mask_to_bias(mask, q).swapaxes(-1, -2)),
        Mistake("all-allowed", "nothing is hidden", NUMBERS_LOOK,
                lambda mask, q: np.zeros(mask.shape, q.dtype)),
    ),
)  # fmt: skip


def layer_mask(mask: Array, n_heads: int) -> Array:
    """Return the mask as PyTorch's layer wants it."""
    return ~np.repeat(mask, n_heads, axis=0)


def masks_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield masks for one sequence, and for batches."""
    for kind, batch, n, m, h in (
        ("plain", 1, 3, 5, 2), ("plain", 1, 3, 3, 1), ("plain", 1, 7, 2, 3),
        ("batch", 2, 5, 3, 3), ("batch", 3, 4, 4, 2), ("batch", 3, 2, 7, 3), ("batch", 5, 3, 2, 2),
    ):  # fmt: skip
        yield Case(kind, (random_mask(rng, (batch, n, m)), h))


LAYER_MASK = Exercise(
    name="layer-mask",
    chapter=7,
    skeleton='''
def layer_mask(mask, n_heads):
    """Return the mask that nn.MultiheadAttention wants as attn_mask: True = hidden.

    mask: (batch, n_queries, n_keys), boolean, True = may attend
    returns: (batch · n_heads, n_queries, n_keys), the heads of a batch element in a row
    """
    ...
''',
    reference=layer_mask,
    cases=masks_and_heads,
    returns={"mask": ("query", "key")},
    mistakes=(
        Mistake("not-inverted", "True still means may attend", LAYER_LOOK,
                lambda mask, h: np.repeat(mask, h, axis=0)),
        Mistake("heads-outermost", "all first heads come first, then all second ones", LAYER_LOOK,
                lambda mask, h: np.tile(~mask, (h, 1, 1))),
        Mistake("no-heads", "the mask has a row for each batch element, not for each head",
                LAYER_LOOK, lambda mask, h: ~mask),
        Mistake("four-axes", "batch and heads are two axes",
                "the layer takes three: merge the first two",
                lambda mask, h: ~np.repeat(mask[:, None], h, axis=1)),
        Mistake("first-of-batch", "every batch element gets the mask of the first", LAYER_LOOK,
                lambda mask, h: np.repeat(~mask[:1], len(mask) * h, axis=0)),
        Mistake("transposed-mask", "the mask is transposed", "rows are queries, columns are keys",
                lambda mask, h: layer_mask(mask.swapaxes(-1, -2), h)),
        Mistake("additive-mask", "these are numbers to add: the layer takes them, but here it is "
                "to be a mask", "return booleans: True = hidden",
                lambda mask, h: np.where(layer_mask(mask, h), -np.inf, 0.0)),
        Mistake("nothing-hidden", "nothing is hidden", LAYER_LOOK,
                lambda mask, h: np.zeros_like(layer_mask(mask, h))),
        Mistake("all-hidden", "everything is hidden", LAYER_LOOK,
                lambda mask, h: np.ones_like(layer_mask(mask, h))),
    ),
)  # fmt: skip


def keras_kernel(weight: Array, n_heads: int) -> Array:
    """Return the kernel of Keras' layer."""
    return weight.T.reshape(weight.shape[1], n_heads, -1)


def weights_and_heads(rng: Generator) -> Iterator[Case]:
    """Yield weights of linear maps whose outputs the heads share."""
    for kind, h, d, width in (
        ("plain", 3, 2, 6), ("plain", 2, 5, 7), ("plain", 3, 3, 9), ("plain", 2, 2, 4),
        ("plain", 1, 3, 5), ("float32", 3, 5, 2),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.normal(size=(h * d, width)), h)))


def interleaved(weight: Array, n_heads: int) -> Array:
    """Give head i the outputs i, i + h, i + 2h and so on."""
    return weight.T.reshape(weight.shape[1], -1, n_heads).swapaxes(1, 2)


KERAS_KERNEL = Exercise(
    name="keras-kernel",
    chapter=7,
    skeleton='''
def keras_kernel(weight, n_heads):
    """Return the kernel of keras.layers.MultiHeadAttention for the weight of an nn.Linear.

    weight: (n_heads · d, d_model); the map is x @ weight.T
    returns: (d_model, n_heads, d)
    """
    ...
''',
    reference=keras_kernel,
    cases=weights_and_heads,
    returns={"kernel": ("input", "head", "feature")},
    mistakes=(
        Mistake("not-transposed", "the numbers are cut in reading order, inputs and outputs mixed",
                KERNEL_LOOK, lambda w, h: w.reshape(w.shape[1], h, -1)),
        Mistake("interleaved", "head i gets every h-th output, not its own block", KERNEL_LOOK,
                interleaved),
        Mistake("heads-last", "widths come before heads", KERNEL_LOOK,
                lambda w, h: keras_kernel(w, h).swapaxes(1, 2)),
        Mistake("heads-first", "heads come before inputs", KERNEL_LOOK,
                lambda w, h: np.moveaxis(keras_kernel(w, h), 1, 0)),
        Mistake("outputs-first", "the inputs come last: this is the shape of the output map",
                KERNEL_LOOK, lambda w, h: w.reshape(h, -1, w.shape[1])),
        Mistake("still-flat", "the outputs are not cut into heads", KERNEL_LOOK,
                lambda w, h: w.T),
        Mistake("unchanged", "the weight came back as it went in", KERNEL_LOOK, lambda w, h: w),
        Mistake("reversed-heads", "the heads are in reverse order", KERNEL_LOOK,
                lambda w, h: keras_kernel(w, h)[:, ::-1]),
        Mistake("first-head-for-all", "every head gets the first block", KERNEL_LOOK,
                lambda w, h: np.repeat(keras_kernel(w, h)[:, :1], h, axis=1)),
    ),
)  # fmt: skip

EXERCISES = (MASK_TO_BIAS, LAYER_MASK, KERAS_KERNEL)
