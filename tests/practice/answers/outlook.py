"""Chapter 8: cost, what arrives in parts, and where the norm stands."""

from tests.practice.answers.source import Answers

CACHE_BYTES = Answers(
    right={
        "numpy": """
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    width = d_model // n_heads * n_kv_heads
    return 2 * lengths * n_blocks * width * size
""",
        "loops": """
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    found = []
    for n in lengths:
        one = n * n_kv_heads * (d_model // n_heads)
        found.append(n_blocks * size * (one + one))
    return np.array(found)
""",
        "torch": """
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    numbers = torch.as_tensor(lengths) * n_blocks * n_kv_heads * (d_model // n_heads)
    return numbers * 2 * size
""",
    },
    edits=(
        ("query-heads", " // n_heads * n_kv_heads", ""),
        ("keys-only", "2 * ", ""),
        ("keys-only", "one + one", "one", "loops"),
        ("queries-kept", "2 * ", "3 * "),
        ("queries-kept", "one + one", "one + one + n * d_model", "loops"),
        ("full-width-heads", "d_model // n_heads", "d_model"),
        ("one-head", " * n_kv_heads", ""),
        ("one-block", "n_blocks * ", ""),
        ("numbers-not-bytes", " * size", ""),
        ("size-of-a-group", "* n_kv_heads", "* (n_heads // n_kv_heads)"),
        ("scores-kept", "2 * lengths", "2 * lengths * lengths"),
        ("different", "2 * ", "5 * "),
    ),
)

CROSSOVER = Answers(
    right={
        "numpy": """
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    d_kv = d_model // n_heads * n_kv_heads
    return d_model + d_kv + d_ff
""",
        "loops": """
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    found = []
    for d, f in zip(d_model, d_ff):
        per_position = 2 * d * d + 2 * d * (d // n_heads * n_kv_heads) + 2 * d * f
        found.append(per_position // (2 * d))
    return np.array(found)
""",
        "torch": """
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    d_model, d_ff = torch.as_tensor(d_model), torch.as_tensor(d_ff)
    return d_model + d_model // n_heads * n_kv_heads + d_ff
""",
    },
    edits=(
        ("always-6d", "d_model + d_kv + d_ff", "6 * d_model"),
        ("shared-heads-ignored", "d_kv +", "d_model +"),
        ("feed-forward-forgotten", " + d_ff", ""),
        ("one-feed-forward-map", "2 * d * f", "d * f", "loops"),
        ("projections-forgotten", "d_model + d_kv + ", ""),
        ("output-map-forgotten", "2 * d * d ", "d * d ", "loops"),
        ("keys-or-values-forgotten", "2 * d * (d //", "d * (d //", "loops"),
        ("scores-only", "// (2 * d)", "// d", "loops"),
        ("times-the-heads", "// (2 * d)", "// (2 * d * n_heads)", "loops"),
        ("different", "d_kv +", "2 * d_kv +"),
    ),
)

