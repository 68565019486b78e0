"""Answers that once slipped through, were refused, or were sent the wrong way: one of each kind."""

import numpy as np
import pytest
import torch

from qkv_lib import attention, softmax
from qkv_lib.practice import grade
from tests.practice.answers.source import function

WRONG = {
    "a fill that is not −∞": ("masked-attention", """
def f(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    weights = qkv_lib.softmax(np.where(mask, scores, -1e4))
    return np.where(mask.any(-1, keepdims=True), weights @ value, 0)
"""),
    "a number taken off the hidden scores": ("masked-attention", """
def f(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    weights = qkv_lib.softmax(scores - 1e4 * ~mask)
    return np.where(mask.any(-1, keepdims=True), weights @ value, 0)
"""),
    "a running maximum that starts at 0": ("softmax-rows", """
def f(scores):
    top = np.exp(scores - np.maximum(scores.max(-1, keepdims=True), 0))
    return top / top.sum(-1, keepdims=True)
"""),
    "one maximum for all": ("softmax-rows", """
def f(scores):
    top = np.exp(scores - scores.max())
    return top / top.sum(-1, keepdims=True)
"""),
    "a batch of one squeezed away": ("attention", """
def f(query, key, value):
    return qkv_lib.attention(query[None], key[None], value[None]).squeeze(0).squeeze()
"""),
    "emptiness looked for in the whole batch": ("masked-attention", """
def f(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -1e9)
    output = qkv_lib.softmax(scores) @ value
    empty = ~mask.any(axis=tuple(i for i in range(mask.ndim) if i != mask.ndim - 2))
    output[..., empty, :] = 0
    return output
"""),
    "a slice that is empty where nothing is padded": ("unit-mean", """
def f(states, lengths):
    n = states.shape[1]
    rows = np.stack([s[: -(n - k)].mean(0) for s, k in zip(states, lengths)])
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
"""),
    "the bias lost where all heads are silent": ("silent-heads", """
def f(scores, value, w_o, b_o, gates):
    if not gates.any():
        return np.zeros((*scores.shape[:-3], scores.shape[-2], len(b_o)))
    heads = gates[:, None, None] * (qkv_lib.softmax(scores) @ value)
    return qkv_lib.merge_heads(heads) @ w_o + b_o
"""),
    "a whole offset": ("offset-scores", """
def f(places, offset, strength):
    between = places[..., None, :] - places[..., :, None]
    return -strength * (between - int(offset)) ** 2
"""),
    "rounded places": ("offset-scores", """
def f(places, offset, strength):
    places = np.rint(places)
    between = places[..., None, :] - places[..., :, None]
    return -strength * (between - offset) ** 2
"""),
    "beginnings taken for sorted": ("beam-step", """
def f(totals, log_p):
    k = totals.shape[-1]
    best = np.sort(totals[..., :1, None] + log_p[..., :1, :], axis=-1)[..., 0, ::-1]
    rest = np.sort((totals[..., None] + log_p).reshape(*totals.shape[:-1], -1))[..., ::-1]
    return rest[..., :k] if np.all(np.diff(totals) <= 0) else best[..., :k]
"""),
    "probabilities multiplied": ("beam-step", """
def f(totals, log_p):
    k = totals.shape[-1]
    found = np.exp(totals)[..., None] * np.exp(log_p)
    return np.log(np.sort(found.reshape(*totals.shape[:-1], -1))[..., ::-1][..., :k])
"""),
    "one tap": (
        "convolution-by-heads",
        """
def f(x, kernel):
    k, n = len(kernel), x.shape[-2]
    y = np.zeros((*x.shape[:-2], n + k - 1, kernel.shape[-1]))
    for r in range(k):
        y[..., r : r + n, :] += x @ kernel[r]
    return y[..., : -(k - 1), :]
""",
    ),
    "a best that starts at −100": ("hard-lookup", """
def f(queries, keys, values):
    rows = []
    for query in queries:
        best, top = 0, -100
        for j, key in enumerate(keys):
            if query @ key > top:
                best, top = j, query @ key
        rows.append(values[best])
    return np.stack(rows)
"""),
    "the epsilon outside the root": ("pre-norm", """
def f(x, W_1, W_2):
    norm = (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-5)
    return x + np.maximum(norm @ W_1, 0) @ W_2
"""),
    "no epsilon": ("pre-norm", """
def f(x, W_1, W_2):
    norm = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
    return x + np.maximum(norm @ W_1, 0) @ W_2
"""),
    "all points at one place left out": ("leave-one-out", """
def f(known_x, known_y, bandwidth):
    squares = (known_x[:, None] - known_x) ** 2
    scores = np.where(squares == 0, -np.inf, -squares / (2 * bandwidth**2))
    return qkv_lib.softmax(scores) @ known_y
"""),
    "an eigenvalue of 0 refused": ("one-map", """
def f(scores):
    symmetric = np.isclose(scores, scores.swapaxes(-1, -2)).all(axis=(-2, -1))
    return symmetric & (np.linalg.eigvalsh(scores).min(axis=-1) > 0)
"""),
    "the first rows taken for independent": ("matching-keys", """
def f(query, key, new_query):
    d = query.shape[-1]
    G = np.linalg.inv(query[..., :d, :]) @ new_query[..., :d, :]
    return key @ np.linalg.inv(G).swapaxes(-1, -2)
"""),
    "real zeros taken for padding": ("mean-pooling", """
def f(x, mask):
    real = x * mask[..., None]
    return real.sum(-2) / np.maximum((real != 0).sum(-2), 1)
"""),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_answer_of_this_kind_no_longer_passes(kind):
    name, source = WRONG[kind]
    verdict = grade(name, function(source))
    assert verdict.status == "wrong", verdict.text


def published_rotary(x, positions):
    """Turn the pairs as published code does: angles in float32."""
    half = x.shape[-1] // 2
    inverse = 1.0 / (10000 ** (torch.arange(0, x.shape[-1], 2).float() / x.shape[-1]))
    angles = positions[:, None].float() * inverse
    both = torch.cat((angles, angles), dim=-1)
    swapped = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
    return x * both.cos() + swapped * both.sin()


def published_sinusoids(positions, d):
    """Make the table as published code does, in float32."""
    rate = torch.exp(torch.arange(0, d, 2).float() * (-np.log(10000.0) / d))
    table = torch.zeros(len(positions), d)
    table[:, 0::2] = torch.sin(positions[:, None] * rate)
    table[:, 1::2] = torch.cos(positions[:, None] * rate)
    return table


def tensor_methods(X, i, W_Q, W_K, W_V):
    """Use what tensors have and arrays read in another way."""
    query, key = X @ W_Q, X @ W_K
    return softmax(query @ key.transpose(-2, -1) / query.size(-1) ** 0.5)[i] @ (X @ W_V)


def counts_in_whole_numbers(bits):
    return np.cumsum(bits, axis=-1).astype(int)


def share_in_float32(right, distance, bounds):
    found = np.zeros(len(bounds) - 1, dtype=np.float32)
    for b in range(len(found)):
        found[b] = right[(distance >= bounds[b]) & (distance < bounds[b + 1])].mean()
    return found


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("rotate", published_rotary),
        ("sinusoidal", published_sinusoids),
        ("handed-over", tensor_methods),
        ("running-count", counts_in_whole_numbers),
        ("accuracy-by-distance", share_in_float32),
    ],
)
def test_a_right_answer_in_this_style_is_no_longer_refused(name, answer):
    verdict = grade(name, answer)
    assert verdict.status == "right", verdict.text


