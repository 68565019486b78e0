"""Clauses of *Raises* brought about: a call that is refused, and its neighbour that is not.

`tests/shapes/refused.py` spoils the calls of examples wherever the words of a clause say how; here
is what needs a call of its own.
"""

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.measures.cost import Block
from tests.promises import promises
from tests.test_docstrings import section

RNG = np.random.default_rng(3)
X, Q, K, V = np.ones((4, 6)), np.ones((2, 4, 6)), np.ones((2, 5, 6)), np.ones((2, 5, 3))
F32 = X.astype(np.float32)
T = torch.ones(4, 6)
IMAGES = np.zeros((1, 28, 28), np.float32)
W = np.full((2, 3), 1 / 3)
BAD = np.array([[1.0, np.nan]])
Call = Callable[[Callable[..., Any]], Any]


def with_(*args: Any, **options: Any) -> Call:
    """Return what calls a function with these arguments."""
    return lambda function: function(*args, **options)


def heat(values: Any, **options: Any) -> Call:
    """Return a call that draws a map with two rows and three columns."""
    return with_(values, queries=list("ab"), keys=list("abc"), **options)


def attended(mask: Any = None, query: Any = X, **options: Any) -> Call:
    """Return a call of attention on four rows."""
    return with_(query, X, X, mask=mask, **options)


def trained(n: int = 2, lr: float = 0.1, given: int = 3, worth: float = 1.0) -> Call:
    """Return a call that trains a line."""

    def call(function: Callable[..., Any]) -> Any:
        batches = iter([(torch.ones(2, 1), torch.ones(2, 1))] * given)
        loss = lambda _model, x, y: (x - y).sum() * torch.tensor(worth) + worth  # noqa: E731
        model = nn.Linear(1, 1)
        return function(model, batches, n_updates=n, lr=lr, loss=lambda m, x, y: loss(m, m(x), y))

    return call


