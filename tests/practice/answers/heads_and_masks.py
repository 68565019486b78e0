"""Chapter 3, masks and heads."""

from tests.practice.answers.source import Answers

CAUSAL_MASK = Answers(
    right={
        "numpy": """
def causal_mask(n_queries, n_keys, offset):
    i, j = np.arange(n_queries)[:, None], np.arange(n_keys)
    return j <= i + offset
""",
        "loops": """
def causal_mask(n_queries, n_keys, offset):
    rows = [[j <= i + offset for j in range(n_keys)] for i in range(n_queries)]
    return np.array(rows)
""",
        "triangle": """
def causal_mask(n_queries, n_keys, offset):
    return np.tril(np.ones((n_queries, n_keys), dtype=bool), k=offset)
""",
        "torch": """
def causal_mask(n_queries, n_keys, offset):
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(diagonal=offset)
""",
        "library": """
def causal_mask(n_queries, n_keys, offset):
    return qkv_lib.causal_mask(n_queries, n_keys, offset=offset)
""",
    },
    edits=(
        ("inverted-mask", "<=", ">"),
        ("hides-itself", "<=", "<"),
        ("sees-the-next", "i + offset", "i + offset + 1"),
        ("hides-the-past", "<=", ">="),
        ("hides-the-past", "tril", "triu", "torch"),
        ("offset-ignored", "i + offset", "i"),
        ("offset-subtracted", "i + offset", "i - offset"),
        ("offset-from-sizes", "i + offset", "i + n_keys - n_queries"),
        ("offset-twice", "i + offset", "i + 2 * offset"),
        ("all-allowed", ".tril(diagonal=offset)", "", "torch"),
        ("own-position-only", "<=", "=="),
        ("additive-mask", "j <= i + offset", "np.where(j <= i + offset, 0.0, -np.inf)"),
        ("transposed-mask", "j <= i + offset", "(j <= i + offset).T"),
        ("dtype", "j <= i + offset", "(j <= i + offset) * 1"),
        ("different", "i + offset", "2 * i + offset"),
    ),
)  # fmt: skip

PADDING_MASK = Answers(
    right={
        "numpy": """
def padding_mask(lengths, n_keys):
    mask = np.arange(n_keys) < lengths[:, None]
    return mask[:, None, None, :]
""",
        "loops": """
def padding_mask(lengths, n_keys):
    mask = np.zeros((len(lengths), 1, 1, n_keys), dtype=bool)
    for b, length in enumerate(lengths):
        mask[b, :, :, :length] = True
    return mask
""",
        "torch": """
def padding_mask(lengths, n_keys):
    return (torch.arange(n_keys) < lengths.unsqueeze(-1)).unflatten(0, (-1, 1, 1))
""",
        "library": """
def padding_mask(lengths, n_keys):
    return qkv_lib.padding_mask(lengths, n_keys)
""",
    },
    edits=(
        ("inverted-mask", "<", ">="),
        ("one-too-many", "<", "<="),
        ("one-too-few", "lengths[:, None]", "lengths[:, None] - 1"),
        ("wrong-end", "np.arange(n_keys)", "np.arange(n_keys)[::-1]"),
        ("longest-for-all", "lengths[:, None]", "np.full_like(lengths, max(lengths))[:, None]"),
        ("all-allowed", "lengths[:, None]", "np.inf * np.ones((len(lengths), 1))"),
        ("last-only", "< lengths[:, None]", "== lengths[:, None] - 1"),
        ("two-axes", "mask[:, None, None, :]", "mask"),
        ("three-axes", "mask[:, None, None, :]", "mask[:, None]"),
        ("masks-queries", "mask[:, None, None, :]", "mask[:, None, :, None]"),
        ("additive-mask", "return mask[:, None, None, :]",
         "return np.where(mask[:, None, None, :], 0, -np.inf)"),
        ("dtype", "return mask[:, None, None, :]", "return mask[:, None, None, :].astype(int)"),
    ),
)  # fmt: skip

SPLIT_HEADS = Answers(
    right={
        "numpy": """
def split_heads(x, n_heads):
    *batch, n, features = x.shape
    cut = x.reshape(*batch, n, n_heads, features // n_heads)
    return cut.swapaxes(-2, -3)
""",
        "loops": """
def split_heads(x, n_heads):
    d = x.shape[-1] // n_heads
    return np.stack([x[..., i * d : (i + 1) * d] for i in range(n_heads)], axis=-3)
""",
        "split": """
def split_heads(x, n_heads):
    return np.moveaxis(np.array(np.split(x, n_heads, axis=-1)), 0, -3)
""",
        "torch": """
def split_heads(x, n_heads):
    return x.unflatten(-1, (n_heads, -1)).transpose(-2, -3)
""",
        "library": """
def split_heads(x, n_heads):
    return qkv_lib.split_heads(x, n_heads)
""",
    },
    edits=(
        ("view-for-transpose", "return cut.swapaxes(-2, -3)",
         "return x.reshape(*batch, n_heads, n, features // n_heads)"),
        ("view-for-transpose", "return x.unflatten(-1, (n_heads, -1)).transpose(-2, -3)",
         "*batch, n, f = x.shape\n    return x.view(*batch, n_heads, n, f // n_heads)", "torch"),
        ("interleaved", "i * d : (i + 1) * d", "i::n_heads", "loops"),
        ("not-swapped", "cut.swapaxes(-2, -3)", "cut"),
        ("features-before-positions", "cut.swapaxes(-2, -3)", "np.moveaxis(cut, -3, -1)"),
        ("reversed-heads", "range(n_heads)", "reversed(range(n_heads))", "loops"),
        ("first-block-for-all", "i * d : (i + 1) * d", ":d", "loops"),
        ("heads-first", "axis=-3", "axis=0", "loops"),
        ("not-split", "cut.swapaxes(-2, -3)", "x"),
        ("copies", "i * d : (i + 1) * d", ":", "loops"),
        ("different", "return cut", "return np.roll(cut, 1, axis=-1)"),
    ),
)  # fmt: skip

ANSWERS = {
    "causal-mask": CAUSAL_MASK,
    "padding-mask": PADDING_MASK,
    "split-heads": SPLIT_HEADS,
}
