"""The equations of chapter 9, evaluated as written, against the library."""

import math

import numpy as np
import torch

from qkv_lib.layers import initialise
from qkv_lib.models.mixers import KERNEL, MIXERS, Convolution, SequenceTagger
from qkv_lib.variants.convolution import convolve, offset_mask, offset_scores
from tests.equations.registry import equation

RNG = np.random.default_rng(9)
OFFSETS = [(r, s) for r in (-1, 0, 1) for s in (-1, 0, 1)]
HEIGHT, WIDTH, C_IN, C_OUT = 4, 3, 2, 5
IMAGE, KERNELS = RNG.normal(size=(HEIGHT, WIDTH, C_IN)), RNG.normal(size=(3, 3, C_IN, C_OUT))


@equation("eq-faq-convolution")
def test_a_convolution_is_as_written() -> None:
    found = convolve(IMAGE, KERNELS)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            y = np.zeros(C_OUT)
            for r, s in OFFSETS:
                if 0 <= row + r < HEIGHT and 0 <= column + s < WIDTH:
                    x = IMAGE[row + r, column + s]
                    y += [sum(x[c] * KERNELS[r + 1, s + 1, c, e] for c in range(C_IN))
                          for e in range(C_OUT)]  # fmt: skip
            np.testing.assert_allclose(found[row, column], y, rtol=0, atol=1e-12)


@equation("eq-faq-heads")
def test_heads_are_as_written() -> None:
    n = HEIGHT * WIDTH
    x, y = IMAGE.reshape(n, C_IN), np.zeros((n, C_OUT))
    for r, s in OFFSETS:
        a = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                p_i, p_j = divmod(i, WIDTH), divmod(j, WIDTH)
                a[i, j] = 1 if p_j == (p_i[0] + r, p_i[1] + s) else 0
        assert np.array_equal(a, offset_mask(HEIGHT, WIDTH, (r, s)))
        y += a @ x @ KERNELS[r + 1, s + 1]
    found = convolve(IMAGE, KERNELS)
    np.testing.assert_allclose(found.reshape(n, C_OUT), y, rtol=0, atol=1e-12)


@equation("eq-faq-quadratic")
def test_scores_of_an_offset_are_as_written() -> None:
    alpha, delta = 1.7, (1, -2)
    found = offset_scores(HEIGHT, WIDTH, delta, strength=alpha)
    for i in range(HEIGHT * WIDTH):
        for j in range(HEIGHT * WIDTH):
            p_i, p_j = divmod(i, WIDTH), divmod(j, WIDTH)
            squares = sum((p_j[a] - p_i[a] - delta[a]) ** 2 for a in (0, 1))
            np.testing.assert_allclose(found[i, j], -alpha * squares, rtol=0, atol=1e-12)


@equation("eq-faq-mixers")
def test_all_three_mixers_have_as_many_weights() -> None:
    for d in (6, 24, 60):
        s = 2 * d // 3
        recurrence = 3 * (d * s + s**2) + s * d
        assert recurrence == 4 * d**2
        for make in MIXERS.values():
            assert sum(w.numel() for w in make(d).parameters() if w.ndim > 1) == recurrence


@equation("eq-faq-steps")
def test_the_steps_over_a_distance_are_as_written() -> None:
    n, k = 16, KERNEL
    reach = {n_blocks: seen("CNN", n, n_blocks) for n_blocks in range(1, 6)}
    for t in range(1, n):
        layers = math.ceil(t / (k - 1))
        if layers <= 5:
            assert reach[layers] >= t
        if 1 < layers <= 6:
            assert reach[layers - 1] < t
    assert seen("attention", n, 1) == seen("RNN", n, 1) == n - 1
    unit = MIXERS["RNN"](6).double()
    state, steps = torch.zeros(1, 1, 4, dtype=torch.float64), 0
    x = torch.randn(1, n, 6, dtype=torch.float64)
    for i in range(n):  # the same states, one step a place
        _, state = unit.unit(x[:, i : i + 1], state)
        steps += 1
    np.testing.assert_allclose(state.detach(), unit.unit(x)[1].detach(), rtol=0, atol=1e-12)
    assert steps - 1 == n - 1  # from the first place to the last


def seen(mixer: str, n: int, n_blocks: int) -> int:
    """Return how far back the last output of a model depends on its input."""
    model = initialise(SequenceTagger(mixer, 10, 10, n_blocks=n_blocks), RNG).double()
    x = torch.from_numpy(RNG.normal(size=(1, n, 24))).requires_grad_()
    (gradient,) = torch.autograd.grad(model.blocks(x)[0, -1].square().sum(), x)
    return n - 1 - int(torch.nonzero(gradient[0].abs().sum(-1))[0])


def test_the_convolution_of_the_comparison_looks_back_only() -> None:
    layer = initialise(Convolution(6), RNG).double()
    x = torch.from_numpy(RNG.normal(size=(1, 7, 6)))
    w = layer.filter.weight.detach().numpy()  # (out, in, tap), the last tap at the place itself
    found = layer(x)[0].detach().numpy()
    for i in range(7):
        y = sum(w[:, :, KERNEL - 1 - r] @ x[0, i - r].numpy() for r in range(KERNEL) if i >= r)
        np.testing.assert_allclose(found[i], y, rtol=0, atol=1e-12)
