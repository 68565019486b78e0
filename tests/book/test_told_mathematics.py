"""What chapter 4 says of scores, softmax and root, beside what computes it."""

import numpy as np

from qkv_lib import (
    attention,
    attention_steps,
    scoring,
    softmax,
)
from qkv_lib.data import sentence
from qkv_lib.formula.gradients import attention_gradients, softmax_jacobian
from tests.book.example import CAT, DRY, MILK, STEPS, WORDS, K, Q, V, X
from tests.holds import holds

RNG = np.random.default_rng(44)


class TestFormula:
    @holds(
        "Our example is the query of it in the cat drank the milk because it was thirsty, "
        "with the matrices of chapter 2: one query, nine keys, $d_k = 4$ and $d_v = 2$.",
    )
    def test_sizes_of_the_example(self) -> None:
        assert (Q.shape, K.shape, V.shape) == ((1, 4), (9, 4), (9, 2))
        assert " ".join(WORDS) == "the cat drank the milk because it was thirsty"
        assert np.allclose(attention(Q, K, V), softmax(Q @ K.T / 2) @ V)
        assert STEPS.weights.shape == STEPS.scaled.shape == (1, 9)
        assert attention(Q, K, V).shape == (1, 2)

    @holds(
        "The query of it asks for a thing that lives.",
        "The dot product multiplies them feature by feature and adds up the products, so a "
        "feature counts only if it is asked for and offered.",
        "lets a feature count only if it is asked for and offered",
        "If the features were added instead, the score would be $\\sum_c q_c + \\sum_c k_c$.",
        "The first sum is the same for every key, and the softmax ignores such a number: all "
        "queries would get the same weights.",
    )
    def test_dot_products_of_the_example(self) -> None:
        asked = [name for name, number in zip(sentence.ASKED, Q[0], strict=True) if number]
        assert asked == ["thing", "living"]
        offered = [int(((K[j] > 0) & (Q[0] > 0)).sum()) for j in (CAT, MILK, DRY)]
        assert offered == [2, 1, 0]
        both = (Q[0] != 0) & (K != 0)
        assert np.array_equal(Q @ K.T, [np.where(both, Q[0] * K, 0).sum(axis=1)])
        assert np.array_equal(STEPS.scores[0], [Q[0] @ key for key in K])
        assert K[DRY].any()
        assert STEPS.scaled[0, [CAT, MILK]].tolist() == [4, 2]
        asking = X @ sentence.GUESS.W_Q  # every word asks
        added = (asking[:, None] + K).sum(axis=2)  # (9, 9): the features added
        assert np.ptp(added, axis=0).max() > 1
        assert np.allclose(softmax(added), softmax(added)[0])
        assert not np.allclose(softmax(asking @ K.T), softmax(asking @ K.T)[0])

    @holds(
        "| $W_{QK}$ | $W_Q W_K^\\top$, which replaces both |",
        "The dot product of two learned projections, of rows $x_i$ and $x_j$, already is bilinear:",
        "An additive score, however long the key, cannot exceed the sum of all $|u_c|$, because "
        "tanh stays between −1 and 1.",
        "However long the key, this score is at most the sum of all $|u_c|$.",
    )
    def test_other_scores(self) -> None:
        W_Q, W_K = RNG.normal(size=(2, 10, 4))
        bilinear = scoring.bilinear(X, X, W_Q @ W_K.T)
        assert np.allclose(scoring.dot(X @ W_Q, X @ W_K), bilinear)
        q, k = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [20.0, 20.0]])  # the second is askew
        assert scoring.dot(q, k)[0, 1] > scoring.dot(q, k)[0, 0]
        assert scoring.dot(q, k / np.linalg.norm(k, axis=1)[:, None]).argmax() == 0
        u = RNG.normal(size=8)
        far = 1e6 * RNG.normal(size=(1000, 4))
        found = scoring.additive(far, far, *RNG.normal(size=(2, 4, 8)), u)
        assert 0.99 * np.abs(u).sum() < found.max() <= np.abs(u).sum()
        assert np.abs(np.tanh(far)).max() <= 1

    @holds(
        "Scores have to become shares of attention: positive numbers that sum to 1.",
        "We could divide each score by the sum of all of them, but that fails when some are "
        "negative.",
        "Adding $t$ to every score changes nothing.",
    )
    def test_shares(self) -> None:
        s = STEPS.scaled[0]
        lowered = s - 1
        assert np.isclose((lowered / lowered.sum())[CAT], -1)
        assert (s / s.sum() >= 0).all()
        assert lowered.min() < 0
        assert np.exp(lowered).min() > 0
        assert np.allclose(np.exp(lowered), np.exp(s) * np.exp(-1))
        assert np.isclose(np.exp(lowered).sum(), np.exp(s).sum() * np.exp(-1))
        assert np.allclose(softmax(lowered), softmax(s))
        assert np.isclose(softmax(s).sum(), 1)

    @holds(
        "$J$ is $n_k \\times n_k$ and symmetric.",
        "Raising a score raises its own weight, at the rate $p_j(1 - p_j)$, and lowers every "
        "other weight: the words compete.",
        "Each row of $J$ sums to 0, because raising all the scores by the same amount changes "
        "no weight.",
    )
    def test_jacobian_of_nine_words(self) -> None:
        p = STEPS.weights[0]
        J = softmax_jacobian(p)
        assert J.shape == (9, 9)
        assert np.allclose(J, J.T)
        for j, raised in enumerate(softmax(STEPS.scaled + 1e-6 * np.eye(9))):
            change = (raised - p) / 1e-6
            assert np.isclose(change[j], p[j] * (1 - p[j]), atol=1e-5)
            assert (np.delete(change, j) < 0).all()
        assert np.allclose(J @ np.ones(9), 0)  # the change when all scores are raised alike
        assert np.allclose(J.sum(axis=1), 0)


