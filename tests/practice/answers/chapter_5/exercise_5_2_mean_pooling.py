"""Exercise 5.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_2_mean_pooling import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
