"""What a docstring says is so by default is so when nothing is given."""

import re
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import alibi_bias, attention, causal_mask, softmax, window_mask
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.paged import PagedCache
from qkv_lib.formula.positions import alibi_slopes, rope, sinusoidal
from qkv_lib.formula.rules import everything
from qkv_lib.layers import EncoderBlock
from qkv_lib.layers.multihead import MultiHeadAttention
from qkv_lib.measures.cost import Block, block_cost
from qkv_lib.models.gpt import GPT
from qkv_lib.models.vit import VisionTransformer
from qkv_lib.multihead import multi_head_attention
from qkv_lib.variants.delta import delta_attention
from qkv_lib.variants.flex import flex_attention
from qkv_lib.variants.int8 import Int8Cache
from qkv_lib.variants.latent import LatentCache, latent_attention
from qkv_lib.variants.rotary import frequencies, turned
from tests.equations.docstrings import docstrings
from tests.equations.documented_models import small_gpt

RNG = np.random.default_rng(3)
Q, K, V = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4)), RNG.normal(size=(5, 2))
X, W = RNG.normal(size=(4, 8)), RNG.normal(size=(4, 8, 8))
LATENT = (RNG.normal(size=(2, 3, 4)), RNG.normal(size=(1, 5, 6)), *RNG.normal(size=(2, 2, 6, 4)))
TURNED = {"query_turned": RNG.normal(size=(2, 3, 2)), "key_turned": RNG.normal(size=(1, 5, 2))}
B = RNG.uniform(size=4)


def heads(**options: int) -> torch.nn.Module:
    return MultiHeadAttention(8, 4, **options)


def held() -> KVCache:
    cache = KVCache(5)
    cache.append(K, V)
    return cache


def seen(**options: torch.Tensor) -> np.ndarray:
    return np.asarray(VIT(torch.ones(1, 4, 4), **options).detach())


def sizes(module: torch.nn.Module) -> list[tuple[int, ...]]:
    return [tuple(each.shape) for each in module.parameters()]


def same_layer(x: torch.Tensor, *more: torch.Tensor) -> np.ndarray:
    torch.nn.init.eye_(LAYER.query.weight)
    return np.asarray(LAYER(x, *more).detach())


CACHES = {
    "exact.cache.KVCache": KVCache, "exact.paged.PagedCache": PagedCache,
    "variants.int8.Int8Cache": Int8Cache, "variants.latent.LatentCache": LatentCache,
}  # fmt: skip
LAYER, VIT = MultiHeadAttention(8, 2), VisionTransformer(image_size=4, patch_size=2, d_model=8)
THETA, IDS = frequencies(8), torch.tensor([[3, 1, 4]])
T, S = torch.tensor(X).float(), torch.tensor(X[:3]).float()