class TestRoot:
    @holds(
        "Each term $q_c k_c$ of their dot product then has mean 0 and variance 1.",
        "The dot product adds $d_k$ such terms, and the variances of independent terms add up:",
        "So the scores of wider keys spread more.",
        "For such entries, dividing by $\\sqrt{d_k}$ keeps the standard deviation at 1.",
        "The slider Width changes only the right side; the slider Spread changes both.",
    )
    def test_spread_of_scores(self) -> None:
        spreads = []
        for d_k in (4, 64, 1024):
            q, k = RNG.normal(size=(2, 10_000, d_k))
            terms = q * k
            assert abs(terms.mean()) < 0.05
            assert abs(terms.var() - 1) < 0.1
            dots = terms.sum(axis=1)
            assert abs(dots.var() / terms.var(axis=0).sum() - 1) < 0.1
            assert abs((dots / np.sqrt(d_k)).std() - 1) < 0.05  # the left side
            spreads.append(dots.std())  # the right side
            longer = 3 * (2 * q * k).sum(axis=1) / np.sqrt(d_k)
            assert longer.std() > 5  # longer rows: both sides
        ratios = np.divide(spreads[1:], spreads[:-1])  # the width times 16
        assert 3.8 < ratios.min() <= ratios.max() < 4.2

    @holds(
        "It pushes one weight close to 1 and the others close to 0.",
        "in every entry of $J$, one of the two factors is close to 0.",
        "For a query with one weight close to 1, $J$ is close to 0, and with it the query's row of "
        "$dS$ and its gradient.",
        "Large scores make one weight close to 1. Then the output is close to one of the values.",
    )
    def test_a_large_spread(self) -> None:
        q, k, v = np.random.default_rng(3).normal(size=(3, 6, 8))
        q *= 10
        weights = attention_steps(100 * q, k, v).weights
        assert np.allclose(np.sort(weights), [0, 0, 0, 0, 0, 1], atol=1e-3)
        factors = weights[:, :, None], np.abs(np.eye(6) - weights[:, None])
        assert np.minimum(*factors).max() < 1e-3  # one or the other
        assert np.abs([softmax_jacobian(p) for p in weights]).max() < 1e-3
        nearest = np.abs(attention(100 * q, k, v)[:, None] - v).max(axis=2).min(axis=1)
        assert nearest.max() < 0.01
        dO = RNG.normal(size=(6, 8))
        collapsed = attention_gradients(100 * q, k, v, dO)
        gentle = attention_gradients(q / 10, k, v, dO)
        assert np.abs(collapsed[0]).max() < 0.01 * np.abs(gentle[0]).max()
        dA = dO @ v.T
        dS = weights * (dA - (weights * dA).sum(axis=1, keepdims=True))
        assert np.abs(dS).max() < 0.01

    @holds(
        "| $\\odot$, rowsum | product entry by entry; sum of each row |",
        "Row $i$ of $dS$ is row $i$ of $dA$ times the Jacobian $J$ of that row.",
        "By, the product can be written without building $J$:",
        "Entry $i$ of the column $g$ is the average of row $i$ of $dA$, weighted by row $i$ of "
        "$A$.",
    )
    def test_gradients_pass_through_the_jacobian(self) -> None:
        q, k, v, dO = RNG.normal(size=(4, 6, 6))
        A, dA = attention_steps(q, k, v).weights, dO @ v.T
        dS = np.stack([row @ softmax_jacobian(p) for row, p in zip(dA, A, strict=True)])
        found = attention_gradients(q, k, v, dO)
        assert np.allclose(found[0], dS @ k / np.sqrt(6))
        assert np.allclose(found[1], dS.T @ q / np.sqrt(6))
        undivided = attention_steps(q, k, v, scale=1).weights
        dS = np.stack([row @ softmax_jacobian(p) for row, p in zip(dA, undivided, strict=True)])
        missing = attention_gradients(q, k, v, dO, scale=1)
        assert np.allclose(missing[0], dS @ k)
        assert np.allclose(missing[1], dS.T @ q)
        dS = np.stack([row @ softmax_jacobian(p) for row, p in zip(dA, A, strict=True)])
        g = np.array([[np.average(row, weights=p)] for row, p in zip(dA, A, strict=True)])
        assert g.shape == (6, 1)
        assert np.allclose(dS, A * (dA - g))
        alike = np.repeat(g, 6, axis=1)  # each entry at the average of its row: no gradient
        assert np.allclose([row @ softmax_jacobian(p) for row, p in zip(alike, A, strict=True)], 0)

    @holds(
        "The root is taken of $d_k$, the width of one head's keys, because the dot product adds "
        "that many terms.",
        "The scores that this function returns have the right shape but the wrong spread: "
        "features of variance 1 should give scores of variance 1.",
    )
    def test_the_wrong_root_keeps_the_shapes(self) -> None:
        h, d_k = 8, 64
        q, k = RNG.normal(size=(2, h, 40, d_k))
        right = attention_steps(q, k, k).scaled
        wrong = attention_steps(q, k, k, scale=1 / np.sqrt(h * d_k)).scaled
        assert right.shape == wrong.shape
        assert abs(right.var() - 1) < 0.1
        assert np.allclose(right, np.sqrt(h) * wrong)