CASES: list[tuple[str, str, Call, Call]] = [
    ("attention.attention", "libraries or dtypes differ", attended(query=F32), attended()),
    ("attention.attention", "libraries or dtypes differ", attended(query=T), attended()),
    ("attention.attention", "``mask`` is not boolean", attended(X @ X.T), attended(X @ X.T > 0)),
    (
        "attention.attention",
        "``bias`` not floating point",
        attended(bias=np.eye(4, dtype=int)),
        attended(bias=np.eye(4)),
    ),
    (
        "attention.attention",
        "a number has the wrong type",
        attended(scale="1"),
        attended(scale=1.0),
    ),
    (
        "attention.attention",
        "a number is out of range",
        attended(causal=True, window=0),
        attended(causal=True, window=1),
    ),
    (
        "attention.attention",
        "a number is out of range",
        attended(softcap=0.0),
        attended(softcap=1e-3),
    ),
    (
        "attention.attention",
        "``offset`` is given without ``causal``",
        attended(offset=1),
        attended(offset=1, causal=True),
    ),
    ("attention.attention", "``window``", attended(offset=1), attended(offset=1, window=2)),
    (
        "attention.attention",
        "the scores could overflow",
        attended(query=1e308 * X),
        attended(query=1e300 * X),
    ),
    (
        "data.aloud.reason",
        "A row has not 4 numbers",
        with_(np.ones(3), np.ones(4)),
        with_(np.array([0, 2, 2, 0.0]), np.array([0, 2, 2, 0.0])),
    ),
    (
        "data.clutter.cluttered",
        "an image has no ink",
        with_(np.zeros((20, 28, 28), np.float32), RNG),
        with_(np.ones((20, 28, 28), np.float32), RNG),
    ),
    (
        "data.lexicon.rows",
        "A word is not in the lexicon",
        with_(["the", "zebra"]),
        with_(["the", "cat"]),
    ),
    (
        "data.lexicon.words_of",
        "A word is not in the `LEXICON`",
        with_("the zebra"),
        with_("the cat"),
    ),
    (
        "data.patches.to_patches",
        "does not divide the image",
        with_(np.ones((6, 6)), 4),
        with_(np.ones((6, 6)), 3),
    ),
    (
        "data.planted.marked",
        "There is not one label per image",
        with_(IMAGES, np.array([1, 2])),
        with_(IMAGES, np.array([1])),
    ),
    (
        "data.planted.marked",
        "a label is out of range",
        with_(IMAGES, np.array([15])),
        with_(IMAGES, np.array([14])),
    ),
    (
        "data.planted.marked",
        "the images are too small",
        with_(IMAGES[:, :2, :2], np.array([1])),
        with_(IMAGES, np.array([1])),
    ),
    (
        "data.pretrained.pretrained_file",
        "No digest of a file",
        with_("nothing.txt"),
        with_("tokenizer.json"),
    ),
    (
        "data.pretrained.read_pretrained",
        "no digest of this name",
        with_("nothing.txt"),
        with_("tokenizer.json"),
    ),
    ("exact.fused.fused_attention", "``query`` is no torch tensor", with_(X, X, X), with_(T, T, T)),
    (
        "exact.fused.fused_attention",
        "``softcap`` is given",
        with_(T, T, T, softcap=3.0),
        with_(T, T, T),
    ),
    (
        "exact.ring.held_by",
        "``rank`` does not exist",
        with_(3, 6, n_ranks=3),
        with_(2, 6, n_ranks=3),
    ),
    (
        "exact.ring.held_by",
        "``n`` cannot be shared",
        with_(0, 9, n_ranks=3, zigzag=True),
        with_(0, 6, n_ranks=3, zigzag=True),
    ),
    (
        "explorers.lookup.lookup",
        "``tokens``",
        with_(X[0, :2], X[:, :2], X, tokens=[1, 2, 3, 4]),
        with_(X[0, :2], X[:, :2], X, tokens=list("abcd")),
    ),
    (
        "explorers.scaling.scaling",
        "tokens are not strings",
        with_(np.array([1.0, 2.0]), tokens=[1, 2]),
        with_(np.array([1.0, 2.0]), tokens=["a", "b"]),
    ),
    (
        "explorers.steps.steps",
        "``tokens`` are not strings",
        with_(X, X, X, tokens=[1, 2, 3, 4]),
        with_(X, X, X, tokens=list("abcd")),
    ),
    (
        "explorers.sentence.sentence",
        "``depth`` is neither",
        with_("the cat", depth=3),
        with_("the cat", depth=2),
    ),
    (
        "explorers.sentence.sentence",
        "there is none or more than 14",
        with_(" ".join(["cat"] * 15)),
        with_(" ".join(["cat"] * 14)),
    ),
    (
        "formula.gradients.attention_gradients",
        "``output_gradient`` is not",
        with_(X, X, X, F32),
        with_(X, X, X, X),
    ),
    ("formula.heads.split_heads", "``n_heads`` does not divide", with_(X, 4), with_(X, 3)),
    ("formula.masks.causal_mask", "``like`` is no array", with_(3, like=[1.0]), with_(3, like=X)),
    (
        "formula.masks.window_mask",
        "``like`` is no array",
        with_(3, window=1, like=[1.0]),
        with_(3, window=1, like=X),
    ),
    ("formula.masks.window_mask", "the window is below 1", with_(3, window=0), with_(3, window=1)),
    (
        "formula.masks.padding_mask",
        "A length is below 0",
        with_(np.array([-1]), 4),
        with_(np.array([0]), 4),
    ),
    (
        "formula.masks.padding_mask",
        "above ``n_keys``",
        with_(np.array([5]), 4),
        with_(np.array([4]), 4),
    ),
    (
        "formula.masks.padding_mask",
        "``n_axes`` leaves no room",
        with_(np.array([2]), 4, n_axes=2),
        with_(np.array([2]), 4, n_axes=3),
    ),
    (
        "formula.positions.alibi.alibi_bias",
        "``like`` no floating-point array",
        with_(2, 3, like=X.astype(int)),
        with_(2, 3, like=X),
    ),
    (
        "formula.positions.rope.rope",
        "stand beside ``offset``",
        with_(X, positions=np.arange(4), offset=1),
        with_(X, positions=np.arange(4)),
    ),
    ("formula.positions.rope.rope", "odd in number", with_(X[:, :5]), with_(X[:, :4])),
    ("formula.positions.rope.rope", "odd in number", with_(X, n_rotated=3), with_(X, n_rotated=4)),
    (
        "formula.positions.rope.rope",
        "or more than there are",
        with_(X, n_rotated=8),
        with_(X, n_rotated=6),
    ),
    (
        "formula.positions.sinusoidal.sinusoidal",
        "``positions`` is neither",
        with_(2.5, 4),
        with_(2, 4),
    ),
    (
        "formula.positions.sinusoidal.sinusoidal",
        "neither an integer nor an integer array",
        with_(np.array([0.5]), 4),
        with_(np.array([0]), 4),
    ),
    (
        "formula.positions.sinusoidal.sinusoidal",
        "of another library than ``like``",
        with_(torch.tensor([1]), 4, like=X),
        with_(np.array([1]), 4, like=X),
    ),
    (
        "formula.positions.sinusoidal.sinusoidal",
        "``like`` is no floating-point",
        with_(2, 4, like=X.astype(int)),
        with_(2, 4, like=X),
    ),
    (
        "formula.positions.sinusoidal.sinusoidal",
        "a number has the wrong type",
        with_(2, 4.0),
        with_(2, 4),
    ),
    (
        "formula.positions.sinusoidal.sinusoidal",
        "``offset`` is given beside",
        with_(np.array([1]), 4, offset=1),
        with_(1, 4, offset=1),
    ),
    (
        "formula.rules.documents",
        "neither one axis nor two",
        with_(np.zeros((1, 1, 3), int)),
        with_(np.zeros((1, 3), int)),
    ),
    (
        "formula.rules.tree",
        "does not come before",
        with_(np.array([-1, 1])),
        with_(np.array([-1, 0])),
    ),
    (
        "formula.scoring.additive",
        "a map does not fit",
        with_(X, X, X.T, np.ones((5, 4)), np.ones(4)),
        with_(X, X, X.T, X.T, np.ones(4)),
    ),
    (
        "formula.scoring.bilinear",
        "``w`` does not fit",
        with_(X, X, np.eye(5)),
        with_(X, X, np.eye(6)),
    ),
    ("formula.scoring.dot", "libraries or dtypes differ", with_(X, F32), with_(X, X)),
    (
        "formula.scoring.scaled_dot",
        "``scale`` is no finite number",
        with_(X, X, scale=np.inf),
        with_(X, X, scale=1.0),
    ),
    ("formula.steps.softmax", "no floating-point array", with_(X.astype(int)), with_(X)),
    ("formula.steps.softmax", "not the axis asked for", with_(X, axis=2), with_(X, axis=1)),
    (
        "layers.recording.recorded_weights",
        "There is no `MultiHeadAttention`",
        lambda f: f(nn.Linear(2, 2)).__enter__(),
        lambda f: f(MultiHeadAttention(4, 2)).__enter__(),
    ),
    (
        "measures.maps.deletion_curve",
        "larger than the number of patches",
        with_(lambda m: m.sum(-1) * 1.0, np.ones((1, 4)), [5]),
        with_(lambda m: m.sum(-1) * 1.0, np.ones((1, 4)), [4]),
    ),
    (
        "measures.maps.deletion_curve",
        "A count is negative",
        with_(lambda m: m.sum(-1) * 1.0, np.ones((1, 4)), [-1]),
        with_(lambda m: m.sum(-1) * 1.0, np.ones((1, 4)), [0]),
    ),
    ("measures.maps.rollout", "There are no layers", with_([]), with_([np.eye(3)[None]])),
    ("measures.maps.rollout", "of one square shape", with_([W[None]]), with_([np.eye(3)[None]])),
    (
        "measures.pointing.mass_inside",
        "a map is negative",
        with_(-W[:1], W[:1]),
        with_(W[:1], W[:1]),
    ),
    ("measures.pointing.mass_inside", "0 everywhere", with_(0 * W[:1], W[:1]), with_(W[:1], W[:1])),
    ("measures.relations.spread", "fewer than two keys", with_(np.ones((3, 1))), with_(W)),
    (
        "measures.retrieval.ranks",
        "names no document",
        with_(W, np.array([0, 3])),
        with_(W, np.array([0, 2])),
    ),
    (
        "models.training.minibatches",
        "differ in number",
        lambda f: next(f(np.ones((4, 2)), np.ones(3), RNG, batch_size=2)),
        lambda f: next(f(np.ones((4, 2)), np.ones(4), RNG, batch_size=2)),
    ),
    (
        "models.training.minibatches",
        "a batch is larger than both",
        lambda f: next(f(np.ones((4, 2)), np.ones(4), RNG, batch_size=5)),
        lambda f: next(f(np.ones((4, 2)), np.ones(4), RNG, batch_size=4)),
    ),
    (
        "multihead.multi_head_attention",
        "heads do not divide the features",
        with_(X, X, *[np.eye(6)] * 4, n_heads=4),
        with_(X, X, *[np.eye(6)] * 4, n_heads=3),
    ),
    (
        "multihead.multi_head_attention",
        "does not fit its neighbour",
        with_(X, X, np.eye(5), *[np.eye(6)] * 3, n_heads=3),
        with_(X, X, *[np.eye(6)] * 4, n_heads=3),
    ),
    (
        "multihead.multi_head_attention",
        "an option is not what",
        with_(X, X, *[np.eye(6)] * 4, n_heads=3, window=0),
        with_(X, X, *[np.eye(6)] * 4, n_heads=3, window=1),
    ),
    (
        "plots.heat.heatmap",
        "labels come as one string",
        with_(W, queries="ab", keys=list("abc")),
        with_(W, queries=list("ab"), keys=list("abc")),
    ),
    (
        "plots.heat.heatmap",
        "labels are too few or too many",
        with_(W, queries=list("a"), keys=list("abc")),
        with_(W, queries=list("ab"), keys=list("abc")),
    ),
    ("plots.heat.heatmap", "``mask`` is not boolean", heat(W, mask=W), heat(W, mask=W > 0)),
    ("plots.heat.heatmap", "a weight lies outside 0 to 1", heat(W + 1), heat(W)),
    ("plots.heat.heatmap", "a masked weight is not 0", heat(W, mask=W > 1), heat(W, mask=W > 0)),
    (
        "plots.plane.hull",
        "The width is not 2",
        with_(np.ones((4, 3)), np.ones((1, 3))),
        with_(RNG.random((4, 2)), np.ones((1, 2))),
    ),
    (
        "plots.plane.hull",
        "fewer than three values",
        with_(RNG.random((2, 2)), np.ones((1, 2))),
        with_(RNG.random((3, 2)), np.ones((1, 2))),
    ),
    (
        "plots.shapes.maskmap",
        "labels come as one string",
        with_(W > 0, queries="ab", keys=list("abc")),
        with_(W > 0, queries=list("ab"), keys=list("abc")),
    ),
    (
        "plots.shapes.maskmap",
        "labels are too few or too many",
        with_(W > 0, queries=list("a"), keys=list("abc")),
        with_(W > 0, queries=list("ab"), keys=list("abc")),
    ),
    ("plots.shapes.maskmap", "``mask`` has not two axes", heat(W[0] > 0), heat(W > 0)),
    (
        "practice.grading.check",
        "There is no exercise of that name",
        with_("nothing", len),
        with_("softmax-rows", lambda x: x),
    ),
    (
        "practice.grading.describe",
        "There is no exercise of that name",
        with_("nothing"),
        with_("softmax-rows"),
    ),
    (
        "practice.grading.grade",
        "There is no exercise of that name",
        with_("nothing", len),
        with_("softmax-rows", lambda x: x),
    ),
    (
        "variants.convolution.convolve",
        "The shapes do not fit",
        with_(np.ones((4, 4, 2)), np.ones((3, 3, 3, 1))),
        with_(np.ones((4, 4, 2)), np.ones((3, 3, 2, 1))),
    ),
    (
        "variants.delta.delta_attention",
        "``decay`` has not one number",
        with_(X, X, X, np.ones(4), decay=np.ones(3)),
        with_(X, X, X, np.ones(4), decay=np.ones(4)),
    ),
    (
        "variants.delta.delta_attention",
        "``decay`` is not above 0",
        with_(X, X, X, np.ones(4), decay=np.zeros(4)),
        with_(X, X, X, np.ones(4), decay=1e-9 * np.ones(4)),
    ),
    (
        "variants.delta.delta_attention",
        "at most 1",
        with_(X, X, X, np.ones(4), decay=1.01 * np.ones(4)),
        with_(X, X, X, np.ones(4), decay=np.ones(4)),
    ),
    (
        "variants.differential.differential_attention",
        "odd in number",
        with_(np.ones((3, 4, 6)), np.ones((3, 4, 6)), V[:, :4], strength=0.5),
        with_(np.ones((4, 4, 6)), np.ones((4, 4, 6)), V[:, :4], strength=0.5),
    ),
    (
        "variants.gated.gated_attention",
        "``gate`` does not fit",
        with_(Q, K, V, gate=np.ones((4, 2))),
        with_(Q, K, V, gate=np.ones((2, 4, 3))),
    ),
    (
        "variants.int8.rounded",
        "holds NaN or infinity",
        with_(BAD.astype(np.float32)),
        with_(np.ones((1, 2), np.float32)),
    ),
    (
        "variants.latent.latent_attention",
        "without the other",
        with_(Q, X[None], np.ones((2, 6, 6)), np.ones((2, 6, 3)), query_turned=Q[..., :2]),
        with_(
            Q,
            X[None],
            np.ones((2, 6, 6)),
            np.ones((2, 6, 3)),
            query_turned=Q[..., :2],
            key_turned=X[None, :, :2],
        ),
    ),
    (
        "variants.linear.linear_attention",
        "``feature_map`` returned a negative",
        with_(Q, K, V, feature_map=lambda x: -x),
        with_(Q, K, V, feature_map=lambda x: x),
    ),
    (
        "variants.rotary.rope_2d",
        "``x`` does not have",
        with_(np.ones((5, 8)), height=2, width=3),
        with_(np.ones((6, 8)), height=2, width=3),
    ),
    (
        "variants.rotary.rope_2d",
        "no multiple of 4",
        with_(np.ones((6, 6)), height=2, width=3),
        with_(np.ones((6, 8)), height=2, width=3),
    ),
    (
        "variants.rotary.yarn",
        "``fast`` is not above ``slow``",
        with_(np.ones(3), 2.0, trained=10, slow=2.0, fast=2.0),
        with_(np.ones(3), 2.0, trained=10, slow=2.0, fast=2.1),
    ),
    (
        "variants.sinks.sink_attention",
        "``sink`` is NaN or +∞",
        with_(Q, K, V, sink=np.inf),
        with_(Q, K, V, sink=-np.inf),
    ),
    (
        "variants.sinks.sink_attention",
        "has not one number per head",
        with_(Q, K, V, sink=np.zeros(3)),
        with_(Q, K, V, sink=np.zeros(2)),
    ),
    ("models.training.fit", "``batches`` ends before", trained(n=4), trained(n=3)),
    ("models.training.fit", "The loss is no longer finite", trained(worth=float("nan")), trained()),
    ("explorers.cost.cost", "``block`` is no", with_("block", 9), with_(Block(8, 2), 9)),
    (
        "explorers.cost.cost",
        "``bytes_per_number`` is not",
        with_(Block(8, 2), 9, bytes_per_number=3),
        with_(Block(8, 2), 9, bytes_per_number=2),
    ),
    (
        "plots.growth.growth",
        "another number of points",
        with_([1, 2], {"a": [1.0]}, xlabel="x", ylabel="y"),
        with_([1, 2], {"a": [1.0, 2.0]}, xlabel="x", ylabel="y"),
    ),
    (
        "plots.growth.growth",
        "that is not positive",
        with_([1, 2], {"a": [0.0, 1.0]}, xlabel="x", ylabel="y"),
        with_([1, 2], {"a": [1.0, 2.0]}, xlabel="x", ylabel="y"),
    ),
    (
        "plots.heads.head_grid",
        "An array has not two axes",
        with_({"a": np.ones(3)}, label="b"),
        with_({"a": np.ones((2, 3))}, label="b"),
    ),
    (
        "plots.heads.head_grid",
        "holds negative numbers",
        with_({"a": -np.ones((2, 3))}, label="b"),
        with_({"a": np.ones((2, 3))}, label="b"),
    ),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "words", "bad", "good"), CASES,
                         ids=[f"{name}-{words}" for name, words, *_ in CASES])  # fmt: skip
def test_a_call_is_refused_as_promised_and_its_neighbour_is_not(
    name: str, words: str, bad: Call, good: Call
) -> None:
    module, _, own = f"qkv_lib.{name}".rpartition(".")
    function = getattr(importlib.import_module(module), own)
    said = promises(name, section(inspect.getdoc(function) or "", "Raises"))
    kinds = {kind for each in said if words in each.clause for kind in each.kinds}
    assert kinds, "*Raises* says so no more: repeat its words here"
    with pytest.raises(Exception) as refused:  # noqa: PT011  # its kind is compared below
        bad(function)
    assert type(refused.value).__name__ in kinds, refused.value
    good(function)
    plt.close("all")
