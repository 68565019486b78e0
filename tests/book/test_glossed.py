"""What the glossary says and no cell shows: each sentence beside what computes it."""

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, causal_mask, scoring, softmax
from qkv_lib.formula.gradients import attention_gradients
from qkv_lib.formula.positions import alibi_bias, rope, sinusoidal
from qkv_lib.formula.scoring import gaussian
from qkv_lib.layers import EncoderBlock, FeedForward
from qkv_lib.measures.cost import Block, block_cost, kv_cache_bytes
from qkv_lib.measures.maps import rollout
from qkv_lib.measures.traffic import map_traffic
from qkv_lib.models.ngrams import NGrams
from qkv_lib.models.sampling import next_probabilities
from qkv_lib.models.seq2seq import EncoderDecoder
from qkv_lib.multihead import multi_head_attention
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.int8 import rounded
from qkv_lib.variants.rotary import frequencies, interpolated, turned
from qkv_lib.variants.sparse import chosen_blocks
from tests.holds import holds

RNG = np.random.default_rng(11)
Q, K, V = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))
STEPS = attention_steps(Q, K, V)


class TestFormula:
    @holds(
        "For each query, a weighted average of the values; the weights come from comparing the "
        "query with the keys.",
        "scores are dot products, divided by $\\sqrt{d_k}$, and a softmax over the keys turns them "
        "into the weights of the values.",
        "It is the score used in this book unless another is named.",
        "The sum of the values, each multiplied by its weight.",
        "The average of all values, each weighted by how well its key matches the query.",
        "Attention is a soft lookup for many queries at once.",
    )
    def test_attention_is_an_average_under_weights(self) -> None:
        for i in range(3):
            weights = softmax(np.array([Q[i] @ k for k in K]) / np.sqrt(4))
            assert np.allclose(
                attention(Q, K, V)[i], sum(a * v for a, v in zip(weights, V, strict=True))
            )

    @holds(
        "a row of numbers becomes a row of positive weights with the sum 1.",
        "$n_q \\times n_k$ numbers from 0 to 1.",
        "$n_q \\times n_k$ numbers of any size and sign.",
        "one row per query, as wide as a value, $n_q \\times d_v$.",
        "Each query gets one row of output.",
        "There are as many values as keys.",
    )
    def test_shapes_and_sizes(self) -> None:
        assert STEPS.scores.shape == STEPS.weights.shape == (3, 5)
        assert 0 < STEPS.weights.min() <= STEPS.weights.max() < 1
        assert np.allclose(STEPS.weights.sum(axis=1), 1)
        assert STEPS.scores.min() < 0 < 1 < STEPS.scores.max()
        assert STEPS.output.shape == (3, 2)
        with pytest.raises(ValueError, match="value has"):
            attention(Q, K, V[:4])

    @holds(
        "0 keeps a key, $-\\infty$ hides it.",
        "boolean, $n_q \\times n_k$, True where it may.",
        "Numbers added to the scores before the softmax, of shape $n_q \\times n_k$.",
        "In the library, bias and mask are separate arguments.",
    )
    def test_masks_of_both_kinds(self) -> None:
        mask = RNG.random((3, 5)) < 0.6
        mask[:, 0] = True
        added = np.where(mask, 0.0, -np.inf)
        assert np.allclose(
            softmax(STEPS.scaled + added), attention_steps(Q, K, V, mask=mask).weights
        )
        bias = RNG.normal(size=(3, 5))
        found = attention_steps(Q, K, V, mask=mask, bias=bias).weights
        assert np.allclose(found, softmax(STEPS.scaled + bias + added))

    @holds(
        "How many keys came before the first query:",
        "0 when queries and keys are the same words, the length of the past when text is "
        "generated.",
    )
    def test_offset(self) -> None:
        whole = causal_mask(6, 6)
        assert np.array_equal(whole, causal_mask(6, 6, offset=0))
        assert np.array_equal(whole[4:], causal_mask(2, 6, offset=4))

    @holds(
        "A score made by a small network from query and key, $u \\cdot \\tanh(q_i W_1 + k_j W_2)$."
    )
    def test_additive_score(self) -> None:
        W_1, W_2, u = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 6)), RNG.normal(size=6)
        by_hand = [[u @ np.tanh(q @ W_1 + k @ W_2) for k in K] for q in Q]
        assert np.allclose(scoring.additive(Q, K, W_1, W_2, u), by_hand)

    @holds("A score with a learned matrix between query and key, $q_i\\,W_{QK}\\,k_j^\\top$;")
    def test_bilinear_score(self) -> None:
        W = RNG.normal(size=(4, 4))
        assert np.allclose(scoring.bilinear(Q, K, W), [[q @ W @ k for k in K] for q in Q])

    @holds(
        "The function $e^{-\\lVert r \\rVert^2 / 2\\sigma^2}$ of a difference $r$:",
        "1 at 0, falling with the distance.",
    )
    def test_gaussian_kernel(self) -> None:
        r = np.array([[0.0], [1.0], [2.0]])
        found = np.exp(gaussian(np.zeros((1, 1)), r, bandwidth=1.7))[0]
        assert np.allclose(found, np.exp(-(r[:, 0] ** 2) / (2 * 1.7**2)))
        assert found[0] == 1 > found[1] > found[2]

    @holds("it has the shape of the array.", "$dQ$ stands for the gradient with respect to $Q$.")
    def test_a_gradient_has_the_shape_of_its_array(self) -> None:
        d_output = RNG.normal(size=(3, 2))
        found = attention_gradients(Q, K, V, d_output)
        assert [each.shape for each in found[:3]] == [Q.shape, K.shape, V.shape]
        h, moved = 1e-6, Q.copy()
        moved[1, 2] += h
        slope = ((attention(moved, K, V) - attention(Q, K, V)) * d_output).sum() / h
        assert np.isclose(found[0][1, 2], slope, atol=1e-4)

    @holds(
        "If the query moves a little, the answer stays the same or jumps. So the gradient of query "
        "and keys is 0 wherever there is one, and training cannot move them."
    )
    def test_a_hard_lookup_has_no_slope(self) -> None:
        answers = {int((K @ np.array([np.cos(t), np.sin(t), 0, 0])).argmax())
                   for t in np.linspace(0, 6, 5000)}  # fmt: skip
        assert 1 < len(answers) <= 5


