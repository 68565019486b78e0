"""Chapter 5: one vector for a sequence."""

from tests.practice.answers.source import Answers

MEAN_POOLING = Answers(
    right={
        "numpy": """
def mean_pooling(x, mask):
    real = np.where(mask[..., None], x, 0.0)
    count = mask.sum(axis=-1, keepdims=True)
    return real.sum(axis=-2) / np.maximum(count, 1)
""",
        "loops": """
def mean_pooling(x, mask):
    pooled = np.zeros((*x.shape[:-2], x.shape[-1]))
    for b in np.ndindex(x.shape[:-2]):
        if any(mask[b]):
            pooled[b] = np.mean(x[b][mask[b]], axis=0)
    return pooled
""",
        "matmul": """
def mean_pooling(x, mask):
    weights = mask / np.maximum(mask.sum(-1, keepdims=True), 1)
    return (weights[..., None, :] @ x)[..., 0, :]
""",
        "torch": """
def mean_pooling(x, mask):
    mask = mask.unsqueeze(-1)
    return (x * mask).sum(-2) / mask.sum(-2).clamp(min=1)
""",
    },
    edits=(
        ("mask-ignored", "real.sum(axis=-2) / np.maximum(count, 1)", "x.mean(axis=-2)"),
        ("divides-by-length", "np.maximum(count, 1)", "x.shape[-2]"),
        ("sum", " / np.maximum(count, 1)", ""),
        ("inverted-mask", "    real", "    mask = ~mask\n    real"),
        ("batch-leak", "mask.sum(axis=-1, keepdims=True)", "mask.sum()"),
        ("over-features", "real.sum(axis=-2)", "real.sum(axis=-1)"),
        ("maximum", "return (x * mask).sum(-2) / mask.sum(-2).clamp(min=1)",
         "return x.masked_fill(~mask, float('-inf')).amax(-2)", "torch"),
        ("first-token", "return (x * mask).sum(-2) / mask.sum(-2).clamp(min=1)",
         "return x[..., 0, :]", "torch"),
        ("one-too-many", "np.maximum(count, 1)", "(count + 1)"),
        ("keeps-the-axis", "[..., 0, :]", "", "matmul"),
        ("empty-nan", "np.maximum(count, 1)", "count"),
        ("last-token", "return (x * mask).sum(-2) / mask.sum(-2).clamp(min=1)",
         "last = (mask[..., 0] * torch.arange(1, x.shape[-2] + 1)).argmax(-1)\n"
         "    return torch.take_along_dim(x, last[..., None, None], -2)[..., 0, :]", "torch"),
        ("different", "np.maximum(count, 1)", "(count + 1e-3)"),
        ("in-place", "    real = np.where(mask[..., None], x, 0.0)",
         "    x[~mask] = 0\n    real = x"),
    ),
)  # fmt: skip

ATTENTION_POOLING = Answers(
    right={
        "numpy": """
def attention_pooling(x, query, mask=None):
    mask = np.ones(x.shape[:-1], dtype=bool) if mask is None else mask
    scores = x @ query / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    peak = np.where(mask.any(-1), scores.max(-1), 0.0)[..., None]
    top = np.exp(scores - peak)
    total = top.sum(-1, keepdims=True)
    weights = top / np.where(total == 0, 1.0, total)
    return (weights[..., None] * x).sum(-2)
""",
        "loops": """
def attention_pooling(x, query, mask=None):
    pooled = np.zeros((*x.shape[:-2], x.shape[-1]))
    for b in np.ndindex(x.shape[:-2]):
        words = x[b] if mask is None else x[b][mask[b]]
        if len(words):
            scores = [w @ query / math.sqrt(len(query)) for w in words]
            top = [math.exp(s - max(scores)) for s in scores]
            pooled[b] = sum(t * w for t, w in zip(top, words)) / sum(top)
    return pooled
""",
        "torch": """
def attention_pooling(x, query, mask=None):
    if mask is not None:
        mask = mask.unsqueeze(-2)
    query = query.expand(*x.shape[:-2], 1, -1)
    return F.scaled_dot_product_attention(query, x, x, attn_mask=mask).squeeze(-2)
""",
        "library": """
def attention_pooling(x, query, mask=None):
    row = np.broadcast_to(query, (*x.shape[:-2], 1, x.shape[-1]))
    mask = None if mask is None else mask[..., None, :]
    return qkv_lib.attention(row, x, x, mask=mask)[..., 0, :]
""",
    },
    edits=(
        ("query-not-used", "= query.expand", "= (0 * query).expand", "torch"),
        ("keeps-the-axis", "[..., 0, :]", "", "library"),
        ("returns-weights", "return (weights[..., None] * x).sum(-2)", "return weights"),
        ("first-token", "return (weights[..., None] * x).sum(-2)", "return x[..., 0, :]"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("mask-ignored", ", attn_mask=mask", "", "torch"),
        ("inverted-mask", "mask.unsqueeze(-2)", "~mask.unsqueeze(-2)", "torch"),
        ("multiplied-mask", "np.where(mask, scores, -np.inf)", "np.where(mask, scores, 0.0)"),
        ("mask-after-softmax", "attention(row, x, x, mask=mask)[..., 0, :]",
         "attention(row, x, x if mask is None else x * mask.mT)[..., 0, :]", "library"),
        ("fully-masked-nan", "np.where(total == 0, 1.0, total)", "total"),
        ("fully-masked-uniform", "        if len(words):",
         "        pooled[b] = x[b].mean(0)\n        if len(words):", "loops"),
        ("overflow", "np.exp(scores - peak)", "np.exp(scores)"),
        ("self-attention", "attention(row, x, x, mask=mask)[..., 0, :]",
         "attention(x, x, x, mask=mask).mean(-2)", "library"),
        ("argmax", "np.exp(scores - peak)", "1.0 * (scores == peak)"),
    ),
)  # fmt: skip

ANSWERS = {"mean-pooling": MEAN_POOLING, "attention-pooling": ATTENTION_POOLING}