def test_one_key_too_many_hidden_is_not_blamed_on_infinity():
    def one_too_many(mask, query):
        bias = np.where(mask, 0.0, -np.inf).astype(query.dtype)
        bias[..., -1] = -np.inf
        return bias

    assert grade("mask-to-bias", one_too_many).mistake != "not-finite"


def test_advice_is_given_only_where_it_makes_the_answer_right():
    def nearly(scores):
        top = np.exp(scores - scores.max(-1, keepdims=True))
        return (top / top.sum(-1, keepdims=True) + 0.01) * 1.1

    assert "divide each row" not in grade("softmax-rows", nearly).text.lower()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("hard-lookup", """
def f(queries, keys, values):
    return values[np.round(queries @ keys.T, 1).argmax(1)]
"""),
        ("hard-lookup", """
def f(queries, keys, values):
    return values[(queries.astype(np.float16) @ keys.astype(np.float16).T).argmax(1)]
"""),
        ("masked-attention", """
def f(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(key.shape[-1])
    top = np.where(mask, np.exp(scores - np.where(mask, scores, -np.inf).max()), 0)
    return np.nan_to_num(top / top.sum(-1, keepdims=True)) @ value
"""),
        ("sink-weights", """
def f(scores, sink):
    beta = np.clip(sink, -50, 50)[:, None, None]
    peak = np.maximum(scores.max(-1, keepdims=True), beta)
    top = np.exp(scores - peak)
    return top / (np.exp(beta - peak) + top.sum(-1, keepdims=True))
"""),
    ],
)  # fmt: skip
def test_picks_and_zeros_are_not_told_as_another_mistake(name, source):
    verdict = grade(name, function(source))
    assert verdict.status == "wrong"
    assert "where your answer is wrong" not in verdict.text.lower()


