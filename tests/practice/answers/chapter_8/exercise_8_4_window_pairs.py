"""Exercise 8.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_4_window_pairs import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def window_pairs(n, window):
    return np.array([sum(min(i + 1, window) for i in range(m)) for m in n])
""",
        "mask": """
def window_pairs(n, window):
    found = []
    for m in n:
        i, j = np.arange(m)[:, None], np.arange(m)
        found.append(((j <= i) & (j > i - window)).sum())
    return np.array(found)
""",
    },
    edits=(
        ("start-ignored", "min(i + 1, window)", "window", "loops"),
        ("start-left-out", "in range(m)", "in range(window - 1, m)", "loops"),
        ("window-ignored", "min(i + 1, window)", "i + 1", "loops"),
        ("not-causal", "min(i + 1, window)", "m", "loops"),
        ("one-more", "j > i", "j >= i", "mask"),
        ("one-less", "i - window", "i - window + 1", "mask"),
        ("itself-forgotten", "j <= i", "j < i", "mask"),
        ("both-sides", "j <= i", "j < i + window", "mask"),
        ("hidden-pairs", "((j <= i) & (j > i - window))", "(~((j <= i) & (j > i - window)))",
         "mask"),
        ("separate-blocks", "min(i + 1, window)", "i % window + 1", "loops"),
        ("different", "min(i + 1", "min(i + 2", "loops"),
    ),
)  # fmt: skip
