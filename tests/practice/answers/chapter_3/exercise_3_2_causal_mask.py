"""Exercise 3.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_2_causal_mask import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def causal_mask(n_queries, n_keys, offset):
    rows = [[j <= i + offset for j in range(n_keys)] for i in range(n_queries)]
    return np.array(rows)
""",
        "triangle": """
def causal_mask(n_queries, n_keys, offset):
    return np.tril(np.ones((n_queries, n_keys), dtype=bool), k=offset)
""",
        "torch": """
def causal_mask(n_queries, n_keys, offset):
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(diagonal=offset)
""",
        "library": """
def causal_mask(n_queries, n_keys, offset):
    return qkv_lib.causal_mask(n_queries, n_keys, offset=offset)
""",
    },
    edits=(
        ("inverted-mask", "<=", ">"),
        ("hides-itself", "<=", "<"),
        ("sees-the-next", "i + offset", "i + offset + 1"),
        ("hides-the-past", "<=", ">="),
        ("hides-the-past", "tril", "triu", "torch"),
        ("offset-ignored", "i + offset", "i"),
        ("offset-subtracted", "i + offset", "i - offset"),
        ("offset-from-sizes", "i + offset", "i + n_keys - n_queries"),
        ("offset-twice", "i + offset", "i + 2 * offset"),
        ("all-allowed", ".tril(diagonal=offset)", "", "torch"),
        ("own-position-only", "<=", "=="),
        ("additive-mask", "j <= i + offset", "np.where(j <= i + offset, 0.0, -np.inf)"),
        ("transposed-mask", "j <= i + offset", "(j <= i + offset).T"),
        ("dtype", "j <= i + offset", "(j <= i + offset) * 1"),
        ("different", "i + offset", "2 * i + offset"),
    ),
)  # fmt: skip
