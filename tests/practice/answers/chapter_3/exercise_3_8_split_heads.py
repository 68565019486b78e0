"""Exercise 3.8: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_8_split_heads import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def split_heads(x, n_heads):
    d = x.shape[-1] // n_heads
    return np.stack([x[..., i * d : (i + 1) * d] for i in range(n_heads)], axis=-3)
""",
        "split": """
def split_heads(x, n_heads):
    return np.moveaxis(np.array(np.split(x, n_heads, axis=-1)), 0, -3)
""",
        "torch": """
def split_heads(x, n_heads):
    return x.unflatten(-1, (n_heads, -1)).transpose(-2, -3)
""",
        "library": """
def split_heads(x, n_heads):
    return qkv_lib.split_heads(x, n_heads)
""",
    },
    edits=(
        ("view-for-transpose", "return cut.swapaxes(-2, -3)",
         "return x.reshape(*batch, n_heads, n, features // n_heads)"),
        ("view-for-transpose", "return x.unflatten(-1, (n_heads, -1)).transpose(-2, -3)",
         "*batch, n, f = x.shape\n    return x.view(*batch, n_heads, n, f // n_heads)", "torch"),
        ("interleaved", "i * d : (i + 1) * d", "i::n_heads", "loops"),
        ("not-swapped", "cut.swapaxes(-2, -3)", "cut"),
        ("features-before-positions", "cut.swapaxes(-2, -3)", "np.moveaxis(cut, -3, -1)"),
        ("reversed-heads", "range(n_heads)", "reversed(range(n_heads))", "loops"),
        ("first-block-for-all", "i * d : (i + 1) * d", ":d", "loops"),
        ("heads-first", "axis=-3", "axis=0", "loops"),
        ("not-split", "cut.swapaxes(-2, -3)", "x"),
        ("copies", "i * d : (i + 1) * d", ":", "loops"),
        ("different", "return cut", "return np.roll(cut, 1, axis=-1)"),
    ),
)  # fmt: skip
