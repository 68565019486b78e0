"""What chapter 5 says of the article's example and of training, beside what computes it."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from qkv_lib import attention, attention_steps
from qkv_lib.data.digit_tasks import alignment, answers, reversal
from qkv_lib.layers import initialise
from tests.holds import holds

RNG = np.random.default_rng(55)
X = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])  # the article's words


class TestExample:
    @holds(
        "$X$ is $4 \\times 2$, one row per word, $A$ is $4 \\times 4$, and $O$ is $4 \\times 2$.",
    )
    def test_lengths_and_angles(self) -> None:
        steps = attention_steps(X, X, X)
        assert (X.shape, steps.weights.shape, steps.output.shape) == ((4, 2), (4, 4), (4, 2))
        longer = attention_steps(3 * X, X, X).weights  # the length of a query changes no order
        assert np.array_equal(longer.argsort(axis=1), steps.weights.argsort(axis=1))
        assert np.linalg.norm(X, axis=1).argmax() == 3

    @holds(
        "No: it returns one row per query, so four rows for four words and seven for seven.",
        "The result $p$ has $d$ numbers, whatever $n$ is.",
        "One query returns one row, so use a single, learned query $u$:",
        "$u$ is $1 \\times d_k$, $K$ is $n \\times d_k$, $V$ is $n \\times d_v$, and $p$ is "
        "$1 \\times d_v$.",
        "With $u = 0$ all scores are 0, and the result is the mean of the values.",
        "With learned=False the query stays 0, so the layer pools by the mean.",
        "To get one vector for a sentence, pool its rows: by their mean, or with one learned "
        "query.",
        "turn a sentence of any length into one vector",
    )
    @pytest.mark.parametrize("n", [4, 7])
    def test_rows_and_one_vector(self, n: int) -> None:
        x, v, u = RNG.normal(size=(n, 3)), RNG.normal(size=(n, 5)), RNG.normal(size=(1, 3))
        assert len(attention(x, x, v)) == n
        assert x.mean(axis=0).shape == (3,)
        assert attention(u, x, v).shape == (1, 5)
        assert (attention_steps(0 * u, x, v).scores == 0).all()
        assert np.allclose(attention(0 * u, x, v), v.mean(axis=0))


class TestTraining:
    @holds(
        "nn.Linear(2, 4) maps two numbers to four by $xW + b$.",
        "nn.Linear stores its matrix transposed",
    )
    def test_linear(self) -> None:
        layer, x = nn.Linear(2, 4), torch.ones(3, 2)
        assert layer.weight.shape == (4, 2)
        assert torch.allclose(layer(x), x @ layer.weight.T + layer.bias)

    @holds(
        "1 is no better than the best fixed guess, and 0 is perfect",
    )
    def test_what_a_mean_leaves(self) -> None:
        values = RNG.normal(size=(100_000, 7))
        wanted = values[:, 0]
        guess = ((wanted - wanted.mean()) ** 2).mean() / wanted.var()
        assert np.isclose(guess, 1)
        assert ((wanted - wanted.mean() - 0.1) ** 2).mean() / wanted.var() > 1
        explained = np.corrcoef(values.mean(axis=1), wanted)[0, 1] ** 2
        assert abs(explained - 1 / 7) < 0.01
        marked = np.eye(7)[RNG.integers(7, size=len(values))]
        w, b = RNG.normal(size=2), 0.3
        pooled = (np.stack([marked, values], axis=-1) @ w + b).mean(axis=1)
        assert np.allclose(pooled, w[1] * values.mean(axis=1) + w[0] / 7 + b)

    @holds(
        "for each parameter, how fast the loss changes when that number grows a little",
        "move each a small step against its gradient",
        "Adam, a common rule, chooses the size of each step; the learning rate lr scales all steps",
    )
    def test_gradient_and_update(self) -> None:
        moved = {}
        for lr in (1e-4, 2e-4):
            w = torch.tensor([3.0, -50.0], dtype=torch.float64, requires_grad=True)
            loss = (w**2).sum()
            loss.backward()
            assert w.grad is not None
            nudge = torch.tensor([1e-6, 0.0])
            change = (((w + nudge) ** 2).sum() - loss) / 1e-6
            assert torch.allclose(change, w.grad[0], atol=1e-5)
            torch.optim.Adam([w], lr=lr).step()
            moved[lr] = w.detach() - torch.tensor([3.0, -50.0])
            assert (moved[lr] * w.grad < 0).all()
        assert torch.allclose(moved[2e-4], 2 * moved[1e-4])
        assert torch.allclose(moved[1e-4].abs(), torch.tensor(1e-4, dtype=torch.float64))

    @holds("The seed (随机种子) fixes all random numbers: the initial parameters and the examples.")
    def test_one_seed_gives_the_same_parameters(self) -> None:
        def drawn(seed: int) -> torch.Tensor:
            return initialise(nn.Linear(4, 4), np.random.default_rng(seed)).weight

        assert torch.equal(drawn(1), drawn(1))
        assert not torch.equal(drawn(1), drawn(2))

    @holds(
        "a softmax turns the ten numbers into probabilities, and the loss is $-\\log$ of the "
        "probability of the correct digit, averaged over all positions",
        "A pure guess is right one time in ten.",
    )
    def test_cross_entropy(self) -> None:
        logits, right = torch.tensor(RNG.normal(size=(6, 10))), torch.tensor([3, 1, 4, 1, 5, 9])
        chosen = logits.softmax(dim=-1)[range(6), right]
        assert torch.allclose(functional.cross_entropy(logits, right), -chosen.log().mean())
        digits = RNG.integers(10, size=(2, 20_000))
        assert abs((digits[0] == digits[1]).mean() - 0.1) < 0.01

    @holds(
        "the share of queries whose largest weight is at the correct key",
        "so the correct map is the anti-diagonal, from the upper right to the lower left",
        "the input is a sequence of ten digits, and the answer at position $i$ is the digit at "
        "position $n - 1 - i$, counting from 0.",
        "the mirror of position 0 was always position 9 in training, and is now position 19.",
    )
    def test_map_of_a_reversal(self) -> None:
        digits = RNG.integers(10, size=(3, 10))
        assert np.array_equal(answers(digits, reversal), digits[:, ::-1])
        assert (reversal(digits)[:, 0] == 9).all()
        assert (reversal(np.zeros((1, 20), dtype=int))[:, 0] == 19).all()
        anti = np.broadcast_to(np.fliplr(np.eye(10)), (3, 10, 10)).copy()
        assert anti[0, 0, 9] == 1  # the first row at the right
        assert alignment(anti, reversal(digits)) == 1
        anti[:, 0] = np.eye(10)[0]  # one query of ten looks elsewhere
        assert alignment(anti, reversal(digits)) == 0.9
