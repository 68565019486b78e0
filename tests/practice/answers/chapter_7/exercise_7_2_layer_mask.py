"""Exercise 7.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_7.exercise_7_2_layer_mask import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def layer_mask(mask, n_heads):
    return np.stack([~each for each in mask for _ in range(n_heads)])
""",
        "torch": """
def layer_mask(mask, n_heads):
    return ~mask.repeat_interleave(n_heads, dim=0)
""",
        "expanded": """
def layer_mask(mask, n_heads):
    batch, n, m = mask.shape
    every = np.broadcast_to(mask[:, None], (batch, n_heads, n, m))
    return ~every.reshape(-1, n, m)
""",
    },
    edits=(
        ("not-inverted", "~", "", "torch"),
        ("not-inverted", "~", "", "loops"),
        ("heads-outermost", "for each in mask for _ in range(n_heads)",
         "for _ in range(n_heads) for each in mask", "loops"),
        ("heads-outermost", "repeat_interleave(n_heads, dim=0)", "repeat(n_heads, 1, 1)", "torch"),
        ("no-heads", ".repeat_interleave(n_heads, dim=0)", "", "torch"),
        ("four-axes", ".reshape(-1, n, m)", "", "expanded"),
        ("first-of-batch", "mask[:, None]", "mask[:1, None]", "expanded"),
        ("transposed-mask", "~mask", "~mask.mT", "torch"),
        ("additive-mask", "np.logical_not(np.repeat(mask, n_heads, axis=0))",
         "np.where(np.repeat(mask, n_heads, axis=0), 0.0, -np.inf)"),
        ("nothing-hidden", "~each", "each & ~each", "loops"),
        ("all-hidden", "~each", "each | ~each", "loops"),
    ),
)  # fmt: skip
