"""What notation card and glossary say and no cell shows, beside what computes it."""

import re
import tomllib

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from qkv_lib import attention, attention_steps, causal_mask, plots, softmax, split_heads
from qkv_lib.formula._call import Call
from qkv_lib.formula.scoring import gaussian
from qkv_lib.layers import DecoderBlock, EncoderBlock, MultiHeadAttention, initialise
from qkv_lib.measures.maps import deletion_curve
from qkv_lib.models.training import warm_cosine
from tests.holds import holds
from workshop.pages import BOOK, ROOT

RNG = np.random.default_rng(66)
Q, K, V = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))
STEPS = attention_steps(Q, K, V)


def random(*shape: int) -> torch.Tensor:
    """Return normal numbers in double precision."""
    return torch.tensor(RNG.normal(size=shape))


class TestCard:
    @holds(
        "Scores before the softmax, weights after it, output = weights × values.",
        "The softmax runs along a row, over the keys. Each row of weights sums to 1;",
        "Vectors are rows: $X W$, never $W x$.",
    )
    def test_rows(self) -> None:
        assert np.array_equal(softmax(STEPS.scaled), STEPS.weights)
        assert np.allclose(STEPS.weights @ V, STEPS.output)
        assert np.allclose(STEPS.weights.sum(axis=1), 1)
        assert not np.allclose(STEPS.weights.sum(axis=0), 1)
        assert (Q @ K.T).shape == (3, 5)
        assert (STEPS.weights @ V).shape == (3, 2)
        layer = MultiHeadAttention(4, 1, bias=False).double().requires_grad_(False)
        x = random(3, 4)
        assert torch.allclose(layer.query(x), x @ layer.query.weight.T)

    @holds(
        "In scores, weights and masks, and in every picture of them, rows are queries and columns "
        "are keys.",
    )
    def test_rows_are_queries(self) -> None:
        assert STEPS.scores.shape == STEPS.weights.shape == (len(Q), len(K))
        assert causal_mask(len(Q), len(K)).shape == (len(Q), len(K))
        ax = plots.heatmap(STEPS.weights, queries=range(3), keys=range(5))
        assert "quer" in ax.get_ylabel()
        assert "key" in ax.get_xlabel()
        plt.close("all")

    @holds(
        "A mask is boolean, True = may attend. It acts before the softmax.",
        "where a row may see nothing, its weights and its output are 0, never NaN.",
        "rows of weights sum to 1, padding changes nothing",
    )
    def test_mask(self) -> None:
        mask = np.ones((3, 5), dtype=bool)
        mask[0, 1:], mask[1], mask[:, 4] = False, False, False
        steps = attention_steps(Q, K, V, mask=mask)
        assert np.allclose(steps.weights[0], [1, 0, 0, 0, 0])  # what is left is shared anew
        assert (steps.weights[1] == 0).all()
        assert (steps.output[1] == 0).all()
        assert np.allclose(steps.weights[[0, 2]].sum(axis=1), 1)
        padded = K.copy(), V.copy()
        for each in padded:
            each[4] = 99
        assert np.array_equal(attention(Q, *padded, mask=mask), steps.output)

    @holds(
        "| $d_k$ | features of a query and of a key, in one head |",
        "| $d_v$ | features of a value, and of an output row |",
        "| $n_q$ | queries, and rows of the output |",
        "| $n_k$ | keys, and values; $n$ stands for both counts where $n_q = n_k$ |",
        "| $d_{\\text{model}}$, $h$ | features of the input; heads |",
        "The root is of $d_k$, the width of one head, not of $d_{\\text{model}}$.",
        "The library takes any number of axes in front: (batch, heads, n, d). A head is a group of "
        "feature columns, not of rows.",
        "In this book: (batch, heads, n, d).",
    )
    def test_axes(self) -> None:
        x = RNG.normal(size=(2, 5, 12))
        heads = split_heads(x, 3)
        assert heads.shape == (2, 3, 5, 4)
        assert np.array_equal(heads[:, 1], x[..., 4:8])
        layer = MultiHeadAttention(12, 3).double().requires_grad_(False)
        query, key, value = layer.project(random(2, 12), random(5, 12), random(5, 12))
        assert (query.shape, key.shape, value.shape) == ((3, 2, 4), (3, 5, 4), (3, 5, 4))
        assert STEPS.output.shape == (len(Q), V.shape[1])
        assert len(K) == len(V)
        steps = attention_steps(heads, heads, heads)
        assert np.allclose(steps.scaled, steps.scores / np.sqrt(4))
        assert np.allclose(steps.output[1, 2], attention(*[heads[1, 2]] * 3))

    def test_letters_of_the_library(self) -> None:
        found = re.findall(r"(\w+) : array of shape \(\.\.\., \w, (\w), (\w)\)", Call.__doc__ or "")
        assert {name: width for name, *width in found} == {
            "query": ["n", "d"], "key": ["m", "d"], "value": ["m", "e"],
        }  # fmt: skip

    @holds("| your machine | Python 3.11, 3.12 or 3.13;")
    def test_versions_of_python(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        assert project["project"]["requires-python"] == ">=3.11,<3.14"


class TestGlossary:
    @holds("most act on each number alone")
    @pytest.mark.parametrize("bend", [torch.relu, functional.gelu, torch.tanh, torch.sigmoid])
    def test_activation_functions(self, bend: object) -> None:
        assert callable(bend)
        x = random(6)
        assert torch.allclose(bend(x)[:1], bend(x[:1]))

    @holds(
        "A step waits for memory if it does fewer multiplications per byte than the processor "
        "could do in the time it takes to read one byte."
    )
    def test_what_a_step_waits_for(self) -> None:
        rate, bandwidth = 400.0, 2.0  # multiplications and bytes per second: 200 a byte
        for intensity, waits in ((50.0, True), (190.0, True), (210.0, False), (1000.0, False)):
            n_bytes = 8.0
            assert (n_bytes / bandwidth > intensity * n_bytes / rate) == waits
            assert (intensity < rate / bandwidth) == waits

    @holds(
        "| $\\tau$, $\\sigma$ | temperature; bandwidth of a kernel |",
        "The width $\\sigma > 0$ of a Gaussian kernel, which says what counts as near.",
        "Prediction by an average of measurements, in which those made nearby count more. It is a "
        "soft lookup, and dates from 1964.",
    )
    def test_bandwidth(self) -> None:
        places = np.array([[0.0], [1.0], [3.0]])
        weights = [
            softmax(gaussian(np.zeros((1, 1)), places, bandwidth=sigma))[0] for sigma in (0.5, 5.0)
        ]
        assert (np.diff(weights) < 0).all()
        assert weights[0][2] < 0.01 < 0.2 < weights[1][2]
        limits = [softmax(gaussian(np.zeros((1, 1)), places, bandwidth=s))[0] for s in (0.01, 1e4)]
        assert np.allclose(limits, [[1, 0, 0], [1 / 3] * 3])  # the nearest alone, and the mean
        scores = -(places.T**2) / 2
        for sigma in (0.5, 5.0):  # a temperature divides scores, and is the square of a bandwidth
            kernel = gaussian(np.zeros((1, 1)), places, bandwidth=sigma)
            assert np.allclose(softmax(scores / sigma**2), softmax(kernel))
        bib = (BOOK / "references.bib").read_text(encoding="utf-8")
        assert re.search(r"nadaraya1964,.*?year\s*=\s*\{1964\}", bib, re.DOTALL)

    @holds(
        "The bias of a projection is something else: a row added to every query, key or value.",
        "Attention whose queries come from one sequence and whose keys and values come from "
        "another.",
        "keys and values come from the source, queries from the target",
    )
    def test_projections_of_two_sequences(self) -> None:
        layer = initialise(MultiHeadAttention(6, 1).double(), np.random.default_rng(1))
        layer.requires_grad_(False)
        target, source = random(2, 6), random(5, 6)
        before = layer.project(target, source, source)
        layer.key.bias += torch.arange(6.0)
        after = layer.project(target, source, source)
        assert torch.allclose(after[1] - before[1], torch.arange(6.0, dtype=torch.float64))
        assert torch.equal(after[0], before[0])
        decoder, seen = initialise(DecoderBlock(6, 1).double(), np.random.default_rng(2)), []
        decoder.requires_grad_(False)
        decoder.memory_attention.register_forward_pre_hook(lambda _, given: seen.extend(given))
        decoder(target, source)
        assert [len(each) for each in seen[:2]] == [2, 5]
        assert torch.equal(seen[1], source)

    @holds("either the first query sees only the first key, or the last query sees all keys")
    def test_two_causal_alignments(self) -> None:
        query, key = random(2, 4), random(4, 4)
        eye = torch.eye(4, dtype=torch.float64)
        first = functional.scaled_dot_product_attention(query, key, eye, is_causal=True)
        assert torch.allclose(first[0], eye[0])
        last = attention(query, key, eye, causal=True, offset=2)
        assert (last[1] > 0).all()
        assert last[0, 3] == 0

    @holds("The mask that lets query $i$ see the keys up to its own position:")
    @pytest.mark.parametrize("offset", [0, 2])
    def test_causal_mask(self, offset: int) -> None:
        mask = causal_mask(3, 5, offset=offset)
        for i, j in np.ndindex(3, 5):
            assert mask[i, j] == (j <= i + offset)

    @holds(
        "A sum over the neighbourhood of a place, with weights that depend only on the offset "
        "from that place and are the same everywhere."
    )
    def test_convolution(self) -> None:
        filter_, found = random(1, 1, 3), []
        for place in (3, 5):
            row = torch.zeros(1, 1, 9, dtype=torch.float64)
            row[..., place] = 1
            found.append(functional.conv1d(row, filter_, padding=1)[0, 0])
        assert torch.equal(found[0][:7], found[1][2:])  # the same everywhere
        assert found[0].nonzero().flatten().tolist() == [2, 3, 4]  # the neighbourhood
        assert found[0][2] != found[0][4]  # the offset, and not the distance alone

    @holds("Two rows multiplied number by number, and the products added up.")
    def test_dot_product(self) -> None:
        assert np.isclose(Q[0] @ K[0], sum(a * b for a, b in zip(Q[0], K[0], strict=True)))

    @holds("Setting some weights to 0 at random while training, and enlarging the others.")
    def test_dropout(self) -> None:
        torch.manual_seed(0)
        left = nn.Dropout(0.2)(torch.ones(1000))
        assert set(left.round(decimals=4).tolist()) == {0.0, 1.25}
        assert 100 < (left == 0).sum() < 300
        assert (nn.Dropout(0.2).eval()(torch.ones(1000)) == 1).all()

    @holds(
        "The probability of the label while patches are hidden in the order of a map, the highest "
        "first.",
        "The faster it falls, the better the map found what mattered.",
    )
    def test_deletion_curve(self) -> None:
        worth = np.array([[5.0, 3.0, 1.0]])  # what each patch adds to the answer

        def follow(each: np.ndarray) -> list[float]:
            return (
                deletion_curve(lambda seen: (worth * seen).sum(axis=-1), each, range(4))
                .ravel()
                .tolist()
            )

        assert follow(worth) == [9, 4, 1, 0]
        assert follow(-worth) == [9, 8, 5, 0]

    @holds("A learning rate that rises from near 0 over the first updates.")
    def test_warm_up(self) -> None:
        rates = [warm_cosine(done, 0.3) for done in np.linspace(0.001, 0.3, 9)]
        assert rates[0] < 0.05
        assert (np.diff(rates) > 0).all()

    @holds("The likeliest beginning need not lead to the likeliest translation.")
    def test_greedy_search(self) -> None:
        first, then = np.array([0.6, 0.4]), np.array([[0.5, 0.5], [0.0, 1.0]])
        wholes = first[:, None] * then
        assert first.argmax() == 0
        assert np.unravel_index(wholes.argmax(), wholes.shape)[0] == 1

    @holds("The value of the best key, and of no other.")
    def test_hard_lookup(self) -> None:
        nearly = attention(1e6 * Q, K, V)
        assert np.allclose(nearly, V[(Q @ K.T).argmax(axis=1)])

    @holds(
        "Two places for layer normalisation in a block:",
        "before each part, or after the sum with the residual path.",
        "This order, with the norms first, is pre-norm;",
        "puts the norm after each sum (post-norm)",
        "Subtracting the mean of each row and dividing by its spread.",
    )
    def test_places_of_the_norm(self) -> None:
        x = random(3, 8) * 5 + 2
        blocks = [EncoderBlock(8, 2, norm_first=first).double().requires_grad_(False)
                  for first in (True, False)]  # fmt: skip
        before, after = (block(x) for block in blocks)
        assert torch.allclose(after.mean(dim=-1), torch.zeros(3, dtype=torch.float64), atol=1e-9)
        assert torch.allclose(after.std(dim=-1, unbiased=False), after.new_ones(3), atol=1e-3)
        assert (before.mean(dim=-1).abs() > 0.1).all()
        entering = []
        blocks[0].attention.register_forward_pre_hook(lambda _, given: entering.extend(given))
        blocks[0](x)
        spread = x.std(dim=-1, keepdim=True, unbiased=False)
        assert torch.allclose(entering[0], (x - x.mean(dim=-1, keepdim=True)) / spread, atol=1e-4)

    @holds(
        "An input chosen so that the output reveals a convention, such as a query of zeros and the "
        "identity matrix as values.",
        "Whether True lets a key in, as in this book, or keeps it out.",
    )
    def test_a_probe_tells_the_polarity(self) -> None:
        mask = np.array([[True, True, False, False, False]])
        seen = attention(np.zeros((1, 4)), K, np.eye(5), mask=mask)
        assert np.allclose(seen, [[0.5, 0.5, 0, 0, 0]])
        layer = nn.MultiheadAttention(4, 1).double().requires_grad_(False)
        key = torch.tensor(K)
        weights = layer(torch.zeros(1, 4).double(), key, key, attn_mask=torch.tensor(mask))[1]
        assert (weights[0, :2] == 0).all()

    @holds(
        "The result is that of a softmax over all scores at once.",
        "A softmax from scores that come one at a time.",
    )
    def test_online_softmax(self) -> None:
        peak, total, output = -np.inf, 0.0, np.zeros(2)
        for score, value in zip(STEPS.scaled[0], V, strict=True):
            new = max(peak, score)
            total = total * np.exp(peak - new) + np.exp(score - new)
            output = output * np.exp(peak - new) + np.exp(score - new) * value
            peak = new
        assert np.allclose(output / total, STEPS.output[0])

    @holds(
        "move one number a little, up and down, and divide the change of the loss by the distance "
        "moved"
    )
    def test_finite_difference(self) -> None:
        def loss(query: np.ndarray) -> float:
            return float((attention(query, K, V) ** 2).sum())

        query = torch.tensor(Q, requires_grad=True)
        (attention(query, torch.tensor(K), torch.tensor(V)) ** 2).sum().backward()
        step = np.zeros_like(Q)
        step[1, 2] = 1e-6
        measured = (loss(Q + step) - loss(Q - step)) / 2e-6
        assert query.grad is not None
        assert np.isclose(measured, query.grad[1, 2], atol=1e-6)
