"""Chapter 5: self-attention and multi-head attention."""

from tests.practice.answers.source import Answers

SELF_ATTENTION = Answers(
    right={
        "numpy": """
def self_attention(x, W_Q, W_K, W_V):
    query, key, value = x @ W_Q, x @ W_K, x @ W_V
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
""",
        "loops": """
def self_attention(x, W_Q, W_K, W_V):
    output = np.zeros((*x.shape[:-1], W_V.shape[1]))
    for i in np.ndindex(x.shape[:-1]):
        words = x[i[:-1]]
        scores = np.array([(x[i] @ W_Q) @ (w @ W_K) for w in words]) / W_K.shape[1] ** 0.5
        top = np.exp(scores - max(scores))
        output[i] = sum(t * (w @ W_V) for t, w in zip(top, words)) / sum(top)
    return output
""",
        "torch": """
def self_attention(x, W_Q, W_K, W_V):
    return F.scaled_dot_product_attention(x @ W_Q, x @ W_K, x @ W_V)
""",
        "library": """
def self_attention(x, W_Q, W_K, W_V):
    return qkv_lib.attention(x @ W_Q, x @ W_K, x @ W_V)
""",
    },
    edits=(
        ("root-of-d_model", "query.shape[-1]", "x.shape[-1]"),
        ("unprojected-values", "x @ W_V", "x"),
        ("unprojected", "x @ W_Q, x @ W_K, x @ W_V", "x, x, x"),
        ("transposed-maps", "x @ W_Q, x @ W_K, x @ W_V", "x @ W_Q.T, x @ W_K.T, x @ W_V.T"),
        ("query-with-itself", "x @ W_K", "x @ W_Q"),
        ("key-with-itself", "x @ W_Q", "x @ W_K"),
        ("query-key-swapped", "x @ W_Q, x @ W_K", "x @ W_K, x @ W_Q"),
        ("sums-keys", "x @ W_V", "x @ W_K"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("transposed-weights", "weights @ value", "weights.swapaxes(-1, -2) @ value"),
        ("reversed-axes", ".swapaxes(-1, -2)", ".T"),
        ("returns-value", "return weights @ value", "return value"),
        ("overflow", "np.exp(scores - peak)", "np.exp(scores)"),
        ("batch-leak", "return weights",
         "value = value - value.mean(0) if x.ndim == 3 else value\n    return weights"),
    ),
)  # fmt: skip

MULTI_HEAD = Answers(
    right={
        "numpy": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    *batch, n, d_model = x.shape
    query, key, value = (
        (x @ W).reshape(*batch, n, n_heads, -1).swapaxes(-2, -3) for W in (W_Q, W_K, W_V)
    )
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    peak = scores.max(axis=-1, keepdims=True)
    top = np.exp(scores - peak)
    weights = top / top.sum(axis=-1, keepdims=True)
    heads = weights @ value
    return heads.swapaxes(-2, -3).reshape(*batch, n, -1) @ W_O
""",
        "loops": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    d = W_Q.shape[1] // n_heads
    outputs = []
    for i in range(n_heads):
        own = slice(i * d, (i + 1) * d)
        outputs.append(qkv_lib.attention(x @ W_Q[:, own], x @ W_K[:, own], x @ W_V[:, own]))
    return np.concatenate(outputs, axis=-1) @ W_O
""",
        "torch": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    query, key, value = (
        (x @ W).unflatten(-1, (n_heads, -1)).transpose(-2, -3) for W in (W_Q, W_K, W_V)
    )
    heads = F.scaled_dot_product_attention(query, key, value)
    return heads.transpose(-2, -3).flatten(-2) @ W_O
""",
        "sum": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    total = 0
    for q, k, v, o in zip(*(np.split(W, n_heads, axis=1) for W in (W_Q, W_K, W_V)),
                          np.split(W_O, n_heads)):
        total = total + qkv_lib.attention(x @ q, x @ k, x @ v) @ o
    return total
""",
    },
    edits=(
        ("view-for-transpose", "n, n_heads, -1).swapaxes(-2, -3)", "n_heads, n, -1)"),
        ("merged-by-view", "heads.swapaxes(-2, -3)", "heads"),
        ("root-of-d_model", "query.shape[-1]", "d_model"),
        ("root-of-all-heads", "query.shape[-1]", "W_Q.shape[-1]"),
        ("one-head", "n, n_heads, -1", "n, 1, -1"),
        ("no-output-map", " @ W_O", ""),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("sums-keys", "weights @ value", "weights @ key"),
        ("query-with-itself", "@ key.swap", "@ query.swap"),
        ("returns-value", "weights @ value", "value"),
        ("transposed-weights", "weights @ value", "weights.swapaxes(-1, -2) @ value"),
        ("overflow", "np.exp(scores - peak)", "np.exp(scores)"),
        ("key-value-swapped", "W in (W_Q, W_K, W_V)", "W in (W_Q, W_V, W_K)"),
    ),
)  # fmt: skip

ANSWERS = {"self-attention": SELF_ATTENTION, "multi-head": MULTI_HEAD}
