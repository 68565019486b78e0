"""What quizzes and captions tell of the formula: each sentence beside what computes it."""

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, causal_mask, softmax
from qkv_lib.data.sentence import LIKE, THIRSTY, WHO, rows, step
from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.models.sampling import next_probabilities
from qkv_lib.models.seq2seq import EncoderDecoder
from qkv_lib.variants.linear import kernel_weights, linear_attention
from tests.holds import holds

RNG = np.random.default_rng(9)
Q, K, V = RNG.normal(size=(3, 7)), RNG.normal(size=(5, 7)), RNG.normal(size=(5, 2))
ARTICLE = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])


class TestLookup:
    @holds(
        "The scores do go to 0, but equal scores give equal weights, $1/n_k$ each.",
        "No temperature changes which score is larger.",
    )
    @pytest.mark.parametrize("temperature", [0.1, 1.0, 1e9])
    def test_temperature_changes_sizes_and_no_order(self, temperature: float) -> None:
        scores = K @ Q[0] / temperature
        weights = softmax(scores)
        assert (np.argsort(weights) == np.argsort(K @ Q[0])).all()
        if temperature == 1e9:
            assert np.allclose(scores, 0)
            assert np.allclose(weights, 1 / 5)

    @holds("The position of a word does not enter the computation.")
    def test_another_order_of_the_words_gives_the_same(self) -> None:
        order = RNG.permutation(5)
        assert np.allclose(attention(Q, K[order], V[order]), attention(Q, K, V))

    @holds("Both have the same number.")
    def test_both_networks_of_chapter_1_have_the_same_parameters(self) -> None:
        sizes = [sum(p.numel() for p in EncoderDecoder(10, 8, attends=attends).parameters())
                 for attends in (True, False)]  # fmt: skip
        assert sizes[0] == sizes[1]


class TestFormula:
    @holds(
        "A key may receive almost nothing in total, as word1 does, or more than 1, as word4 does."
    )
    def test_columns_have_no_total(self) -> None:
        received = attention_steps(ARTICLE, ARTICLE, ARTICLE).weights.sum(axis=0)
        assert received[0] < 0.05
        assert received[3] > 1

    @holds(
        "Then the weights of one query would depend on the scores of the others.",
        "Each output row comes from its own query alone.",
    )
    def test_a_query_decides_its_own_row(self) -> None:
        other = Q.copy()
        other[1:] += 3.0
        assert np.array_equal(attention(other, K, V)[0], attention(Q, K, V)[0])
        whole = [np.exp(x @ K.T) / np.exp(x @ K.T).sum() for x in (Q, other)]
        assert not np.allclose(whole[0][0], whole[1][0])

    @holds(
        "That is the shape of scores and weights.",
        "The sum over the keys removes the 5; one row for each query is left.",
        "One row for each query, as wide as the values: $n_q \\times d_v$.",
    )
    def test_shapes_of_three_queries_and_five_keys(self) -> None:
        steps = attention_steps(Q, K, V)
        assert steps.scores.shape == steps.weights.shape == (3, 5)
        assert V.shape == (5, 2)
        assert steps.output.shape == (3, 2)
        assert (steps.weights @ K).shape == (3, 7)

    @holds(
        "Nine keys came before it, so the query stands at the last position and sees all ten.",
        "Here the query would still see all ten keys, by luck.",
        "With two new words at once, the first would see the second.",
    )
    def test_offsets_of_one_and_of_two_new_words(self) -> None:
        assert causal_mask(1, 10, offset=9).all()
        assert causal_mask(1, 10, offset=10).all()
        assert causal_mask(2, 11, offset=10)[0, 10]
        assert not causal_mask(2, 11, offset=9)[0, 10]

    @holds(
        "Large scores make one weight close to 1. Then the output is close to one of the values."
    )
    def test_large_scores_choose_one_value(self) -> None:
        steps = attention_steps(100 * Q, K, V)
        assert steps.weights.max(axis=1).min() > 0.999
        assert np.allclose(steps.output, V[steps.weights.argmax(axis=1)], atol=1e-2)

    @holds(
        "The softmax did what its formula says: with every entry $e^{-\\infty} = 0$, it divided 0 "
        "by 0.",
        "A row may contain −∞, as long as at least one of its scores is finite.",
    )
    def test_a_row_of_nothing_is_0_over_0(self) -> None:
        with np.errstate(invalid="ignore"):
            powers = np.exp(np.array([[-np.inf, -np.inf], [-np.inf, 0.0]]))
            found = powers / powers.sum(axis=1, keepdims=True)
        assert np.isnan(found[0]).all()
        assert found[1].tolist() == [0, 1]


class TestPractice:
    @holds(
        "Then the scores are the scaled keys. The output is still a mixture of the values.",
        "The output is the weights times the values, and the weights times the identity are the "
        "weights.",
        "That makes all scores equal, which is good for asking about masks.",
    )
    def test_operands_that_ask(self) -> None:
        steps = attention_steps(np.eye(7), K, V)
        assert np.allclose(steps.scaled, K.T / np.sqrt(7))
        assert steps.output.shape == (7, 2)
        assert np.allclose(attention(Q, K, np.eye(5)), attention_steps(Q, K, V).weights)
        assert not attention_steps(0 * Q, K, V).scores.any()


class TestWriting:
    @holds(
        "Dividing logits by a small number widens their differences. Near 0 only the likeliest "
        "token is left.",
        "The temperature changes the ratios of all probabilities.",
    )
    def test_temperature_of_sampling(self) -> None:
        logits = torch.tensor([2.0, 1.0, 0.0])
        plain, cold, colder = (next_probabilities(logits, temperature=t) for t in (1.0, 0.5, 0.01))
        assert cold[0] / cold[1] > plain[0] / plain[1]
        assert cold[1] / cold[2] > plain[1] / plain[2]
        assert colder[0] > 0.999

    def test_logarithms_add(self) -> None:
        p = RNG.random(4)
        assert np.isclose(np.log(p.prod()), np.log(p).sum())

    def test_softmax_of_another_order_is_in_that_order(self) -> None:
        order = RNG.permutation(5)
        assert np.allclose(softmax((Q @ K.T)[:, order]), softmax(Q @ K.T)[:, order])

    def test_linear_attention_forgets_no_pair(self) -> None:
        q = np.abs(Q)
        assert kernel_weights(q, K).min() > 0
        changed = V.copy()
        changed[0] += 1
        assert not np.allclose(linear_attention(q, K, changed), linear_attention(q, K, V))


@holds(
    "They do, and they are even: all scores are the same.",
    "Larger numbers would not help: the features of a thing are missing.",
    "The first layer replaced the rows.",
)
def test_what_the_first_layer_hands_over_alone_says_nothing_to_the_second() -> None:
    first = step(rows(THIRSTY), LIKE)
    handed_over = first.added - rows(THIRSTY)
    for size in (1, 100):
        assert np.allclose(step(size * handed_over, WHO).weights, 1 / len(handed_over))
    assert step(first.added, WHO).weights.max() > 0.5


@holds(
    "All places share the same weights.",
    "They share the input only; each has projections of its own.",
)
def test_one_layer_serves_all_places_and_each_head_has_its_part() -> None:
    layer = MultiHeadAttention(6, 2)
    assert sum(p.numel() for p in layer.parameters()) == 4 * (6 * 6 + 6)
    query, _, _ = layer.project(*[torch.ones(3, 6)] * 3)
    assert query.shape == (2, 3, 3)
    assert not torch.allclose(query[0], query[1])
