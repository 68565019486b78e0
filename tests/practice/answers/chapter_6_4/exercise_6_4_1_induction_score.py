"""Exercise 6.4.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_4.exercise_6_4_1_induction_score import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def induction_score(weights):
    p = weights.shape[-1] // 2
    found = [weights[..., i, i - p + 1] for i in range(p, 2 * p - 1)]
    return sum(found) / (p - 1)
""",
        "diagonal": """
def induction_score(weights):
    p = weights.shape[-1] // 2
    return np.diagonal(weights, 1 - p, axis1=-2, axis2=-1)[..., 1:p].mean(axis=-1)
""",
        "torch": """
def induction_score(weights):
    p = weights.shape[-1] // 2
    return weights.diagonal(1 - p, dim1=-2, dim2=-1)[..., 1:p].mean(dim=-1)
""",
    },
    edits=(
        ("same-token", "queries - p + 1", "queries - p"),
        ("same-token", "i - p + 1", "i - p", "loops"),
        ("token-before", "queries - p + 1", "queries - p - 1"),
        ("last-query", "2 * p - 1", "2 * p"),
        ("last-query", "1:p", "1:", "diagonal"),
        ("first-half", "1:p", ":p", "torch"),
        ("first-half", "arange(p,", "arange(p - 1,"),
        ("late", "arange(p,", "arange(p + 1,"),
        ("summed", ".mean(axis=-1)", ".sum(axis=-1)"),
        ("summed", " / (p - 1)", "", "loops"),
        ("divided-by-p", "/ (p - 1)", "/ p", "loops"),
        ("divided-by-n", "/ (p - 1)", "/ (2 * p)", "loops"),
        ("previous", "queries - p + 1", "queries - 1"),
        ("heads-averaged", ".mean(axis=-1)", ".mean()"),
        ("largest", ".mean(axis=-1)", ".max(axis=-1)"),
    ),
)  # fmt: skip
