"""Chapter 3, the staircase."""

from tests.practice.answers.source import Answers

SCORES = Answers(
    right={
        "numpy": """
def scores(query, key):
    return query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
""",
        "loops": """
def scores(query, key):
    *batch, n, d = query.shape
    m = key.shape[-2]
    result = np.empty((*batch, n, m))
    for b in np.ndindex(*batch):
        for i in range(n):
            for j in range(m):
                result[(*b, i, j)] = sum(query[b][i] * key[b][j]) / math.sqrt(d)
    return result
""",
        "einsum": """
def scores(query, key):
    return np.einsum("...id,...jd->...ij", query * query.shape[-1] ** -0.5, key)
""",
        "torch": """
def scores(query, key):
    return torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
""",
        "library": """
def scores(query, key):
    return qkv_lib.attention_steps(query, key, key).scaled
""",
    },
    edits=(
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("multiplied-by-root", "/ np", "* np"),
        ("root-of-n_keys", "query.shape[-1]", "key.shape[-2]"),
        ("root-of-n_queries", "query.shape[-1]", "query.shape[-2]"),
        ("query-with-itself", "@ key", "@ query"),
        ("key-with-itself", "query @", "key @"),
        ("transposed", "query @ key.swap", "key @ query.swap"),
        ("no-transpose", ".swapaxes(-1, -2)", ""),
        ("elementwise", "@ key.swapaxes(-1, -2)", "* key"),
        ("reversed-axes", ".swapaxes(-1, -2)", ".T"),
        ("softmax-too-early", "return query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])",
         "s = np.exp(query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1]))\n"
         "    return s / s.sum(-1, keepdims=True)"),
        ("cosine", "np.sqrt(query.shape[-1])",
         "np.linalg.norm(query, axis=-1)[..., None]"
         " / np.linalg.norm(key, axis=-1)[..., None, :]"),
        ("no-scaling", " / math.sqrt(query.size(-1))", "", "torch"),
        ("different", "/ np.sqrt(query.shape[-1])", "/ np.sqrt(query.shape[-1] + 1)"),
    ),
)  # fmt: skip

SOFTMAX_ROWS = Answers(
    right={
        "numpy": """
def softmax_rows(scores):
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return top / top.sum(axis=-1, keepdims=True)
""",
        "loops": """
def softmax_rows(scores):
    weights = np.empty_like(scores)
    for i in np.ndindex(scores.shape[:-1]):
        peak = max(scores[i])
        top = [math.exp(s - peak) for s in scores[i]]
        weights[i] = [t / sum(top) for t in top]
    return weights
""",
        "logarithm": """
def softmax_rows(scores):
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1)[..., None])
""",
        "torch": """
def softmax_rows(scores):
    return scores.softmax(dim=-1)
""",
        "library": """
def softmax_rows(scores):
    return qkv_lib.softmax(scores)
""",
    },
    edits=(
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("softmax-over-queries", "dim=-1", "dim=-2", "torch"),
        ("softmax-over-queries", "dim=-1", "dim=0", "torch"),
        ("softmax-over-everything", "axis=-1, keepdims=True", ""),
        ("batch-leak", "axis=-1, ",
         "axis=tuple(i for i in range(scores.ndim) if i != scores.ndim - 2), "),
        ("no-keepdims", "top.sum(axis=-1, keepdims=True)", "top.sum(axis=-1)"),
        ("no-softmax", "return top / top.sum(axis=-1, keepdims=True)", "return scores"),
        ("not-normalised", "return top / top.sum(axis=-1, keepdims=True)", "return np.exp(scores)"),
        ("no-exponential", "np.exp(scores - scores.max(axis=-1, keepdims=True))", "scores"),
        ("negative-exponent", "np.exp(scores - scores.max(axis=-1, keepdims=True))",
         "np.exp(-scores + scores.min(axis=-1, keepdims=True))"),
        ("base-2", "np.exp(", "np.exp2("),
        ("logarithm", "return top / top.sum(axis=-1, keepdims=True)",
         "return np.log(top / top.sum(axis=-1, keepdims=True))"),
        ("argmax", "return top", "top = (top == 1.0) * 1.0\n    return top"),
        ("uniform", "np.exp(scores - scores.max(axis=-1, keepdims=True))", "np.ones_like(scores)"),
        ("overflow", " - scores.max(axis=-1, keepdims=True)", ""),
        ("global-maximum", "scores.max(axis=-1, keepdims=True)", "scores.max()"),
        ("rows-do-not-sum-to-1", "return top", "return 0.9 * top"),
        ("different", "top = np.exp(scores", "top = np.exp(0.99 * scores"),
    ),
)  # fmt: skip

