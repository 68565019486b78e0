"""Exercise 7.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_7.exercise_7_4_mask_and_bias import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "torch": """
def mask_and_bias(query, key, value, mask, bias):
    numbers = bias.masked_fill(~mask, float("-inf"))
    return F.scaled_dot_product_attention(query, key, value, attn_mask=numbers)
""",
        "where": """
def mask_and_bias(query, key, value, mask, bias):
    numbers = torch.where(mask, bias, -torch.inf)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=numbers)
""",
        "library": """
def mask_and_bias(query, key, value, mask, bias):
    return qkv_lib.attention(query, key, value, mask=mask, bias=bias)
""",
    },
    edits=(
        ("bias-ignored", "attn_mask=numbers", "attn_mask=mask", "torch"),
        ("bias-ignored", ", bias=bias", "", "library"),
        ("mask-ignored", "attn_mask=numbers", "attn_mask=bias", "torch"),
        ("both-ignored", ", attn_mask=numbers", "", "torch"),
        ("inverted-mask", "~mask", "mask", "torch"),
        ("added-mask", "torch.where(mask, bias, -torch.inf)", "bias + mask", "where"),
        ("multiplied-mask", "torch.where(mask, bias, -torch.inf)", "bias * mask", "where"),
        ("bias-subtracted", "bias=bias", "bias=-bias", "library"),
        ("bias-scaled", "mask, bias, -torch", "mask, bias / query.shape[-1] ** 0.5, -torch",
         "where"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("fully-masked-nan", "np.where(total == 0, 1, total)", "total"),
        ("large-not-infinite", "-torch.inf", "-1e9", "where"),
    ),
)  # fmt: skip
