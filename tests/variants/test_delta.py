"""The delta rule: recurrent = chunked = loops, and what it keeps that a plain sum does not."""

from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib.variants.delta import delta_attention, delta_attention_by_chunks
from tests.arrays import LIBRARIES, array, normal, plain
from tests.holds import holds
from tests.refusals import says

H, N, D, E = 3, 7, 5, 11
FORMS = (delta_attention, delta_attention_by_chunks)


def by_loops(q: Any, k: Any, v: Any, beta: Any, alpha: Any) -> Any:
    """The definition with the matrix that multiplies the state, for one head."""
    state, rows = np.zeros((k.shape[1], v.shape[1])), []
    for t in range(len(q)):
        forget = alpha[t] * (np.eye(k.shape[1]) - beta[t] * np.outer(k[t], k[t]))
        state = forget @ state + beta[t] * np.outer(k[t], v[t])
        rows.append(q[t] @ state)
    return np.array(rows)


def operands(lib: str, n: int = N) -> list[Any]:
    rng = np.random.default_rng(n)
    q, k = rng.normal(size=(2, 2, H, n, D))
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    v, beta = rng.normal(size=(2, H, n, E)), rng.uniform(size=(2, H, n))
    return [array(lib, x) for x in (q, k, v, beta)]


@holds(
    "delta_attention_by_chunks computes the same for a whole chunk of tokens at once.",
    "The chunked form does that.",
)
@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("gated", [False, True])
def test_both_forms_are_the_definition(lib: str, gated: bool) -> None:
    given = operands(lib)
    decay = array(lib, np.random.default_rng(1).uniform(0.2, 1.0, (2, H, N))) if gated else None
    alpha = np.ones((2, H, N)) if decay is None else plain(decay)
    forms = [delta_attention(*given, decay=decay)]
    forms += [
        delta_attention_by_chunks(*given, decay=decay, chunk=size) for size in (1, 2, 3, 7, 64)
    ]
    for form in forms:
        for b, h in np.ndindex(2, H):
            q, k, v, beta = (plain(x)[b, h] for x in given)
            expected = by_loops(q, k, v, beta, alpha[b, h])
            np.testing.assert_allclose(plain(form)[b, h], expected, rtol=1e-8, atol=1e-10)


def test_both_forms_have_the_same_gradients() -> None:
    decay = torch.rand(2, H, N, dtype=torch.float64) * 0.5 + 0.5
    found = []
    for form in FORMS:
        leaves = [x.clone().requires_grad_() for x in (*operands("torch"), decay)]
        options = {"chunk": 3} if form is delta_attention_by_chunks else {}
        form(*leaves[:4], decay=leaves[4], **options).square().sum().backward()
        found.append([x.grad for x in leaves])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_a_key_of_length_one_reads_what_was_written_last(form: Any) -> None:
    _, k, v, _ = operands("numpy")
    np.testing.assert_allclose(form(k, k, v, np.ones((2, H, N))), v, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("form", FORMS)
def test_orthogonal_keys_are_all_kept_and_strength_zero_writes_nothing(form: Any) -> None:
    k, v = np.eye(5)[None], normal("numpy", 1, 5, E)
    last = np.concatenate([k, k], axis=1)  # written, then read with strength 0
    values = np.concatenate([v, np.full_like(v, 9.0)], axis=1)
    beta = np.concatenate([np.ones((1, 5)), np.zeros((1, 5))], axis=1)
    np.testing.assert_allclose(form(last, last, values, beta)[:, 5:], v, rtol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_later_tokens_change_no_earlier_output(form: Any) -> None:
    given = operands("numpy")
    changed = [x.copy() for x in given]
    for x in changed[:3]:
        x[:, :, 4:] = 0.3
    before, after = form(*given), form(*changed)
    np.testing.assert_allclose(before[:, :, :4], after[:, :, :4], rtol=1e-10, atol=1e-12)
    assert np.abs(before[:, :, 4:] - after[:, :, 4:]).min() > 0


def test_the_decay_forgets() -> None:
    q, k, v, beta = operands("numpy")
    tiny = np.full((2, H, N), 1e-200)
    found = delta_attention_by_chunks(q, k, v, beta, decay=tiny)
    alone = (q * k).sum(-1, keepdims=True) * beta[..., None] * v
    np.testing.assert_allclose(found, alone, rtol=1e-9, atol=1e-12)


def test_half_precision_is_summed_in_float32() -> None:
    half = [x.astype("float16") for x in operands("numpy")]
    exact = delta_attention(*[x.astype("float64") for x in half])
    for form in FORMS:
        assert form(*half).dtype == np.float16
        assert np.abs(form(*half) - exact).max() < 5e-3


@pytest.mark.parametrize("form", FORMS)
def test_refuses(form: Any) -> None:
    q, k, v, beta = (x[0, 0] for x in operands("numpy"))
    with says(
        ValueError,
        "query has shape (6, 5) but key has (7, 5): the delta rule reads once for each token that "
        "it writes, and needs at least one",
    ):
        form(q[:6], k, v, beta)
    with says(ValueError, "strength has shape (6,), needs (7,): one number per token"):
        form(q, k, v, beta[:6])
    with says(ValueError, "decay has shape (6,), needs (7,): one number per token"):
        form(q, k, v, beta, decay=beta[:6])
    with says(ValueError, "decay holds a number that is not above 0 and at most 1"):
        form(q, k, v, beta, decay=beta + 1)
