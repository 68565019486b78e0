"""Exercise 3.7: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_7_attention import EXERCISE
from tests.practice.answers.source import Answers

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

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
        ("outside-the-values", "return weights @ value",
         "return weights @ value + 3 * query[..., :1]"),
        ("raises", "weights @ value", "weights @ values"),
    ),
)  # fmt: skip