WINDOW_PAIRS = Answers(
    right={
        "numpy": """
def window_pairs(n, window):
    short = np.minimum(n, window)
    return short * (short + 1) // 2 + (n - short) * short
""",
        "loops": """
def window_pairs(n, window):
    return np.array([sum(min(i + 1, window) for i in range(m)) for m in n])
""",
        "mask": """
def window_pairs(n, window):
    found = []
    for m in n:
        i, j = np.arange(m)[:, None], np.arange(m)
        found.append(((j <= i) & (j > i - window)).sum())
    return np.array(found)
""",
    },
    edits=(
        ("start-ignored", "min(i + 1, window)", "window", "loops"),
        ("start-left-out", "in range(m)", "in range(window - 1, m)", "loops"),
        ("window-ignored", "min(i + 1, window)", "i + 1", "loops"),
        ("not-causal", "min(i + 1, window)", "m", "loops"),
        ("one-more", "j > i", "j >= i", "mask"),
        ("one-less", "i - window", "i - window + 1", "mask"),
        ("itself-forgotten", "j <= i", "j < i", "mask"),
        ("both-sides", "j <= i", "j < i + window", "mask"),
        ("hidden-pairs", "((j <= i) & (j > i - window))", "(~((j <= i) & (j > i - window)))",
         "mask"),
        ("separate-blocks", "min(i + 1, window)", "i % window + 1", "loops"),
        ("different", "min(i + 1", "min(i + 2", "loops"),
    ),
)  # fmt: skip
ONLINE_MERGE = Answers(
    right={
        "numpy": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    p = np.maximum(p_a, p_b)
    top = np.where(p == -np.inf, 0.0, p)
    a, b = np.exp(p_a - top), np.exp(p_b - top)
    return u_a * a + u_b * b, t_a * a + t_b * b, p
""",
        "shifted": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    a_wins = p_a >= p_b
    shift = np.where(p_a == p_b, 0.0, -np.abs(p_a - p_b))
    small = np.exp(shift)
    a, b = np.where(a_wins, 1.0, small), np.where(a_wins, small, 1.0)
    dtype = u_a.dtype
    p = np.where(a_wins, p_a, p_b)
    return (u_a * a + u_b * b).astype(dtype), (t_a * a + t_b * b).astype(dtype), p
""",
        "torch": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    p = torch.maximum(p_a, p_b)
    top = torch.where(torch.isinf(p), torch.zeros_like(p), p)
    a, b = (p_a - top).exp(), (p_b - top).exp()
    return u_a * a + u_b * b, t_a * a + t_b * b, p
""",
        "library": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    from qkv_lib.exact.tiles import Partial, merge
    return tuple(merge(Partial(u_a, t_a, p_a), Partial(u_b, t_b, p_b)))
""",
    },
    edits=(
        ("not-rescaled", "np.exp(p_a - top), np.exp(p_b - top)", "1.0, 1.0"),
        ("one-side-rescaled", "np.exp(p_b - top)", "1.0"),
        ("one-side-rescaled", "np.exp(p_a - top)", "1.0"),
        ("factors-swapped", "a, b =", "b, a ="),
        ("factor-inverted", "np.exp(p_a - top), np.exp(p_b - top)",
         "np.exp(top - p_a), np.exp(top - p_b)"),
        ("total-not-rescaled", "t_a * a + t_b * b", "t_a + t_b"),
        ("output-not-rescaled", "u_a * a + u_b * b", "u_a + u_b"),
        ("smaller-peak", "np.maximum", "np.minimum"),
        ("newest-peak", "np.maximum(p_a, p_b)", "p_b"),
        ("nothing-seen-nan", "np.where(p == -np.inf, 0.0, p)", "p"),
        ("nothing-seen-nan", "torch.where(torch.isinf(p), torch.zeros_like(p), p)", "p", "torch"),
        ("different", "u_b * b", "2 * u_b * b"),
    ),
)  # fmt: skip

