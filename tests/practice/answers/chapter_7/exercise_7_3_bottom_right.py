"""Exercise 7.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_7.exercise_7_3_bottom_right import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def last_tokens(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    rows = []
    for i in range(n):
        row, seen = query[..., i : i + 1, :], m - n + i + 1
        rows.append(qkv_lib.attention(row, key[..., :seen, :], value[..., :seen, :]))
    return np.concatenate(rows, axis=-2)
""",
        "torch": """
def last_tokens(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    mask = torch.ones(n, m, dtype=torch.bool).tril(m - n)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
""",
        "library": """
def last_tokens(query, key, value):
    offset = key.shape[-2] - query.shape[-2]
    return qkv_lib.attention(query, key, value, causal=True, offset=offset)
""",
    },
    edits=(
        ("top-left", ", offset=offset", "", "library"),
        ("top-left", "attn_mask=mask", "is_causal=True", "torch"),
        ("mask-ignored", ", attn_mask=mask", "", "torch"),
        ("hides-itself", "tril(m - n)", "tril(m - n - 1)", "torch"),
        ("sees-the-next", "tril(m - n)", "tril(m - n + 1)", "torch"),
        ("mask-ignored", "offset=offset", "offset=key.shape[-2]", "library"),
        ("inverted-mask", "attn_mask=mask", "attn_mask=~mask", "torch"),
        ("past-dropped", "query, key, value, causal=True, offset=offset",
         "query, key[..., offset:, :], value[..., offset:, :], causal=True", "library"),
        ("past-only", "m - n + i + 1", "m - n", "loops"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("sums-keys", "weights @ value", "weights @ key"),
    ),
)  # fmt: skip
