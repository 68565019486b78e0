"""Chapter 5: causal attention in both modes, and decoding with a cache."""

from tests.practice.answers.source import Answers

CAUSAL_EVAL = Answers(
    right={
        "numpy": """
def causal_attention(query, key, value, training):
    n = query.shape[-2]
    mask = np.tri(n, dtype=bool)
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
""",
        "loops": """
def causal_attention(query, key, value, training):
    rows = []
    for i in range(1, query.shape[-2] + 1):
        row = query[..., i - 1 : i, :]
        rows.append(qkv_lib.attention(row, key[..., :i, :], value[..., :i, :]))
    return np.concatenate(rows, axis=-2)
""",
        "torch": """
def causal_attention(query, key, value, training):
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)
""",
        "library": """
def causal_attention(query, key, value, training):
    return qkv_lib.attention(query, key, value, causal=True)
""",
    },
    edits=(
        ("mask-only-in-training", "np.tri(n, dtype=bool)",
         "np.tri(n, dtype=bool) if training else np.True_"),
        ("mask-only-in-training", "=True", "=training", "torch"),
        ("mask-only-in-evaluation", "=True", "=not training", "torch"),
        ("mask-ignored", "=True", "=False", "library"),
        ("inverted-mask", "is_causal=True", "attn_mask=~torch.ones(query.shape[-2], "
         "query.shape[-2], dtype=torch.bool).tril()", "torch"),
        ("hides-itself", "is_causal=True", "attn_mask=torch.ones(query.shape[-2], "
         "query.shape[-2], dtype=torch.bool).tril(-1)", "torch"),
        ("sees-the-next", "np.tri(n, dtype", "np.tri(n, k=1, dtype"),
        ("transposed-mask", "np.tri(n, dtype=bool)", "np.tri(n, dtype=bool).T"),
        ("multiplied-mask", "np.where(mask, scores, -np.inf)", "scores * mask"),
        ("mask-after-softmax", "attention(query, key, value, causal=True)",
         "attention_steps(query, key, value).weights * np.tri(query.shape[-2]) @ value", "library"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("sums-keys", "weights @ value", "weights @ key"),
    ),
)  # fmt: skip

DECODE_STEP = Answers(
    right={
        "numpy": """
def decode_step(query, key, value, past_key, past_value):
    t, past = query.shape[-2], past_key.shape[-2]
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value, value], axis=-2)
    mask = np.tri(t, past + t, past, dtype=bool)
    scores = query @ keys.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ values
""",
        "loops": """
def decode_step(query, key, value, past_key, past_value):
    outputs = []
    for i in range(query.shape[-2]):
        past_key = np.concatenate([past_key, key[..., i : i + 1, :]], axis=-2)
        past_value = np.concatenate([past_value, value[..., i : i + 1, :]], axis=-2)
        outputs.append(qkv_lib.attention(query[..., i : i + 1, :], past_key, past_value))
    return np.concatenate(outputs, axis=-2)
""",
        "torch": """
def decode_step(query, key, value, past_key, past_value):
    keys, values = torch.cat([past_key, key], dim=-2), torch.cat([past_value, value], dim=-2)
    t, n = query.shape[-2], keys.shape[-2]
    mask = torch.ones(t, n, dtype=torch.bool).tril(n - t)
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
""",
        "library": """
def decode_step(query, key, value, past_key, past_value):
    keys = np.concatenate([past_key, key], axis=-2)
    values = np.concatenate([past_value, value], axis=-2)
    return qkv_lib.attention(query, keys, values, causal=True, offset=past_key.shape[-2])
""",
    },
    edits=(
        ("offset-ignored", ", offset=past_key.shape[-2]", "", "library"),
        ("offset-ignored", "attn_mask=mask", "is_causal=True", "torch"),
        ("mask-ignored", ", attn_mask=mask", "", "torch"),
        ("past-ignored", "query, keys, values, causal=True, offset=past_key.shape[-2]",
         "query, key, value", "library"),
        ("past-only", "query, keys, values, causal=True, offset=past_key.shape[-2]",
         "query, past_key, past_value", "library"),
        ("new-before-past", "[past_key, key], dim=-2), torch.cat([past_value, value]",
         "[key, past_key], dim=-2), torch.cat([value, past_value]", "torch"),
        ("hides-itself", "tril(n - t)", "tril(n - t - 1)", "torch"),
        ("sees-the-next", "tril(n - t)", "tril(n - t + 1)", "torch"),
        ("inverted-mask", "attn_mask=mask", "attn_mask=~mask", "torch"),
        ("key-appended-to-values", "[past_value, value]", "[past_value, key]", "library"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("different", "[past_value, value]", "[value, past_value]"),
    ),
)  # fmt: skip

ANSWERS = {"causal-eval": CAUSAL_EVAL, "decode-step": DECODE_STEP}
