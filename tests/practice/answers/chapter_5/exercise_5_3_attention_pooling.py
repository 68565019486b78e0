"""Exercise 5.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_3_attention_pooling import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