SAID: dict[tuple[str, str], Callable[[], tuple[Any, Any]]] = {
    ("attention.attention", "Factor on the scores, ``1 / √d_k`` by default"): lambda: (
        attention(Q, K, V), attention(Q, K, V, scale=4**-0.5)),
    ("variants.flex.flex_attention_whole", "``1 / √d_k`` by default"): lambda: (
        flex_attention(Q, K, V), attention(Q, K, V, scale=4**-0.5)),
    ("variants.latent.latent_attention", "``1 / √(d_k + d_r)`` by default"): lambda: (
        latent_attention(*LATENT, **TURNED), latent_attention(*LATENT, **TURNED, scale=6**-0.5)),
    ("variants.delta.delta_attention", "1 by default"): lambda: (
        delta_attention(X, X, X, B), delta_attention(X, X, X, B, decay=np.ones(4))),
    ("measures.cost.block_cost", "``n_queries`` by default"): lambda: (
        block_cost(Block(8, 2), 5), block_cost(Block(8, 2), 5, 5)),
    ("measures.cost.Block", "``h`` (the default)"): lambda: (Block(8, 2).n_kv_heads, 2),
    ("measures.cost.Block", "``4 · d_model`` by default"): lambda: (Block(8, 2).d_ff, 4 * 8),
    ("formula.masks.causal_mask", "``n_keys`` defaults to ``offset + n_queries``"): lambda: (
        causal_mask(3, offset=2), causal_mask(3, 5, offset=2)),
    ("formula.masks.causal_mask", "NumPy by default"): lambda: (type(causal_mask(3)), np.ndarray),
    ("formula.masks.window_mask", "``n_keys`` defaults to ``offset + n_queries``"): lambda: (
        window_mask(3, window=2, offset=2), window_mask(3, 5, window=2, offset=2)),
    ("formula.positions.alibi.alibi_bias", "defaults to ``offset + n_queries``"): lambda: (
        alibi_bias(2, 3, offset=2), alibi_bias(2, 3, 5, offset=2)),
    ("formula.positions.alibi.alibi_bias", "NumPy and float64 by default"): lambda: (
        alibi_bias(2, 3).dtype, np.dtype(np.float64)),
    ("formula.steps.softmax", "the last one, the keys, by default"): lambda: (
        softmax(X), softmax(X, axis=1)),
    ("formula.positions.rope.rope", "0 to n − 1 by default"): lambda: (
        rope(X), rope(X, positions=np.arange(4))),
    ("formula.positions.rope.rope", "all by default"): lambda: (rope(X), rope(X, n_rotated=8)),
    ("layers.blocks.EncoderBlock", "``4 · d_model`` by default"): lambda: (
        sizes(EncoderBlock(8, 2)), sizes(EncoderBlock(8, 2, 4 * 8))),
    ("layers.blocks.EncoderBlock", "Pre-norm as above (the default)"): lambda: (
        EncoderBlock(8, 2).norm_first, True),
    ("layers.multihead.MultiHeadAttention", "``h`` by default"): lambda: (
        sizes(heads()), sizes(heads(n_kv_heads=4))),
    ("layers.multihead.MultiHeadAttention", "``d_model`` by default"): lambda: (
        sizes(heads()), sizes(heads(kdim=8, vdim=8))),
    ("layers.multihead.MultiHeadAttention.forward", "``x_query`` by default"): lambda: (
        same_layer(T), same_layer(T, T)),
    ("layers.multihead.MultiHeadAttention.forward", "``x_key`` by default"): lambda: (
        same_layer(S, T), same_layer(S, T, T)),
    ("multihead.multi_head_attention", "``h`` by default"): lambda: (
        multi_head_attention(X, X, *W, n_heads=2),
        multi_head_attention(X, X, *W, n_heads=2, n_kv_heads=2)),
    ("models.gpt.GPT.caches", "with room for ``length`` tokens by default"): lambda: (
        [each.capacity for each in GPT(9, 7, d_model=8, n_heads=2).caches()], [7, 7]),
    ("variants.rotary.turned", "0 to n − 1 by default"): lambda: (
        turned(X, THETA), turned(X, THETA, positions=np.arange(4))),
    ("formula.rules.Rule.mask", "``offset + n_queries`` keys by default"): lambda: (
        everything.mask(3, offset=2), everything.mask(3, 5, offset=2)),
    ("formula.rules.Rule.mask", "NumPy by default"): lambda: (type(everything.mask(3)), np.ndarray),
    ("formula.positions.alibi.alibi_slopes", "NumPy and float64 by default"): lambda: (
        alibi_slopes(4).dtype, np.dtype(np.float64)),
    ("formula.positions.sinusoidal.sinusoidal", "by default those of NumPy (float64)"): lambda: (
        sinusoidal(3, 4).dtype, np.dtype(np.float64)),
    **dict.fromkeys(
        ((f"{name}.attend", "True by default") for name in CACHES),
        lambda: ({signature(each.attend).parameters["causal"].default for each in CACHES.values()},
                 {True}),
    ),
    ("exact.cache.KVCache.attend", "``length − n_queries`` by default"): lambda: (
        held().attend(K[3:]), held().attend(K[3:], offset=3)),
    ("models.gpt.GPT.forward", "by default they follow each other, from 0"): lambda: (
        small_gpt()(IDS).detach(), small_gpt()(IDS, positions=torch.arange(3)).detach()),
    ("models.vit.VisionTransformer.forward", "all by default"): lambda: (
        seen(), seen(visible=torch.ones(1, 4, dtype=torch.bool))),
}  # fmt: skip
"""What a docstring says, and what is computed without and with it."""

ELSEWHERE = {
    "exact.ring.ring_attention": "the group of all processes: tests/exact/test_ring.py",
    "exact.tiles.blocked_attention": "a block that suits the processor",
    "exact.tiles.tiled": "the same result by any tile: tests/exact/test_tiles.py",
    "formula._door.check_form": "says where the defaults stand",
    "measures.cost.Block.__post_init__": "fills in what Block says",
    "models.cnn.ConvNet": "sizes: tests/models/test_models.py",
    "models.encoder.SentenceEncoder": "the sizes of the stored weights, which are loaded into it",
    "models.training.fit": "cross-entropy: tests/models/test_models.py",
    "models.vit.VisionTransformer": "sizes: tests/models/test_models.py",
}
FLOORS = {"attention", "multihead", "formula", "exact", "variants", "layers", "measures", "models"}
DEFAULT = re.compile(r"\bdefaults?\b")


@pytest.mark.parametrize("said", SAID, ids=" ".join)
def test_what_is_said_of_a_default_is_so(said: tuple[str, str]) -> None:
    name, words = said
    assert words in " ".join(docstrings()[name].split()), f"the docstring of {name} says so no more"
    without, given = SAID[said]()
    if isinstance(without, np.ndarray | torch.Tensor):
        np.testing.assert_allclose(np.asarray(without), np.asarray(given), rtol=1e-6)
    else:
        assert without == given


def test_each_default_that_is_told_is_tried() -> None:
    for name, text in docstrings().items():
        if name.split(".")[0] in FLOORS and name not in ELSEWHERE:
            told = len(DEFAULT.findall(text))
            tried = sum(len(DEFAULT.findall(words)) for where, words in SAID if where == name)
            assert told == tried, f"{name} speaks of {told} defaults, and SAID tries {tried}"
    assert [name for name in ELSEWHERE if not DEFAULT.search(docstrings()[name])] == []