LINEAR_STEP = Answers(
    right={
        "numpy": """
def linear_step(state, total, query, key, value):
    q, k = (np.exp(np.minimum(x, 0)) + np.maximum(x, 0) for x in (query, key))
    state = state + k[..., :, None] * value[..., None, :]
    total = total + k
    output = (q[..., None, :] @ state)[..., 0, :]
    return output / (q * total).sum(-1)[..., None], state, total
""",
        "einsum": """
def linear_step(state, total, query, key, value):
    from qkv_lib.variants.linear import elu_plus_one as phi
    q, k = phi(query), phi(key)
    new = state + np.einsum("...d,...e->...de", k, value)
    seen = total + k
    above = np.einsum("...d,...de->...e", q, new)
    return above / np.einsum("...d,...d->...", q, seen)[..., None], new, seen
""",
        "torch": """
def linear_step(state, total, query, key, value):
    q, k = F.elu(query) + 1, F.elu(key) + 1
    state, total = state + k.unsqueeze(-1) * value.unsqueeze(-2), total + k
    output = (q.unsqueeze(-2) @ state).squeeze(-2)
    return output / (q * total).sum(-1, keepdim=True), state, total
""",
    },
    edits=(
        ("read-before-writing", """
    state = state + k[..., :, None] * value[..., None, :]
    total = total + k
    output = (q[..., None, :] @ state)[..., 0, :]
    return output / (q * total).sum(-1)[..., None], state, total""", """
    output = (q[..., None, :] @ state)[..., 0, :] / (q * total).sum(-1)[..., None]
    state = state + k[..., :, None] * value[..., None, :]
    return output, state, total + k"""),
        ("not-normalised", " / (q * total).sum(-1)[..., None]", ""),
        ("divided-by-the-sum", "(q * total)", "total"),
        ("divided-by-the-old-total", "q, seen)[", "q, total)[", "einsum"),
        ("query-without-features", "phi(query)", "query", "einsum"),
        ("key-without-features", "phi(key)", "key", "einsum"),
        ("no-features", "F.elu(query) + 1, F.elu(key) + 1", "query, key", "torch"),
        ("exponential-features", "F.elu(query) + 1, F.elu(key) + 1", "query.exp(), key.exp()",
         "torch"),
        ("past-forgotten", "state + k.unsqueeze(-1) * value.unsqueeze(-2), total + k",
         "k.unsqueeze(-1) * value.unsqueeze(-2), k", "torch"),
        ("total-not-updated", "total + k", "total", "torch"),
        ("query-in-the-state", "phi(key)", "phi(query)", "einsum"),
        ("query-key-swapped", "q, k =", "k, q =", "einsum"),
        ("in-place", "state = state + k", "state += k"),
        ("different", "return above", "return 2 * above", "einsum"),
    ),
)  # fmt: skip
PRE_NORM = Answers(
    right={
        "numpy": """
def pre_norm(x, W_1, W_2):
    centred = x - x.mean(axis=-1, keepdims=True)
    y = centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    return x + np.maximum(y @ W_1, 0) @ W_2
""",
        "torch": """
def pre_norm(x, W_1, W_2):
    y = F.layer_norm(x, x.shape[-1:])
    return x + F.relu(y @ W_1) @ W_2
""",
        "rows": """
def pre_norm(x, W_1, W_2):
    def one(row):
        y = (row - row.mean()) / math.sqrt(row.var() + 1e-5)
        return row + np.maximum(y @ W_1, 0) @ W_2
    return np.apply_along_axis(one, -1, x)
""",
    },
    edits=(
        ("post-norm", "    y = F.layer_norm(x, x.shape[-1:])\n    return x + F.relu(y @ W_1) @ W_2",
         "    return F.layer_norm(x + F.relu(x @ W_1) @ W_2, x.shape[-1:])", "torch"),
        ("norm-on-both", "return x + F.relu(y @ W_1) @ W_2",
         "return F.layer_norm(x + F.relu(y @ W_1) @ W_2, x.shape[-1:])", "torch"),
        ("norm-after-the-branch", "return x + F.relu(y @ W_1) @ W_2",
         "return x + F.layer_norm(F.relu(x @ W_1) @ W_2, x.shape[-1:])", "torch"),
        ("normalised-residual", "return x +", "return y +", "torch"),
        ("no-residual", "return x +", "return", "torch"),
        ("no-norm", "y @", "x @", "torch"),
        ("norm-over-positions", "axis=-1", "axis=-2"),
        ("norm-over-everything", "axis=-1, ", ""),
        ("variance-without-root", "np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)",
         "(x.var(axis=-1, keepdims=True) + 1e-5)"),
        ("mean-kept", "x - x.mean(axis=-1, keepdims=True)", "x"),
        ("root-mean-square", "F.layer_norm(x, x.shape[-1:])",
         "F.rms_norm(x, x.shape[-1:], eps=1e-5)", "torch"),
        ("no-bend", "F.relu(y @ W_1)", "y @ W_1", "torch"),
        ("different", "0) @", "0.1) @"),
    ),
)  # fmt: skip

ANSWERS = {
    "cache-bytes": CACHE_BYTES,
    "crossover": CROSSOVER,
    "window-pairs": WINDOW_PAIRS,
    "online-merge": ONLINE_MERGE,
    "linear-step": LINEAR_STEP,
    "pre-norm": PRE_NORM,
}
