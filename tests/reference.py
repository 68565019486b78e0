"""Attention in plain Python loops over floats: what the library is compared with.

It shares no line with the library and follows the definition of each option word by word.
"""

import math
from typing import Any

import numpy as np

Floats = np.ndarray[Any, Any]


def attention_by_loops(
    query: Floats,
    key: Floats,
    value: Floats,
    *,
    mask: Floats | None = None,
    bias: Floats | None = None,
    causal: bool = False,
    offset: int = 0,
    window: int | None = None,
    key_lengths: Floats | None = None,
    scale: float | None = None,
    softcap: float | None = None,
) -> tuple[Floats, Floats]:
    """Return output and weights for query (b, h, n, d), key (b, g, m, d), value (b, g, m, e)."""
    (batch, h, n, d), (_, g, m, _) = query.shape, key.shape
    mask = np.broadcast_to(True if mask is None else mask, (batch, h, n, m))
    bias = np.broadcast_to(0.0 if bias is None else bias, (batch, h, n, m))
    weights = np.zeros((batch, h, n, m))
    output = np.zeros((batch, h, n, value.shape[-1]))
    for b, head, i in np.ndindex(batch, h, n):
        shared = head // (h // g)
        scores = {}
        for j in range(m):
            position = i + offset
            hidden = (
                not mask[b, head, i, j]
                or (causal and j > position)
                or (window is not None and abs(position - j) >= window)
                or (key_lengths is not None and j >= key_lengths[b])
                or bias[b, head, i, j] == -math.inf
            )
            if hidden:
                continue
            score = math.fsum(query[b, head, i, c] * key[b, shared, j, c] for c in range(d))
            score *= 1 / math.sqrt(d) if scale is None else scale
            if softcap is not None:
                score = softcap * math.tanh(score / softcap)
            scores[j] = score + bias[b, head, i, j]
        peak = max(scores.values(), default=0.0)
        total = math.fsum(math.exp(score - peak) for score in scores.values())
        for j, score in scores.items():
            weights[b, head, i, j] = math.exp(score - peak) / total
            output[b, head, i] += weights[b, head, i, j] * value[b, shared, j]
    return output, weights


def one_head_by_loops(
    query: Floats, key: Floats, value: Floats, **options: Any
) -> tuple[Floats, Floats]:
    """Return output and weights for query (n, d), key (m, d), value (m, e)."""
    output, weights = attention_by_loops(
        query[None, None], key[None, None], value[None, None], **options
    )
    return output[0, 0], weights[0, 0]
