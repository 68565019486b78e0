"""The rows of the table: everything in the library that computes attention, and the loops.

Each takes query (b, h, n, d), key (b, g, m, d), value (b, g, m, e) and the options of
`qkv_lib.attention`, and returns the output (b, h, n, e).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from qkv_lib import attention, attention_steps, merge_heads, split_heads
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.fused import fused_attention
from qkv_lib.exact.paged import PagedCache, PagePool
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.formula._band import Band
from qkv_lib.formula._door import check_call
from qkv_lib.formula.rules import Rule, everything
from qkv_lib.formula.steps import soft_cap
from qkv_lib.layers import MultiHeadAttention
from qkv_lib.layers.recording import recorded_weights
from qkv_lib.variants.differential import differential_attention
from qkv_lib.variants.flex import flex_attention
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.latent import absorbed_attention
from qkv_lib.variants.sinks import sink_attention, sink_attention_by_key
from tests.arrays import LIBRARIES, Array, plain
from tests.reference import attention_by_loops


class NotOfferedError(Exception):
    """The implementation does not claim to do this."""


@dataclass(frozen=True)
class Implementation:
    """One row: its name, how to run it, and how to get the maps it used with the output."""

    name: str
    run: Callable[..., Array]
    maps: Callable[..., tuple[Array, Array]] | None = None
    random: bool = False  # dropout at work: the output is no function of the operands alone
    differentiable: bool = True
    libraries: tuple[str, ...] = LIBRARIES
    detours: int = 1  # products for one of the textbook's: each rounds once more


def loops_with_maps(*arrays: Array, **options: Any) -> tuple[Array, Array]:
    """Run the loops in float64 and round the results to the dtype of the operands."""
    if not all(isinstance(x, np.ndarray) for x in arrays):
        raise NotOfferedError("the loops read NumPy arrays")
    output, weights = attention_by_loops(*map(plain, arrays), **options)
    return weights.astype(arrays[0].dtype), output.astype(arrays[0].dtype)


def steps_with_maps(*arrays: Array, **options: Any) -> tuple[Array, Array]:
    steps = attention_steps(*arrays, **options)
    return steps.weights, steps.output


def cached(
    query: Array, key: Array, value: Array, *, causal: bool = False, offset: int = 0,
    window: int | None = None, mask: Array | None = None, **options: Any,
) -> Array:  # fmt: skip
    """Put the keys into a cache in two parts, then attend.

    In a cache the queries are the last tokens; where other positions are asked for, the band
    becomes a mask.
    """
    n, m = query.shape[-2], key.shape[-2]
    if (causal or window is not None) and offset != m - n:
        seen = Band(causal=causal, window=window, offset=offset).mask(n, m, like=query)
        mask, causal, window = seen if mask is None else seen & mask, False, None
    cache = KVCache(capacity=m + 1)
    for part in (slice(0, m // 2), slice(m // 2, m)):
        cache.append(key[..., part, :], value[..., part, :])
    return cache.attend(query, causal=causal, window=window, mask=mask, **options)


def paged(
    query: Array, key: Array, value: Array, *, causal: bool = False, offset: int = 0,
    window: int | None = None, mask: Array | None = None, **options: Any,
) -> Array:  # fmt: skip
    """Put the keys on pages of three tokens, half of them shared with another sequence."""
    n, m = query.shape[-2], key.shape[-2]
    if (causal or window is not None) and offset != m - n:
        seen = Band(causal=causal, window=window, offset=offset).mask(n, m, like=query)
        mask, causal, window = seen if mask is None else seen & mask, False, None
    first = PagedCache(PagePool(2 * m + 2, page=3))
    first.append(key[..., : m // 2, :], value[..., : m // 2, :])
    cache = first.fork()
    first.append(key[..., :1, :] + 1, value[..., :1, :] - 1)
    cache.append(key[..., m // 2 :, :], value[..., m // 2 :, :])
    return cache.attend(query, causal=causal, window=window, mask=mask, **options)


def by_rule(
    query: Array, key: Array, value: Array, *, bias: Array | None = None,
    softcap: float | None = None, scale: float | None = None, **options: Any,
) -> Array:  # fmt: skip
    """Hand in all masks as one rule; bias and soft cap as one change of the scores."""
    call = check_call(query, key, value, bias=bias, softcap=softcap, scale=scale, **options)
    seen = call.seen()

    def broadcast(x: Array) -> Array:
        on_torch = isinstance(x, torch.Tensor)
        return x.expand(call.sizes) if on_torch else np.broadcast_to(x, call.sizes)

    def change(scores: Array, i: Array, j: Array) -> Array:
        capped = soft_cap(scores, softcap)
        return capped if bias is None else capped + broadcast(bias)[..., i, j]

    rule = everything if seen is None else Rule(lambda i, j: broadcast(seen)[..., i, j])
    return flex_attention(query, key, value, rule=rule, change=change, scale=scale, block=2)


def latent(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """MLA whose latent is the keys and values of all heads, and whose maps select from it."""
    h, g, d, e = query.shape[-3], key.shape[-3], query.shape[-1], value.shape[-1]
    width = g * (d + e)
    selects = np.eye(width).reshape(width, g, d + e)
    maps = [np.stack([selects[:, i // (h // g), part] for i in range(h)])
            for part in (slice(d), slice(d, None))]  # fmt: skip
    if isinstance(query, torch.Tensor):
        both = torch.cat([key, value], dim=-1)
        up_key, up_value = (torch.tensor(x).to(query) for x in maps)
    else:
        both = np.concatenate([key, value], axis=-1)
        up_key, up_value = (x.astype(query.dtype) for x in maps)
    return absorbed_attention(
        query, merge_heads(both)[..., None, :, :], up_key, up_value, **options
    )


def alike(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """Differential attention of which nothing is subtracted."""
    join = torch.cat if isinstance(query, torch.Tensor) else np.concatenate
    twice = (join([x, x], -3) for x in (query, key))
    return differential_attention(*twice, value, strength=0.0, **options)


def opened(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """Gated attention whose gates are open."""
    h, n, b = query.shape[-3], query.shape[-2], query.shape[:-3]
    gate = np.full((*b, h, n, 1), 100.0)
    if isinstance(query, torch.Tensor):
        return gated_attention(query, key, value, torch.tensor(gate).to(query), **options)
    return gated_attention(query, key, value, gate.astype(query.dtype), **options)


def fused(*operands: Array, softcap: float | None = None, **options: Any) -> Array:
    """PyTorch's kernel, and where it knows an option not (the soft cap), what replaces it."""
    if not isinstance(operands[0], torch.Tensor):
        raise NotOfferedError("the kernel reads torch tensors")
    if softcap is not None:
        return attention(*operands, softcap=softcap, **options)
    return fused_attention(*operands, **options)