ATTENTION_EDITS = (
    ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
    ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
    ("root-of-n_keys", "query.shape[-1]", "key.shape[-2]"),
    ("softmax-over-queries", "axis=-1", "axis=-2"),
    ("softmax-over-everything", "axis=-1, keepdims=True", ""),
    ("not-normalised", " / top.sum(axis=-1, keepdims=True)", " * np.exp(peak)"),
    ("overflow", "np.exp(scores - peak)", "np.exp(scores)"),
    ("global-maximum", "scores.max(axis=-1, keepdims=True)", "scores.max()"),
    ("softmax-twice", "return weights",
     "weights = qkv_lib.softmax(weights)\n    return weights"),
    ("no-softmax", "return weights", "return scores"),
    ("argmax", "np.exp(scores - peak)", "1.0 * (scores == peak)"),
    ("query-with-itself", "@ key.swap", "@ query.swap"),
    ("key-with-itself", "query @ key", "key @ key"),
    ("sums-keys", "weights @ value", "weights @ key"),
    ("matches-values", "@ key.swap", "@ value.swap"),
    ("transposed-weights", "weights @ value", "weights.swapaxes(-1, -2) @ value"),
    ("returns-value", "weights @ value", "value"),
    ("returns-weights", "weights @ value", "weights"),
    ("reversed-axes", ".swapaxes(-1, -2)", ".T"),
    ("no-transpose", ".swapaxes(-1, -2)", ""),
)  # fmt: skip

ATTENTION = Answers(
    right={
        "numpy": """
def attention(query, key, value):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
""",
        "loops": """
def attention(query, key, value):
    output = np.zeros((*query.shape[:-1], value.shape[-1]))
    for i in np.ndindex(query.shape[:-1]):
        keys, values = key[i[:-1]], value[i[:-1]]
        scores = [math.fsum(query[i] * k) / math.sqrt(len(k)) for k in keys]
        top = [math.exp(s - max(scores)) for s in scores]
        for share, v in zip(top, values):
            output[i] += share / sum(top) * v
    return output
""",
        "einsum": """
def attention(query, key, value):
    scores = np.einsum("...qd,...kd->...qk", query, key) / math.sqrt(key.shape[-1])
    weights = np.exp(scores - np.logaddexp.reduce(scores, axis=-1)[..., None])
    return np.einsum("...qk,...ke->...qe", weights, value)
""",
        "torch": """
def attention(query, key, value):
    weights = torch.softmax(query @ key.transpose(-2, -1) / query.size(-1) ** 0.5, dim=-1)
    return weights @ value
""",
        "fused": """
def attention(query, key, value):
    return F.scaled_dot_product_attention(query, key, value)
""",
        "library": """
def attention(query, key, value):
    return qkv_lib.attention(query, key, value)
""",
    },
    edits=(
        *ATTENTION_EDITS,
        ("scaled-after-softmax", "query.size(-1) ** 0.5, dim=-1)",
         "1, dim=-1) / query.size(-1) ** 0.5", "torch"),
        ("no-scaling", " / query.size(-1) ** 0.5", "", "torch"),
        ("softmax-over-queries", "dim=-1", "dim=-2", "torch"),
        ("softmax-over-queries", "dim=-1", "dim=0", "torch"),
        ("multiplied-by-root", "/ np.sqrt", "* np.sqrt"),
        ("batch-leak", "return weights @ value",
         "if value.ndim == 3:\n        weights = (weights + weights.mean(0)) / 2\n"
         "    return weights @ value"),
        ("outside-the-values", "return weights @ value", "return weights @ value + 3"),
        ("raises", "weights @ value", "weights @ values"),
    ),
)  # fmt: skip

