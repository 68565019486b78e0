"""Exercise 5.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_5_causal_eval import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
