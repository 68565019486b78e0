"""What of the library takes tensors, on whatever device they are: a table of calls and of models.

`test_cuda` runs them on a GPU, where there is one; `test_devices` without numbers, anywhere.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from qkv_lib import (
    KVCache,
    MultiHeadAttention,
    alibi_bias,
    attention,
    attention_steps,
    causal_mask,
    linear_attention,
    padding_mask,
    rope,
    sinusoidal,
    softmax,
    window_mask,
)
from qkv_lib.exact.backward import tiled_gradients
from qkv_lib.exact.paged import PagedCache, PagePool
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.formula import rules, scoring
from qkv_lib.formula.gradients import attention_gradients, softmax_gradient, softmax_jacobian
from qkv_lib.formula.positions import alibi_slopes
from qkv_lib.layers import DecoderBlock, EncoderBlock, FeedForward, LearnedPositions
from qkv_lib.measures.maps import rollout, weighted_norms
from qkv_lib.models.cnn import ConvNet
from qkv_lib.models.encoder import SentenceEncoder
from qkv_lib.models.gpt import GPT
from qkv_lib.models.mixers import SequenceTagger
from qkv_lib.models.seq2seq import EncoderDecoder
from qkv_lib.models.tagger import DigitTagger
from qkv_lib.models.translator import RecurrentTranslator, TransformerTranslator
from qkv_lib.models.vit import VisionTransformer
from qkv_lib.variants.convolution import convolve
from qkv_lib.variants.delta import delta_attention, delta_attention_by_chunks
from qkv_lib.variants.differential import differential_attention, differential_weights
from qkv_lib.variants.flex import flex_attention, flex_attention_whole
from qkv_lib.variants.gated import gated_attention
from qkv_lib.variants.int8 import Int8Cache, restored, rounded
from qkv_lib.variants.latent import LatentCache, absorbed_attention, latent_attention
from qkv_lib.variants.linear import kernel_weights
from qkv_lib.variants.rotary import frequencies, rope_2d, turned
from qkv_lib.variants.sinks import sink_attention, sink_attention_by_key
from qkv_lib.variants.sparse import chosen_blocks, sparse_attention, sparse_attention_by_mask

B, H, N, D = 2, 4, 12, 16


def unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


@torch.no_grad()
def cached(q: Tensor, k: Tensor, v: Tensor, cache: Any) -> Tensor:
    """Append keys and values in two parts, and attend after each."""
    rows = []
    for part in (slice(0, 5), slice(5, N)):
        cache.append(k[..., part, :], v[..., part, :])
        rows.append(cache.attend(q[..., part, :]))
    return torch.cat(rows, dim=-2)


def forked(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    first = PagedCache(PagePool(2 * N, page=4))
    first.append(k[..., :7, :], v[..., :7, :])
    cache = first.fork()
    cache.append(k[..., 7:, :], v[..., 7:, :])
    return cache.attend(q)


def latent_cached(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    cache = LatentCache(N)
    cache.append(k[:, :1], v[:, :1])
    return cache.attend(q, v, k[0].mT @ k[0], v[0].mT @ v[0])


def tiled_backward(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    steps = attention_steps(q, k, v, causal=True)
    found = tiled_gradients(
        q, k, v, v, output=steps.output, logsumexp=steps.logsumexp, query_block=5, key_block=4,
        causal=True,
    )  # fmt: skip
    return torch.cat(found, dim=-1)


def counting(x: Tensor, n: int = N) -> Tensor:
    return torch.arange(n, device=x.device)


def twice(x: Tensor) -> Tensor:
    return torch.cat([x, 0.5 * x], dim=-3)


CALLS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "attention": attention,
    "causal": partial(attention, causal=True),
    "offset of each": lambda q, k, v: attention(
        q, k, v, causal=True, offset=torch.tensor([0, 3], device=q.device)
    ),
    "window": partial(attention, window=3, causal=True),
    "softcap": partial(attention, softcap=2.0),
    "lengths": lambda q, k, v: attention(
        q, k, v, key_lengths=torch.tensor([3, N], device=q.device)
    ),
    "mask": lambda q, k, v: attention(q, k, v, mask=k[:, :, None, :, 0] > -1),
    "masks made like": lambda q, k, v: attention(
        q, k, v, mask=causal_mask(N, like=q) & window_mask(N, window=4, like=q)
    ),
    "padding mask": lambda q, k, v: attention(
        q, k, v, mask=padding_mask(torch.tensor([3, N], device=q.device), N)
    ),
    "alibi": lambda q, k, v: attention(q, k, v, bias=alibi_bias(H, N, like=q)),
    "slopes": lambda q, _k, _v: alibi_slopes(H, like=q)[:, None, None] * q,
    "grouped": lambda q, k, v: attention(q, k[:, :2], v[:, :2], causal=True),
    "narrow values": lambda q, k, v: attention(q, k, v[..., :5]),
    "steps": lambda q, k, v: attention_steps(q, k, v).weights @ v,
    "blocked": partial(blocked_attention, block=5, window=4),
    "tiled": partial(tiled_attention, query_block=5, key_block=4, causal=True),
    "softmax": lambda q, _k, _v: softmax(q),
    "gradients": lambda q, k, v: torch.cat(attention_gradients(q, k, v, v)[:3], dim=-1),
    "tiled gradients": tiled_backward,
    "Jacobian of softmax": lambda q, _k, _v: softmax_jacobian(softmax(q)),
    "gradient of softmax": lambda q, _k, v: softmax_gradient(softmax(q), v),
    "cache": lambda q, k, v: cached(q, k, v, KVCache(N)),
    "paged cache": lambda q, k, v: cached(q, k, v, PagedCache(PagePool(9, page=4))),
    "forked cache": forked,
    "int8 cache": lambda q, k, v: cached(q, k, v, Int8Cache()),
    "int8": lambda q, _k, _v: restored(rounded(q)),
    "latent cache": latent_cached,
    "rope": lambda q, _k, _v: rope(q),
    "rope at positions": lambda q, _k, _v: rope(q, positions=counting(q) * 3, layout="interleaved"),
    "rope of a part": lambda q, _k, _v: rope(q, n_rotated=8, offset=2),
    "rope in two dimensions": lambda q, _k, _v: rope_2d(q, height=3, width=4),
    "turned": lambda q, _k, _v: turned(q, frequencies(D), counting(q)),
    "sinusoids": lambda q, _k, _v: q + sinusoidal(N, D, like=q),
    "sinusoids at positions": lambda q, _k, _v: q + sinusoidal(counting(q), D).to(q),
    "dot": lambda q, k, _v: scoring.dot(q, k),
    "scaled dot": lambda q, k, _v: scoring.scaled_dot(q, k),
    "bilinear": lambda q, k, v: scoring.bilinear(q, k, v[0, 0, :, :D].mT @ v[0, 0]),
    "Gaussian": lambda q, k, _v: scoring.gaussian(q, k, bandwidth=3.0),
    "additive": lambda q, k, v: scoring.additive(
        q, k, v[0, 0].mT, v[0, 1].mT, v[0, 2, :, 0]
    ),
    "linear": linear_attention,
    "linear causal": partial(linear_attention, causal=True),
    "kernel weights": lambda q, k, v: kernel_weights(q, k, causal=True) @ v,
    "delta": lambda q, k, v: delta_attention(q, unit(k), v, q[..., 0].sigmoid()),
    "gated delta": lambda q, k, v: delta_attention(
        q, unit(k), v, q[..., 0].sigmoid(), decay=k[..., 1].sigmoid()
    ),
    "delta by chunks": lambda q, k, v: delta_attention_by_chunks(
        q, unit(k), v, q[..., 0].sigmoid(), decay=k[..., 1].sigmoid(), chunk=5
    ),
    "differential": lambda q, k, v: differential_attention(
        twice(q), twice(k), v, strength=0.3, causal=True
    ),
    "differential weights": lambda q, k, v: differential_weights(
        twice(q), twice(k), v, strength=0.3
    ),
    "gated": lambda q, k, v: gated_attention(q, k, v, v, causal=True),
    "sink": lambda q, k, v: sink_attention(q, k, v, sink=q[0, :, 0, 0].detach(), causal=True),
    "sink of a number": partial(sink_attention, sink=0.5),
    "sink by key": lambda q, k, v: sink_attention_by_key(q, k, v, sink=q[0, :, 0, 0].detach()),
    "sparse": partial(sparse_attention, block=4, n_chosen=2),
    "sparse causal": partial(sparse_attention, block=4, n_chosen=2, causal=True),
    "sparse by mask": partial(sparse_attention_by_mask, block=4, n_chosen=2, causal=True),
    "blocks chosen": lambda q, k, _v: chosen_blocks(q, k, block=4, n_chosen=2).to(q.dtype),
    "documents": lambda q, k, v: flex_attention(
        q, k, v, rule=rules.documents(counting(q) // 5) & rules.Rule(rules.causal), block=5
    ),
    "prefix": partial(flex_attention, rule=rules.prefix(3), block=5),
    "tree": lambda q, k, v: flex_attention(
        q, k, v, rule=rules.tree((counting(q) - 1) // 2), block=5
    ),
    "within, changed": partial(
        flex_attention, rule=rules.within(4), change=lambda s, i, j: s - 0.1 * (i - j).abs(),
        block=5,
    ),
    "flex whole": partial(flex_attention_whole, rule=rules.within(4)),
    "latent": lambda q, k, v: latent_attention(q, k[:, :1], k[0].mT @ k[0], v[0].mT @ v[0]),
    "latent, absorbed": lambda q, k, v: absorbed_attention(
        q, k[:, :1], k[0].mT @ k[0], v[0].mT @ v[0]
    ),
    "convolution": lambda q, k, _v: convolve(q[0], k[0, :3, :3, :, None]),
    "rollout": lambda q, k, v: rollout([attention_steps(q, k, v).weights] * 2),
    "weighted norms": lambda q, k, v: weighted_norms(
        attention_steps(q, k, v).weights, v, (k[0].mT @ k[0]).flatten(0, 1)
    ),
}  # fmt: skip


def ids(*shape: int, below: int = 10) -> Tensor:
    return torch.from_numpy(np.random.default_rng(shape).integers(3, below, shape))


def states(*shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(shape).standard_normal(shape, np.float32))


LENGTHS = torch.tensor([4, N])
Made = tuple[Callable[[], nn.Module], tuple[Tensor, ...], dict[str, Any]]
MODELS: dict[str, Made] = {
    "multi-head": (partial(MultiHeadAttention, 32, 4), (states(B, N, 32),), {"causal": True}),
    "grouped, rotated": (
        partial(MultiHeadAttention, 32, 4, n_kv_heads=2, rotate=rope),
        (states(B, N, 32), states(B, 7, 32)),
        {"key_lengths": torch.tensor([3, 7])},
    ),
    "multi-head, fused weights": (
        partial(MultiHeadAttention, 32, 4, fused=True), (states(B, N, 32),), {"window": 3},
    ),
    "feed forward": (partial(FeedForward, 32, 64), (states(B, N, 32),), {}),
    "encoder block": (
        partial(EncoderBlock, 32, 4, norm_first=False), (states(B, N, 32),),
        {"key_lengths": LENGTHS},
    ),
    "decoder block": (
        partial(DecoderBlock, 32, 4), (states(B, N, 32), states(B, 7, 32)), {},
    ),
    "learned positions": (partial(LearnedPositions, 20, 32), (states(B, N, 32),), {}),
    "CNN": (ConvNet, (states(B, 28, 28),), {}),
    "ViT": (VisionTransformer, (states(B, 28, 28),), {}),
    "GPT": (partial(GPT, 10, 16, d_model=32), (ids(B, N),), {}),
    "encoder": (
        partial(SentenceEncoder, 10, 16, d_model=32, n_heads=4, d_hidden=64, n_blocks=2),
        (ids(B, N), LENGTHS), {},
    ),
    **{
        f"translator, {score}": (
            partial(RecurrentTranslator, 10, 10, d=16, score=score), (ids(B, N), ids(B, 5)), {},
        )
        for score in ("none", "additive", "dot")
    },
    "translator, Transformer": (
        partial(TransformerTranslator, 10, 10, d=16), (ids(B, N), ids(B, 5)), {},
    ),
    **{
        f"copier, attends: {attends}": (
            partial(EncoderDecoder, 10, 16, attends=attends), (ids(B, N), ids(B, N)), {},
        )
        for attends in (False, True)
    },
    **{
        f"tagger, {positions}": (partial(DigitTagger, positions), (ids(B, N),), {})
        for positions in ("none", "sinusoidal", "RoPE", "ALiBi")
    },
    **{
        f"sequence tagger, {mixer}": (partial(SequenceTagger, mixer, 10, 3), (ids(B, N),), {})
        for mixer in ("CNN", "RNN", "attention")
    },
}  # fmt: skip


def to(device: torch.device | str, what: Any) -> Any:
    """Return tensors on a device, those of a tuple or dict too, and all else as it is."""
    if isinstance(what, dict):
        return {key: to(device, each) for key, each in what.items()}
    if isinstance(what, tuple):
        return tuple(to(device, each) for each in what)
    return what.to(device) if isinstance(what, Tensor | nn.Module) else what