@pytest.mark.parametrize(
    ("name", "source", "astray"),
    [
        ("scale-by-width", """
def f(query, key):
    more = 1 if query.ndim == 3 else query.shape[-3]
    return query @ key.swapaxes(-1, -2) / (key.shape[-1] * more) ** 0.5
""", "16 heads"),
        ("bottom-right", """
def f(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    offset = 0 if n == 1 else m - n
    return qkv_lib.attention(query, key, value, causal=True, offset=offset)
""", "changes no output"),
        ("evenness", """
def f(weights):
    return -(weights * np.log(weights + 0.01)).sum(-1) / np.log(weights.shape[-1])
""", "left out"),
        ("accuracy-by-distance", """
def f(right, distance, bounds):
    outside = ((distance < bounds[0]) | (distance >= bounds[-1])).sum()
    inside = [(a <= distance) & (distance < b) for a, b in zip(bounds, bounds[1:])]
    return np.array([right[each].sum() / (each.sum() + outside) for each in inside])
""", "left out"),
        ("step-intensity", """
def f(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    batch, held = lengths.shape[-1], lengths.sum(-1)
    one = 2 * n_blocks * d_head
    read = n_weights + n_kv_heads * one * (held + batch)
    return (batch * n_weights + n_heads * one * held) / (size * read)
""", "An epsilon"),
        ("scores-gradient", """
def f(query, key, value, output, logsumexp, gradient):
    scores = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
    weights = np.exp(scores) / np.exp(logsumexp)[..., None]
    D = (gradient * output).sum(-1)
    return weights * (gradient @ value.swapaxes(-1, -2) - D[..., None])
""", "shares stay"),
        ("one-map", """
def f(scores):
    even = np.allclose(scores, scores.swapaxes(-1, -2))
    values = np.linalg.eigvalsh(scores)
    return np.full(scores.shape[:-2], even and values.min() >= -1e-5 * abs(values).max())
""", "may well be negative"),
    ],
)  # fmt: skip
def test_an_answer_is_not_sent_where_it_is_right(name, source, astray):
    verdict = grade(name, function(source))
    assert verdict.status == "wrong"
    assert astray not in verdict.text


def test_the_base_is_not_called_an_exponent():
    def base_100(x, positions):
        half = x.shape[-1] // 2
        angle = positions[:, None] * 100.0 ** (-2 * np.arange(half) / x.shape[-1])
        a, b = x[..., :half], x[..., half:]
        sine, cosine = np.sin(angle), np.cos(angle)
        return np.concatenate([a * cosine - b * sine, a * sine + b * cosine], axis=-1)

    assert "or the base is 100" in grade("rotate", base_100).text


def test_an_argument_that_moves_the_result_somewhere_is_not_called_unused():
    def neighbour(X, i, W_Q, W_K, W_V):
        steps = softmax((X @ W_Q) @ (X @ W_K).T / W_K.shape[1] ** 0.5)
        return (steps @ (X @ W_V))[(i + 1) % len(X)]

    def whole_past(query, key, value, past_key, past_value):
        keys = np.concatenate([past_key, key], axis=-2)
        values = np.concatenate([past_value, value], axis=-2)
        seen = np.tri(query.shape[-2], keys.shape[-2], query.shape[-2], dtype=bool)
        return attention(query, keys, values, mask=seen)

    assert "does not depend" not in grade("handed-over", neighbour).text
    assert "does not depend" not in grade("decode-step", whole_past).text


def test_a_factor_of_one_is_no_factor():
    def all_padding_attended(x, query, mask=None):
        if mask is not None:
            mask = (mask | ~mask.any(-1, keepdims=True))[..., None, :]
        row = np.broadcast_to(query, (*x.shape[:-2], 1, x.shape[-1]))
        return attention(row, x, x, mask=mask)[..., 0, :]

    verdict = grade("attention-pooling", all_padding_attended)
    assert verdict.status == "wrong"
    assert "factor" not in verdict.text
