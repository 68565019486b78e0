"""Block-sparse attention: gathered = masked, all blocks = attention, and what is chosen."""

from typing import Any

import numpy as np
import pytest

from qkv_lib import attention, attention_steps
from qkv_lib.variants.sparse import chosen_blocks, sparse_attention, sparse_attention_by_mask
from tests.arrays import LIBRARIES, normal, operands, plain
from tests.refusals import says


def chosen_by_loops(query: Any, key: Any, block: int, n_chosen: int, causal: bool) -> Any:
    n, m = len(query), len(key)
    starts = range(0, m, block)
    rows = np.zeros((n, len(starts)), bool)
    for i, q in enumerate(query):
        liking = {b: q @ key[s : s + block].mean(axis=0) for b, s in enumerate(starts)}
        if causal:
            liking = {b: x if b < i // block else np.inf for b, x in liking.items()
                      if b <= i // block}  # fmt: skip
        for b in sorted(liking, key=lambda b: -liking[b])[:n_chosen]:
            rows[i, b] = True
    return rows


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("block", "n_chosen"), [(1, 1), (2, 2), (3, 1), (3, 2), (7, 1), (50, 3)])
@pytest.mark.parametrize("kv_heads", [3, 1])
def test_gathered_is_masked(
    lib: str, causal: bool, block: int, n_chosen: int, kv_heads: int
) -> None:
    query, key, value = operands(lib, kv_heads=kv_heads)
    query = normal(lib, 2, 3, 7, 11) if causal else query
    options: dict[str, Any] = {"block": block, "n_chosen": n_chosen, "causal": causal}
    masked = sparse_attention_by_mask(query, key, value, **options)
    gathered = sparse_attention(query, key, value, **options)
    np.testing.assert_allclose(plain(gathered), plain(masked), rtol=1e-9, atol=1e-12)
    chosen = plain(chosen_blocks(query, key, **options))
    for b, h in np.ndindex(2, 3):
        one = plain(query)[b, h], plain(key)[b, min(h, kv_heads - 1)]
        assert (chosen[b, h] == chosen_by_loops(*one, block, n_chosen, causal)).all()


@pytest.mark.parametrize("causal", [False, True])
def test_all_blocks_are_attention(causal: bool) -> None:
    x = normal("numpy", 3, 7, 5)
    for block in (2, 3, 7):
        found = sparse_attention(x, x, x, block=block, n_chosen=7, causal=causal)
        np.testing.assert_allclose(found, attention(x, x, x, causal=causal), rtol=1e-9, atol=1e-12)


def test_what_is_lost_is_the_weight_left_out() -> None:
    """The output moves by no more than the weight left out times the spread of the values."""
    query, key, value = operands("numpy")
    options: dict[str, Any] = {"block": 2, "n_chosen": 2}
    seen = np.repeat(chosen_blocks(query, key, **options), 2, axis=-1)[..., :7]
    lost = (attention_steps(query, key, value).weights * ~seen).sum(axis=-1)
    moved = attention(query, key, value) - sparse_attention(query, key, value, **options)
    spread = (value.max(axis=-2) - value.min(axis=-2))[..., None, :]
    assert (np.abs(moved) <= lost[..., None] * spread + 1e-12).all()
    assert lost.max() > 0.1


def test_no_keys_give_zero() -> None:
    query, key, value = operands("numpy")
    nothing = sparse_attention(query, key[..., :0, :], value[..., :0, :], block=2, n_chosen=1)
    assert nothing.shape == (2, 3, 5, 13)
    assert (nothing == 0).all()


def test_refuses() -> None:
    query, key, value = operands("numpy")
    with says(ValueError, "query has 5 rows but key has 7: causal blocks need as many of both"):
        sparse_attention(query, key, value, block=2, n_chosen=1, causal=True)
    six = np.concatenate([query, query], axis=1)
    with says(
        ValueError,
        "query has 6 heads but key has 3: gathering needs as many key heads as query heads, or one",
    ):
        sparse_attention(six, key, value, block=2, n_chosen=1)
    with says(ValueError, "block is 0, needs an integer of at least 1"):
        chosen_blocks(query, key, block=0, n_chosen=1)