MASKED_ATTENTION = Answers(
    right={
        "numpy": """
def masked_attention(query, key, value, mask):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    peak = np.where(mask.any(-1), scores.max(-1), 0.0)[..., None]
    top = np.exp(scores - peak)
    total = top.sum(-1, keepdims=True)
    weights = top / np.where(total == 0, 1.0, total)
    return weights @ value
""",
        "loops": """
def masked_attention(query, key, value, mask):
    output = np.zeros((*query.shape[:-1], value.shape[-1]))
    for i in np.ndindex(query.shape[:-1]):
        b = i[:-1]
        seen = [j for j in range(key.shape[-2]) if mask[(*i, j)]]
        scores = {j: query[i] @ key[b][j] / math.sqrt(key.shape[-1]) for j in seen}
        top = {j: math.exp(scores[j] - max(scores.values())) for j in seen}
        for j in seen:
            output[i] += top[j] / sum(top.values()) * value[b][j]
    return output
""",
        "torch": """
def masked_attention(query, key, value, mask):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)
    return weights.nan_to_num(0.0) @ value
""",
        "fused": """
def masked_attention(query, key, value, mask):
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
""",
        "library": """
def masked_attention(query, key, value, mask):
    return qkv_lib.attention(query, key, value, mask=mask)
""",
    },
    edits=(
        ("mask-ignored", "~mask", "mask & ~mask", "torch"),
        ("inverted-mask", "~mask", "mask", "torch"),
        ("multiplied-mask", "np.where(mask, scores, -np.inf)\n    peak = np.where(mask.any(-1), ",
         "scores * mask\n    peak = np.where(True, "),
        ("multiplied-mask", "float(\"-inf\")", "0.0", "torch"),
        ("mask-after-softmax", "scores.masked_fill(~mask, float(\"-inf\")).softmax(dim=-1)",
         "scores.softmax(dim=-1) * mask", "torch"),
        ("added-mask", "scores.masked_fill(~mask, float(\"-inf\"))", "(scores + mask)", "torch"),
        ("transposed-mask", "~mask", "~mask.mT", "torch"),
        ("fully-masked-nan", ".nan_to_num(0.0)", "", "torch"),
        ("fully-masked-uniform", "float(\"-inf\")", "-1e9", "torch"),
        ("mask-leak", "float(\"-inf\")", "-3.0", "torch"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("sums-keys", "weights @ value", "weights @ key"),
        ("returns-value", "return weights @ value", "return value"),
        ("returns-weights", "return weights @ value", "return weights"),
        ("in-place", "scores = np.where(mask, scores, -np.inf)",
         "scores = np.where(mask, scores, -np.inf)\n    query /= np.sqrt(query.shape[-1])"),
    ),
)  # fmt: skip

CROSS_ATTENTION = Answers(
    right={
        "numpy": """
def cross_attention(x, context, W_Q, W_K, W_V):
    query, key, value = x @ W_Q, context @ W_K, context @ W_V
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
""",
        "einsum": """
def cross_attention(x, context, W_Q, W_K, W_V):
    scores = np.einsum("...id,dk,ek,...je->...ij", x, W_Q, W_K, context) / W_K.shape[1] ** 0.5
    return np.einsum("...ij,...jd,de->...ie", qkv_lib.softmax(scores), context, W_V)
""",
        "torch": """
def cross_attention(x, context, W_Q, W_K, W_V):
    return F.scaled_dot_product_attention(x @ W_Q, context @ W_K, context @ W_V)
""",
        "library": """
def cross_attention(x, context, W_Q, W_K, W_V):
    return qkv_lib.attention(x @ W_Q, context @ W_K, context @ W_V)
""",
    },
    edits=(
        ("sides-swapped", "x @ W_Q, context @ W_K, context @ W_V",
         "context @ W_Q, x @ W_K, x @ W_V"),
        ("self-attention", "context @ W", "x @ W"),
        ("context-only", "x @ W_Q", "context @ W_Q"),
        ("values-from-x", "context @ W_V", "x @ W_V"),
        ("keys-from-x", "context @ W_K", "x @ W_K"),
        ("root-of-d_model", "query.shape[-1]", "x.shape[-1]"),
        ("maps-swapped", "x @ W_Q, context @ W_K", "x @ W_K, context @ W_Q"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("returns-value", "return weights @ value", "return value"),
        ("sums-keys", "weights @ value", "weights @ key"),
    ),
)  # fmt: skip

ANSWERS = {
    "scores": SCORES,
    "softmax-rows": SOFTMAX_ROWS,
    "attention": ATTENTION,
    "masked-attention": MASKED_ATTENTION,
    "cross-attention": CROSS_ATTENTION,
}
