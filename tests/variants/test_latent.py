"""Multi-head latent attention: absorbed = built, a cache that is small, and why keys are split."""

from typing import Any

import numpy as np
import pytest

from qkv_lib import attention
from qkv_lib.formula.positions import rope
from qkv_lib.variants.latent import LatentCache, absorbed_attention, latent_attention
from tests.arrays import LIBRARIES, array, normal, plain
from tests.reference import attention_by_loops
from tests.refusals import says

H, N, M, D, E, D_C, D_R = 3, 5, 7, 11, 13, 17, 2


def parts(lib: str, *, batch: tuple[int, ...] = (2,)) -> tuple[list[Any], dict[str, Any]]:
    sizes = (*batch, H, N, D), (*batch, 1, M, D_C), (H, D_C, D), (H, D_C, E)
    operands = [normal(lib, *size, seed=i) for i, size in enumerate(sizes)]
    turned = {
        "query_turned": normal(lib, *batch, H, N, D_R, seed=8),
        "key_turned": normal(lib, *batch, 1, M, D_R, seed=9),
    }
    return operands, turned


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("with_turned", [False, True])
@pytest.mark.parametrize("options", [{}, {"causal": True, "offset": 2}, {"scale": 0.5}])
def test_absorbed_is_built(lib: str, with_turned: bool, options: dict[str, Any]) -> None:
    operands, turned = parts(lib)
    options = options | (turned if with_turned else {})
    built = latent_attention(*operands, **options)
    assert built.shape == (2, H, N, E)
    np.testing.assert_allclose(
        plain(absorbed_attention(*operands, **options)), plain(built), rtol=1e-9, atol=1e-11
    )


def test_built_is_attention_by_loops_on_keys_and_values_of_each_head() -> None:
    (query, latent, up_key, up_value), turned = parts("numpy")
    key = np.concatenate([latent @ up_key, np.repeat(turned["key_turned"], H, axis=1)], axis=-1)
    whole = np.concatenate([query, turned["query_turned"]], axis=-1)
    expected = attention_by_loops(whole, key, latent @ up_value)[0]
    found = latent_attention(query, latent, up_key, up_value, **turned)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_it_is_not_attention_to_the_latents() -> None:
    operands, _ = parts("numpy")
    other = attention(operands[0] @ operands[2].mT, operands[1], operands[1]) @ operands[3]
    assert np.abs(other - absorbed_attention(*operands)).max() > 0.01  # another scale


def test_a_turn_between_the_maps_cannot_be_absorbed_and_beside_them_can() -> None:
    """Turned whole keys give another answer at every length of the text; split keys do not."""
    operands, _ = parts("numpy", batch=())
    query, latent, up_key, up_value = operands
    even = query[..., :10], up_key[..., :10]
    turned = attention(rope(even[0]), rope(latent @ even[1]), latent @ up_value)
    # what an absorbed form would need: one map for every key; the maps of two places differ
    eye = np.eye(10)[None]
    first, second = (
        even[1] @ rope(np.broadcast_to(eye, (H, 10, 10)), positions=np.full(10, t)) for t in (0, 1)
    )
    assert np.abs(first - second).max() > 0.5
    np.testing.assert_allclose(rope(latent @ even[1])[:, 1:2], latent[:, 1:2] @ second, rtol=1e-9)
    assert np.abs(turned - absorbed_attention(even[0], latent, even[1], up_value)).max() > 0.01


@pytest.mark.parametrize("lib", LIBRARIES)
def test_the_cache_gives_the_whole_sequence_token_by_token_and_is_small(lib: str) -> None:
    (_, latent, up_key, up_value), turned = parts(lib, batch=())
    query = normal(lib, H, M, D, seed=5)
    query_turned = normal(lib, H, M, D_R, seed=6)
    whole = latent_attention(
        query, latent, up_key, up_value, query_turned=query_turned,
        key_turned=turned["key_turned"], causal=True,
    )  # fmt: skip
    cache = LatentCache(capacity=M)
    for t in range(M):
        new = slice(t, t + 1)
        cache.append(latent[:, new], turned["key_turned"][:, new])
        found = cache.attend(query[:, new], query_turned[:, new], up_key, up_value)
        np.testing.assert_allclose(plain(found), plain(whole[:, new]), rtol=1e-9, atol=1e-11)
    assert len(cache) == M
    assert plain(cache.rows).nbytes == M * (D_C + D_R) * 8


def test_half_precision_is_summed_in_float32() -> None:
    operands, _ = parts("numpy")
    half = [x.astype("float16") for x in operands]
    exact = latent_attention(*[x.astype("float64") for x in half])
    for way in (latent_attention, absorbed_attention):
        found = way(*half)
        assert found.dtype == np.float16
        assert np.abs(found - exact).max() <= 2e-3 * np.abs(exact).max()


@pytest.mark.parametrize("way", [latent_attention, absorbed_attention])
def test_refuses_what_does_not_fit(way: Any) -> None:
    (query, latent, up_key, up_value), turned = parts("numpy", batch=())
    with says(
        ValueError,
        "up_key has shape (2, 17, 11), needs (3, 17, 11): the heads of query, the width of latent, "
        "the width of query",
    ):
        way(query, latent, up_key[:2], up_value)
    with says(
        ValueError,
        "up_value has shape (3, 16, 13), needs (3, 17, d_v): the heads of query, the width of "
        "latent",
    ):
        way(query, latent, up_key, up_value[:, :16])
    with says(ValueError, "latent has shape (3, 7, 17), needs one head: (..., 1, n_keys, d_c)"):
        way(query, array("numpy", np.repeat(latent, 3, axis=0)), up_key, up_value)
    with says(ValueError, "query_turned and key_turned go together: give both or none"):
        way(query, latent, up_key, up_value, query_turned=turned["query_turned"])
