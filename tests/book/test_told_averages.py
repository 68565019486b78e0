"""What chapter 4 says of averages, heads, order and gradients, beside what computes it."""

import inspect
import re

import nbformat
import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull

from qkv_lib import (
    attention,
    attention_steps,
    drawings,
    merge_heads,
    softmax,
    split_heads,
)
from qkv_lib.data import sentence
from qkv_lib.drawings import in_order
from qkv_lib.formula.positions import alibi_bias, alibi_slopes, rope, sinusoidal
from qkv_lib.layers import MultiHeadAttention
from tests.book.example import CAT, DRY, HEAD, IT, MILK, STEPS, K, Q, V, X
from tests.holds import holds
from workshop.pages import BOOK

RNG = np.random.default_rng(44)


class TestAverage:
    @holds(
        "Each output row is $o_i = \\sum_j A_{ij} v_j$, where no weight is negative and each row "
        "of weights sums to 1.",
        "So $o_i$ is an average of the rows $v_j$ of $V$, and lies in their convex hull",
        "An average does not grow with the number of words: without the division in the softmax, a "
        "sentence said twice would give twice the output.",
        "One query gets one row of weights, and so one average.",
    )
    def test_a_sentence_said_twice(self) -> None:
        assert STEPS.weights.shape == (1, 9)
        assert (STEPS.weights > 0).all()
        assert np.isclose(STEPS.weights.sum(), 1)
        assert np.allclose(STEPS.output[0], np.average(V, axis=0, weights=STEPS.weights[0]))
        assert (np.abs(STEPS.output) <= np.abs(V).max(axis=0)).all()
        twice = np.tile(K, (2, 1)), np.tile(V, (2, 1))
        assert np.allclose(attention(Q, *twice), STEPS.output)
        once, double = np.exp(Q @ K.T / 2) @ V, np.exp(Q @ twice[0].T / 2) @ twice[1]
        assert np.allclose(double, 2 * once)

    @holds(
        "But in chapter 3, it asked two questions at once: which word it stands for, and which "
        "word describes it.",
        "If it asks only the first, cat gets a weight of 0.79.",
        "If it asks only the second, thirsty gets 0.87.",
        "One row of weights must now serve both questions: cat and thirsty get 0.45 each, and the "
        "output is a mixture of both answers.",
        "★★ In the example, the cat gets a weight of 0.79.",
    )
    def test_two_questions_of_one_query(self) -> None:
        who, like = sentence.GUESS.W_Q, sentence.LIKE.W_Q
        found = [attention_steps(X[[IT]] @ W, K, X).weights[0] for W in (who, like, who + like)]
        assert np.allclose([found[0][CAT], found[1][DRY]], [0.79, 0.87], atol=0.005)
        assert np.allclose(found[2][[CAT, DRY]], 0.45, atol=0.005)
        assert np.isclose(found[2].sum(), 1)
        mixed = found[2] @ X  # of both answers: nearer to each than they are to each other
        apart = np.linalg.norm(X[CAT] - X[DRY])
        assert max(np.linalg.norm(mixed - X[j]) for j in (CAT, DRY)) < 0.6 * apart

    @holds(
        "say why a layer has several narrow heads, and why they need no more parameters than one "
        "wide head",
        "ask several questions at once; heads of width $d_{\\text{model}}/h$ add no parameters",
        "the heads side by side are $n \\times d_{\\text{model}}$, and $W_O$ is "
        "$d_{\\text{model}} \\times d_{\\text{model}}$.",
        "Placed side by side, the $h$ narrow matrices $W_Q^{(r)}$ form one $d_{\\text{model}} "
        "\\times d_{\\text{model}}$ matrix.",
        "The same holds for keys and values, and $W_O$ is the fourth such matrix.",
        "Biases aside, the number of parameters is the same for every $h$ that divides "
        "$d_{\\text{model}}$:",
    )
    @pytest.mark.parametrize("h", [1, 3, 12])
    def test_heads_divide_the_same_parameters(self, h: int) -> None:
        layer = MultiHeadAttention(12, h)
        matrices = [p for p in layer.parameters() if p.ndim == 2]
        assert [p.shape for p in matrices] == [(12, 12)] * 4
        x, W_Q, W_K = RNG.normal(size=(3, 12, 12))
        q, k = split_heads(x @ W_Q, h), split_heads(x @ W_K, h)
        assert q.shape == (h, 12, 12 // h)
        assert merge_heads(q).shape == (12, 12)
        assert np.allclose(q[0], x @ W_Q[:, : 12 // h])
        maps = attention_steps(q, k, k).weights
        assert h == 1 or not np.allclose(maps[0], maps[1])

    @holds(
        "lie inside the polygon, gathered towards some of its corners, none outside",
        "attention alone can never leave the hull",
        "the region inside a rubber band stretched around them",
    )
    def test_outputs_lie_within_the_polygon(self) -> None:
        values = np.array([[0, 3], [2, 2], [3, 0], [1, -2], [-2, -1], [-1.8, 1.6]])
        outputs = attention(4 * RNG.normal(size=(400, 2)), RNG.normal(size=(6, 2)), values)
        sides = ConvexHull(values).equations
        assert len(sides) == 6  # each value is a corner
        assert (outputs @ sides[:, :2].T + sides[:, 2]).max() < 1e-9
        nearest = np.linalg.norm(outputs[:, None] - values, axis=2).argmin(axis=1)
        assert np.bincount(nearest, minlength=6).max() > 400 / 6


class TestOrder:
    @holds(
        "Then the rows of the output are shuffled in the same way, and nothing else changes:",
        "Each output is a sum over all words, and a sum does not depend on the order of its terms.",
        "Permute the rows of the input, and the rows of the output are permuted in the same way; "
        "nothing else changes.",
        "The milk drank the cat because it was thirsty tells a different story, yet it gets the "
        "same output, as the cell below shows.",
        "A causal mask hides words by their place, so with it the outputs are not merely shuffled.",
    )
    def test_exchange_of_cat_and_milk(self) -> None:
        P = np.eye(9)
        P[[CAT, MILK]] = P[[MILK, CAT]]
        before, after = sentence.step(X, HEAD).output, sentence.step(P @ X, HEAD).output
        assert np.allclose(after, P @ before)
        assert np.allclose(before[IT], after[IT])
        assert HEAD.handed == ("size", "sweet")
        assert after[IT, 0] > 5 * after[IT, 1]
        masked = [sentence.step(rows, HEAD, causal=True).output for rows in (X, P @ X)]
        assert not np.allclose(masked[1], P @ masked[0])
        assert np.allclose(masked[1][IT], masked[0][IT])
        assert max(CAT, MILK) < IT
        mask = np.tril(np.ones((9, 9), dtype=bool))  # shuffled with the words, it changes nothing
        shuffled = attention(*(P @ X @ W for W in HEAD[1:4]), mask=P @ mask @ P.T > 0)
        assert np.allclose(shuffled, P @ masked[0])

    @holds(
        "Its $d$ columns form pairs",
        "the sine and the cosine say where its tip is, and $\\omega_l$ is its speed",
        "The first hand turns by 1 radian per position, each later one more slowly, and the last "
        "one hardly at all.",
        "fast pairs at the top, slow ones at the bottom",
        "The rows at the top alternate quickly between light and dark, the next ones more slowly, "
        "and the rows at the bottom are stripes that do not change at all.",
        "All rows have the same length, so the key that fits best is the one at position $i - 3$.",
    )
    def test_hands_of_sinusoids(self) -> None:
        p = sinusoidal(24, 16)
        hands = p[:, 1::2] + 1j * p[:, 0::2]  # (24, 8): cosine and sine of a pair
        assert np.allclose(np.abs(hands), 1)
        speeds = np.angle(hands[1:] / hands[:-1])
        assert np.allclose(speeds[:, 0], 1)
        assert (np.diff(speeds, axis=1) < 0).all()
        assert speeds[:, -1].max() < 0.001
        assert np.ptp(p, axis=0)[:2].min() > 1.9  # the picture's rows are these columns
        assert np.ptp(p, axis=0)[-2:].max() < 0.01
        assert np.allclose(np.linalg.norm(p, axis=1), np.sqrt(8))
        assert ((p @ p.T).argmax(axis=1) == np.arange(24)).all()

    @holds(
        "To move on by $\\Delta$ positions, turn each hand by the angle $\\Delta\\omega_l$, "
        "wherever it stands.",
        "A turn is a linear map, so one matrix $T_\\Delta$ moves every position on by $\\Delta$:",
        "$T_\\Delta$ is $d \\times d$, with the blocks $T_\\Delta^{(l)}$ on its diagonal and 0 "
        "elsewhere.",
        "The query at position $i$ is then $p_{i-3}$, and the keys are the rows $p_j$.",
        "| $p_i$, $T_\\Delta$ | sinusoidal row of position $i$; the map that moves it on by "
        "$\\Delta$ |",
    )
    def test_one_matrix_moves_every_position(self) -> None:
        p = sinusoidal(64, 16)
        T = np.zeros((16, 16))
        for pair in range(8):
            angle = -3 * 10000 ** (-2 * pair / 16)
            c, s = np.cos(angle), np.sin(angle)
            T[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = [[c, -s], [s, c]]
        assert np.allclose(p[3:] @ T, p[:-3])
        assert ((p @ T) @ p.T).argmax(axis=1)[3:].tolist() == list(range(61))

    @holds(
        "turns the queries and keys, after the projections, pair by pair",
        "The pair turns by the angle $i\\omega_l$, counterclockwise.",
        "Together, the turns of all pairs form one $d_k \\times d_k$ matrix $R_i$.",
        "If query and key are turned by the same angles, their dot product stays the same.",
        "So turn both back by $j$ positions: the key is then unturned, and the query turned by "
        "$i - j$:",
        "The positions affect the score only through the signed distance $i - j$.",
        "A score then depends on the two positions only through their distance, with its sign; "
        "values are not turned.",
        "Their score is the same as at",
        "positions 3 and 8.",
    )
    def test_rope_turns_pairs(self) -> None:
        R = rope(np.eye(6)[:, None], offset=5)[:, 0]  # (6, 6): where each feature goes
        assert [np.flatnonzero(row).tolist() for row in R[:3]] == [[0, 3], [1, 4], [2, 5]]
        q, k = RNG.normal(size=(2, 1, 6))

        def score(i: int, j: int) -> float:
            return float((rope(q, offset=i) @ rope(k, offset=j).T)[0, 0])

        assert np.allclose(rope(q, offset=5), q @ R)
        ((a, _, _, b, _, _),) = rope(np.eye(6)[:1], offset=1)  # a from (1, 0): up, and to the left
        assert b > 0
        assert np.isclose(np.arctan2(b, a), 1)
        from_12_on = sinusoidal(2, 6)[:, :2]  # (2, 2): x, y of the first hand of the sinusoids
        assert np.allclose(from_12_on[0], [0, 1])
        assert from_12_on[1, 0] > 0  # clockwise
        assert np.allclose(rope(k, offset=5) @ R.T, k)
        assert np.isclose((q @ R @ (k @ R).T)[0, 0], (q @ k.T)[0, 0])
        assert np.isclose(score(7, 5), (rope(q, offset=2) @ k.T)[0, 0])
        assert np.isclose(score(1003, 1008), score(3, 8))
        assert not np.isclose(score(8, 3), score(3, 8))
        layer = MultiHeadAttention(6, 1, rotate=rope).double().requires_grad_(False)
        x = torch.tensor(RNG.normal(size=(4, 6)))
        turned = attention(rope(layer.query(x)), rope(layer.key(x)), layer.value(x))
        assert torch.allclose(layer(x), layer.output(turned))
        assert not torch.allclose(rope(layer.query(x)), layer.query(rope(x)))
        order = [0, 2, 4, 1, 3, 5]  # neighbours as pairs, without an error
        other = (rope(q[:, order], offset=7) @ rope(k[:, order], offset=5).T)[0, 0]
        assert not np.isclose(other, score(7, 5))

    def test_pairs_as_in_gpt_neox_and_as_in_the_paper(self) -> None:
        # Imported here, so that not every worker does it: a second and more.
        from transformers.models.gpt_neox import modeling_gpt_neox as gpt_neox
        from transformers.models.gptj import modeling_gptj as gpt_j

        x = torch.tensor(RNG.normal(size=(1, 7, 2, 6)))  # (batch, n, h, d), as GPT-J has them
        sin, cos = gpt_j.create_sinusoidal_positions(7, 6).double()[None].chunk(2, dim=-1)
        paper = gpt_j.apply_rotary_pos_emb(x, sin, cos).transpose(1, 2)  # pairs as in the paper
        x = x.transpose(1, 2)
        neox, _ = gpt_neox.apply_rotary_pos_emb(x, x, cos.tile(1, 1, 2), sin.tile(1, 1, 2))
        assert torch.allclose(rope(x), neox, atol=1e-5)
        assert torch.allclose(rope(x, layout="interleaved"), paper, atol=1e-5)
        assert (neox - paper).abs().max() > 0.1
        features = torch.eye(6)[:, None, None]  # each alone: where its partner is
        half, two = (turn(features).argwhere()[:, -1].tolist()
                     for turn in (gpt_neox.rotate_half, gpt_j.rotate_every_two))  # fmt: skip
        assert half == [3, 4, 5, 0, 1, 2]
        assert two == [1, 0, 3, 2, 5, 4]

    @holds(
        "Only the turned numbers change.",
        "Three pairs under RoPE, with 64 in place of the 10,000 in $\\omega_l$, so that even slow "
        "pairs visibly turn.",
        "The speeds are those of.",
    )
    def test_rope_moves_hands_and_no_product(self) -> None:
        q, k = RNG.normal(size=(2, 1, 6))
        near, far = ([rope(x, offset=at, base=64) for x, at in ((q, i), (k, i + 5))]
                     for i in (3, 503))  # fmt: skip
        assert not np.allclose(near[0], far[0])
        products = [(a * b).reshape(2, 3).sum(axis=0) for a, b in (near, far)]
        assert np.allclose(*products)
        slowest = [rope(np.eye(6)[2:3], offset=1, base=base)[0, 5] for base in (64, 10_000)]
        assert slowest[0] > 10 * slowest[1] > 0
        taken = inspect.signature(rope).parameters
        assert taken["base"].default == 10_000
        assert not any("value" in name for name in taken)
        page = nbformat.read(BOOK / "04-mathematics.ipynb", as_version=4)
        (dials,) = (cell.source for cell in page.cells if cell.id == "ch04-try-rope")
        assert "base=64," in dials
        drawn = [speed for speed, _ in in_order.SPEEDS]
        assert np.allclose(drawn, 64.0 ** (-2 * np.arange(3) / 6))

    @holds(
        "It lowers each score in proportion to the distance, with a fixed slope $m_r = "
        "2^{-8r/h}$ for head $r$ of $h$, where $h$ is a power of two:",
        "The steeper the slope, the more a head prefers near keys.",
        "| $H^{(r)}$, $m_r$ | output of head $r$; its slope in ALiBi |",
    )
    def test_alibi_by_its_slopes(self) -> None:
        bias, slopes = alibi_bias(4, 9), alibi_slopes(4)
        distance = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
        assert np.allclose(bias, -slopes[:, None, None] * distance)
        assert (slopes > 0).all()
        weights = softmax(bias)[:, 4]  # of equal scores, by the middle query
        lead = weights[:, 4] / weights[:, 0]  # nearest over farthest key
        assert (lead > 1).all()
        assert (np.argsort(lead) == np.argsort(slopes)).all()

    @holds(
        "Above, the key is at position 1 and the query at 3;",
        "below, at 4 and 6.",
        "From the upper row to the lower, key and query both move on by three positions.",
        "Positions run to the right, features downwards.",
    )
    def test_drawings_of_positions(self) -> None:
        def heights(drawing: drawings.Drawing) -> dict[str, float]:
            found = re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>([^<]+)', str(drawing._repr_svg_()))
            return {words.strip(): float(y) for y, words in found}

        dials = heights(drawings.rope_pairs())
        assert dials["key at 1, query at 3"] < dials["key at 4, query at 6"]
        assert {"pair 0: 1", "pair 1: 1/4", "pair 2: 1/16"} <= set(dials)
        stripes = heights(drawings.stripes())
        assert stripes["position 0, 1, 2, … →"] < stripes["fast"] < stripes["slow"]


class TestBackward:
    @holds(
        "Entry $V_{jc}$ enters every entry $O_{ic}$ of column $c$ with the factor $A_{ij}$, so its "
        "gradient is $\\sum_i A_{ij}\\,dO_{ic}$.",
        "That is one entry of $A^\\top dO$.",
        "In the same way, $A_{ij}$ enters every entry $O_{ic}$ of row $i$ with the factor "
        "$V_{jc}$, so its gradient is $\\sum_c dO_{ic}\\,V_{jc}$, one entry of $dO\\,V^\\top$:",
    )
    def test_gradient_of_the_values(self) -> None:
        A, v, dO = (torch.tensor(RNG.normal(size=s), requires_grad=True)
                    for s in ((5, 7), (7, 3), (5, 3)))  # fmt: skip
        ((A @ v) * dO).sum().backward()
        i, j, c = 3, 2, 1
        entry = sum(A[row, j] * dO[row, c] for row in range(5))
        assert torch.allclose(v.grad[j, c], entry)
        assert torch.allclose(v.grad, A.T @ dO)
        entry = sum(dO[i, k] * v[j, k] for k in range(3))
        assert torch.allclose(A.grad[i, j], entry)
        assert torch.allclose(A.grad, dO @ v.T)

    def test_a_bias_on_the_keys_gets_no_gradient(self) -> None:
        q, k, v = (torch.tensor(RNG.normal(size=(6, 4))) for _ in range(3))
        bias = torch.zeros(4, dtype=torch.float64, requires_grad=True)
        k.requires_grad_()
        attention(q, k + bias, v).pow(2).sum().backward()
        assert torch.allclose(bias.grad, k.grad.sum(dim=0))
        assert bias.grad.abs().max() < 1e-12
        assert k.grad.abs().max() > 1e-3