class TestModels:
    @holds(
        "a decoder knows a sentence only through one vector, which is as wide for sixty words as "
        "for two."
    )
    def test_one_vector_is_as_wide_for_sixty_words(self) -> None:
        model = EncoderDecoder(10, 8, attends=False)
        widths = [model.encode(torch.zeros(1, n, dtype=torch.int64))[0].shape for n in (2, 60)]
        assert widths[0] == widths[1] == (1, 1, 8)

    @holds(
        "The part of a block that changes each row alone:",
        "two linear maps with an activation function between them.",
        "Its output can be a row that no average of the values gives.",
    )
    def test_feed_forward_sees_each_row_alone(self) -> None:
        layer, x = FeedForward(4, 8).double(), torch.tensor(RNG.normal(size=(3, 4)))
        assert torch.allclose(layer(x)[1], layer(x[1:2])[0])
        assert {type(each).__name__ for each in layer.children()} == {"Linear", "Dropout"}
        equal = torch.ones(3, 4).double()  # every average of these rows is such a row
        assert not torch.allclose(layer(equal), equal)

    @holds(
        "A layer's input is added to the layer's output.",
        "Attention and a feed-forward layer, each with a residual path around it and with layer "
        "normalisation.",
    )
    def test_the_residual_path_adds_the_input(self) -> None:
        block, x = EncoderBlock(4, 2).double(), torch.tensor(RNG.normal(size=(3, 4)))
        for each in (block.attention.output, block.feed_forward.contract):
            torch.nn.init.zeros_(each.weight)
            torch.nn.init.zeros_(each.bias)
        assert torch.equal(block(x), x)
        block = EncoderBlock(4, 2).double()
        y = x + block.attention(block.attention_norm(x))
        assert torch.allclose(block(x), y + block.feed_forward(block.feed_forward_norm(y)))

    @holds(
        "Several attentions side by side, each on its own projections. Their outputs are laid next "
        "to each other and mapped once more by $W_O$.",
        "One of several attentions that run side by side, each with its own projections.",
        "(It grows in models that fix the width of a head.)",
    )
    def test_heads_side_by_side(self) -> None:
        W_Q, W_K, W_V, W_O = RNG.normal(size=(4, 4, 4))
        heads = [attention(K @ W_Q[:, part], K @ W_K[:, part], K @ W_V[:, part])
                 for part in (slice(0, 2), slice(2, 4))]  # fmt: skip
        found = multi_head_attention(K, K, W_Q, W_K, W_V, W_O, n_heads=2)
        assert np.allclose(found, np.concatenate(heads, axis=1) @ W_O)
        sizes = []
        for h in (2, 4):  # of width 2 each
            maps = [*RNG.normal(size=(3, 4, h * 2)), RNG.normal(size=(h * 2, 4))]
            assert multi_head_attention(K, K, *maps, n_heads=h).shape == (5, 4)
            sizes.append(sum(each.size for each in maps))
        assert sizes[1] == 2 * sizes[0]

    @holds("An n-gram model predicts a token by counting what followed the n − 1 tokens before it.")
    def test_bigrams_look_at_one_token(self) -> None:
        model = NGrams([0, 1, 2, 0, 1, 0, 1], n_tokens=3, order=2, discount=0.5)
        assert np.allclose(model.following([2, 2, 0]), model.following([1, 0]))
        assert model.following([0]).argmax() == 1

    @holds(
        "Sampling from the smallest set of the likeliest tokens that together have at least the "
        "share $p$ of the probability."
    )
    def test_top_p(self) -> None:
        logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
        assert (next_probabilities(logits, top_p=0.7) > 0).tolist() == [True, True, False, False]
        assert (next_probabilities(logits, top_p=0.9) > 0).tolist() == [True, True, True, False]

    @holds("Storing numbers in fewer bits, as whole numbers and a scale.")
    def test_quantised_rows(self) -> None:
        codes, scales = rounded(Q)
        assert codes.dtype == np.int8
        assert np.abs(codes * scales - Q).max() <= scales.max() / 2 * 1.001

    @holds(
        "Attention whose output is multiplied by a factor from 0 to 1 that the token itself sets."
    )
    def test_a_gate_is_a_factor(self) -> None:
        factor = gated_attention(Q, K, V, RNG.normal(size=(3, 1))) / attention(Q, K, V)
        assert np.allclose(factor, factor[:, :1])
        assert (factor > 0).all()
        assert (factor < 1).all()

    @holds(
        "Attention to a few blocks of keys. In this book each query chooses them by a summary of "
        "each block"
    )
    def test_blocks_are_chosen_by_their_mean(self) -> None:
        keys = RNG.normal(size=(6, 4))
        best = (Q @ keys.reshape(3, 2, 4).mean(axis=1).T).argmax(axis=1)
        chosen = chosen_blocks(Q, keys, block=2, n_chosen=1)
        assert (chosen.argmax(axis=1) == best).all()
        assert (chosen.sum(axis=1) == 1).all()

    @holds(
        "the product of their weights, with the heads averaged and half of each row given to the "
        "residual path."
    )
    def test_rollout_is_a_product(self) -> None:
        maps = RNG.dirichlet(np.ones(4), size=(2, 3, 4))
        mixed = [(each.mean(axis=0) + np.eye(4)) / 2 for each in maps]
        assert np.allclose(rollout(list(maps)), mixed[1] @ mixed[0])


