"""Exercise 3.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_4_masked_attention import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def masked_attention(query, key, value, mask):
    output = np.zeros((*query.shape[:-1], value.shape[-1]))
    for i in np.ndindex(query.shape[:-1]):
        b = i[:-1]
        seen = [j for j in range(key.shape[-2]) if mask[(*i, j)]]
        scores = {j: query[i] @ key[b][j] / math.sqrt(key.shape[-1]) for j in seen}
        top = {j: math.exp(scores[j] - max(scores.values())) for j in seen}
        for j in seen:
            output[i] += top[j] / sum(top.values()) * value[b][j]
    return output
""",
        "torch": """
def masked_attention(query, key, value, mask):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    scores = scores.masked_fill(~mask, float("-inf"))
    peak = scores.amax(-1, keepdim=True).clamp(min=-1e30)  # −∞ − (−∞) would be NaN
    e = (scores - peak).exp()
    total = e.sum(-1, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0) @ value
""",
        "fused": """
def masked_attention(query, key, value, mask):
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
""",
        "library": """
def masked_attention(query, key, value, mask):
    return qkv_lib.attention(query, key, value, mask=mask)
""",
    },
    edits=(
        ("mask-ignored", "~mask", "mask & ~mask", "torch"),
        ("inverted-mask", "~mask", "mask", "torch"),
        ("multiplied-mask", "np.where(mask, scores, -np.inf)\n    peak = np.where(mask.any(-1), ",
         "scores * mask\n    peak = np.where(True, "),
        ("multiplied-mask", "float(\"-inf\")", "0.0", "torch"),
        ("mask-after-softmax", "e / total.masked_fill(total == 0, 1.0)",
         "(query @ key.mT / math.sqrt(query.shape[-1])).softmax(dim=-1) * mask", "torch"),
        ("added-mask", "scores.masked_fill(~mask, float(\"-inf\"))", "(scores + mask)", "torch"),
        ("transposed-mask", "~mask", "~mask.mT", "torch"),
        ("fully-masked-nan", ".clamp(min=-1e30)", "", "torch"),
        ("fully-masked-uniform", "float(\"-inf\")", "-1e9", "torch"),
        ("mask-leak", "float(\"-inf\")", "-3.0", "torch"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("sums-keys", "weights @ value", "weights @ key"),
        ("returns-value", "return weights @ value", "return value"),
        ("returns-weights", "return weights @ value", "return weights"),
        ("in-place", "scores = np.where(mask, scores, -np.inf)",
         "scores = np.where(mask, scores, -np.inf)\n    query /= np.sqrt(query.shape[-1])"),
    ),
)  # fmt: skip
