"""Exercise 5.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_6_decode_step import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