def layer(*, training: bool) -> Implementation:
    """Multi-head attention whose four maps are the identity, so that it is attention alone."""

    def prepared(query: Array, key: Array, value: Array) -> tuple[Any, list[Array]]:
        if not isinstance(query, torch.Tensor):
            raise NotOfferedError("the layer is a torch module")
        h, g, d = query.shape[-3], key.shape[-3], query.shape[-1]
        module = MultiHeadAttention(
            h * d, h, n_kv_heads=g, kdim=g * d, vdim=g * d, bias=False,
            dropout=0.5 if training else 0.0,
        ).to(query).train(training)  # fmt: skip
        for parameter in module.parameters():
            torch.nn.init.eye_(parameter)
        wide = torch.nn.functional.pad(value, (0, d - value.shape[-1]))  # d_v = d in the layer
        return module, [merge_heads(x) for x in (query, key, wide)]

    def with_maps(query: Array, key: Array, value: Array, **options: Any) -> tuple[Array, Array]:
        module, inputs = prepared(query, key, value)
        with torch.random.fork_rng(), recorded_weights(module) as maps:
            torch.manual_seed(0)
            output = module(*inputs, **options)
        return maps[""][0], split_heads(output, query.shape[-3])[..., : value.shape[-1]]

    def run(query: Array, key: Array, value: Array, **options: Any) -> Array:
        module, inputs = prepared(query, key, value)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            output = module(*inputs, **options)
        return split_heads(output, query.shape[-3])[..., : value.shape[-1]]

    mode = "train" if training else "eval"
    return Implementation(f"MultiHeadAttention.{mode}", run, with_maps, random=training)


def autocast(implementation: Implementation, half: str) -> Implementation:
    """Return the implementation as it runs inside `torch.autocast`: by no number different."""

    def inside(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*operands: Array, **options: Any) -> Any:
            on_torch = isinstance(operands[0], torch.Tensor)
            device = operands[0].device.type if on_torch else "cpu"
            with torch.autocast(device, getattr(torch, half)):
                return function(*operands, **options)

        return run

    maps = None if implementation.maps is None else inside(implementation.maps)
    name = f"{implementation.name}, autocast"
    run = inside(implementation.run)
    return replace(implementation, name=name, run=run, maps=maps, libraries=("torch",))


IMPLEMENTATIONS = [
    Implementation("loops", lambda *a, **o: loops_with_maps(*a, **o)[1], loops_with_maps),
    Implementation("attention", attention),
    Implementation(
        "attention_steps", lambda *a, **o: attention_steps(*a, **o).output, steps_with_maps
    ),
    Implementation("tiles.blocked_attention", partial(blocked_attention, block=2)),
    Implementation("tiles.tiled_attention", partial(tiled_attention, query_block=2, key_block=3)),
    Implementation("fused.fused_attention", fused),
    Implementation("cache.KVCache", cached, differentiable=False),
    layer(training=False),
    layer(training=True),
    Implementation("paged.PagedCache", paged, differentiable=False),
    # Variants, where they are attention: nothing subtracted, no sink, an open gate.
    Implementation("flex.flex_attention", by_rule),
    Implementation("latent.absorbed_attention", latent, detours=2),
    Implementation("sinks.sink_attention", partial(sink_attention, sink=-np.inf)),
    Implementation("sinks.sink_attention_by_key", partial(sink_attention_by_key, sink=-np.inf)),
    Implementation("gated.gated_attention", opened),
    Implementation("differential.differential_attention", alike),
]
IMPLEMENTATIONS += [
    autocast(implementation, half)
    for implementation, half in zip(IMPLEMENTATIONS[1:7], ["float16", "bfloat16"] * 3, strict=True)
]
