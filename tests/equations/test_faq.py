"""The equations of chapter 9, as they are printed, against the library."""

import numpy as np
import torch

from qkv_lib import attention_steps
from qkv_lib.layers import initialise
from qkv_lib.models.mixers import KERNEL, MIXERS, Convolution, SequenceTagger
from qkv_lib.variants.convolution import convolve, offset_mask, offset_scores
from tests.equations.claims import given
from tests.equations.registry import Cases, evaluated

RNG = np.random.default_rng(9)
OFFSETS = [(r, s) for r in (-1, 0, 1) for s in (-1, 0, 1)]
HEIGHT, WIDTH, C_IN, C_OUT = 4, 3, 2, 5
N = HEIGHT * WIDTH
IMAGE, KERNELS = RNG.normal(size=(HEIGHT, WIDTH, C_IN)), RNG.normal(size=(3, 3, C_IN, C_OUT))
PLACES = np.array([divmod(i, WIDTH) for i in range(N)])


def kernel(offset: np.ndarray) -> np.ndarray:
    """W of an offset."""
    return KERNELS[offset[0] + 1, offset[1] + 1]


@evaluated("eq-faq-convolution")
def test_a_convolution_is_as_written() -> Cases:
    Y = convolve(IMAGE, KERNELS)

    def padded(place: np.ndarray) -> np.ndarray:
        """The image, and 0 around it."""
        inside = 0 <= place[0] < HEIGHT and 0 <= place[1] < WIDTH
        return IMAGE[tuple(place)] if inside else np.zeros(C_IN)

    offsets = [np.array(each) for each in OFFSETS]
    yield given(
        {"i": list(PLACES), "Delta": offsets}, Y=lambda place: Y[tuple(place)], X=padded, W=kernel
    )


@evaluated("eq-faq-heads")
def test_heads_are_as_written() -> Cases:
    Y = convolve(IMAGE, KERNELS).reshape(N, C_OUT)

    def sees(offset: np.ndarray, *entry: int) -> np.ndarray | float:
        found = offset_mask(HEIGHT, WIDTH, tuple(int(x) for x in offset)).astype(float)
        return found[entry[0] - 1, entry[1] - 1] if entry else found

    yield given({"i": N, "j": N, "Delta": [np.array(each) for each in OFFSETS]}, Y=Y, A=sees,
                X=IMAGE.reshape(N, C_IN), W=kernel, p=PLACES)  # fmt: skip


@evaluated("eq-faq-quadratic")
def test_scores_of_an_offset_are_as_written() -> Cases:
    alpha, delta = 1.7, (1, -2)
    S = offset_scores(HEIGHT, WIDTH, delta, strength=alpha)
    yield given({"i": N, "j": N}, S=S, alpha=alpha, p=PLACES, Delta=np.array(delta))


@evaluated("eq-faq-key-bias", same={"+ → -": "the bias cancels with either sign"})
def test_a_bias_on_the_keys_cancels_and_one_on_the_queries_does_not() -> Cases:
    Q, K, V, b = (RNG.normal(size=shape) for shape in ((5, 3), (7, 3), (7, 2), 3))
    yield given(Q=Q, K=K, b=b, ones=np.ones((7, 1)), d_k=3)
    plain = attention_steps(Q, K, V).weights
    np.testing.assert_allclose(attention_steps(Q, K + b, V).weights, plain, rtol=0, atol=1e-12)
    assert not np.allclose(attention_steps(Q + b, K, V).weights, plain)


@evaluated("eq-faq-mixers")
def test_all_three_mixers_have_as_many_weights() -> Cases:
    for d in (6, 24, 60):
        for make in MIXERS.values():
            counted = sum(w.numel() for w in make(d).parameters() if w.ndim > 1)
            yield given(d=d, s=2 * d / 3, equals=counted)


@evaluated("eq-faq-steps")
def test_the_steps_over_a_distance_are_as_written() -> Cases:
    n, k = 16, KERNEL
    reach = [seen("CNN", n, n_blocks) for n_blocks in range(1, 6)]
    assert seen("attention", n, 1) == n - 1
    for t in range(1, reach[-1] + 1):
        by_name = {"attention": False, "convolutions": 0, "recurrence": False}
        layers = next(number for number, far in enumerate(reach, start=1) if far >= t)
        for name, steps in zip(by_name, (1, layers, t), strict=True):
            yield given(also={**by_name, name: 1}, steps=steps, t=t, w=k)
    unit = MIXERS["RNN"](6).double()
    state, steps = torch.zeros(1, 1, 4, dtype=torch.float64), 0
    x = torch.randn(1, n, 6, dtype=torch.float64)
    for i in range(n):  # the same states, one step a place
        _, state = unit.unit(x[:, i : i + 1], state)
        steps += 1
    np.testing.assert_allclose(state.detach(), unit.unit(x)[1].detach(), rtol=0, atol=1e-12)
    assert steps - 1 == n - 1 == seen("RNN", n, 1)  # from the first place to the last


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