class TestPositions:
    @holds("The distance after which RoPE has turned a pair of features once around.")
    def test_wavelength(self) -> None:
        theta, x = np.array([2 * np.pi / 12]), RNG.normal(size=(2, 2))
        assert np.allclose(turned(x, theta, positions=np.array([0, 12])), x)
        assert not np.allclose(turned(x, theta, positions=np.array([0, 6])), x)

    @holds(
        "Dividing all positions by the factor by which the texts have become longer, so that no "
        "angle of RoPE lies beyond those of training."
    )
    def test_interpolation(self) -> None:
        theta, x = frequencies(8), RNG.normal(size=(2, 8))
        long = turned(x, interpolated(theta, 4.0), positions=np.array([0, 40]))
        assert np.allclose(long, turned(x, theta, positions=np.array([0, 10])))

    @holds("Positions given by turning queries and keys by an angle in proportion to their place.")
    def test_rope_turns_in_proportion(self) -> None:
        x = np.array([[1.0, 0.0]] * 4)
        angles = np.arctan2(*rope(x).T[::-1])
        assert np.allclose(np.diff(angles), angles[1])

    @holds("Fixed rows of sines and cosines, one per position, added to the input.")
    def test_sinusoids(self) -> None:
        assert np.allclose(sinusoidal(4, 2), [[np.sin(t), np.cos(t)] for t in range(4)])

    @holds("Positions given by a bias:")
    def test_alibi_is_a_bias(self) -> None:
        bias = alibi_bias(2, 3, 3)
        assert bias[0, 2, 1] == bias[0, 1, 0] > bias[0, 2, 0]


class TestCost:
    @holds("In a block, one part grows with the number of tokens $n$, and another with $n^2$.")
    def test_two_parts_of_a_block(self) -> None:
        one, two = (block_cost(Block(64, 4), n) for n in (100, 200))
        assert two.projections.multiplications == 2 * one.projections.multiplications
        assert two.feed_forward.multiplications == 2 * one.feed_forward.multiplications
        assert two.scores.multiplications == 4 * one.scores.multiplications

    @holds("Multiplications per byte read from memory.")
    def test_intensity(self) -> None:
        found = map_traffic(64, 32, n_tokens=3)
        assert found.intensity == 3 * 64 * 32 / (2 * 64 * 32)

    @holds(
        "The keys and values of the past, kept while text is generated, so that each step computes "
        "the query, key and value of the new token only."
    )
    def test_a_cache_holds_keys_and_values(self) -> None:
        assert kv_cache_bytes(Block(64, 4), 10, bytes_per_number=1) == 10 * (64 + 64)
