"""Exercise 3.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_1_softmax_rows import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def softmax_rows(scores):
    weights = np.empty_like(scores)
    for i in np.ndindex(scores.shape[:-1]):
        peak = max(scores[i])
        top = [math.exp(s - peak) for s in scores[i]]
        weights[i] = [t / sum(top) for t in top]
    return weights
""",
        "logarithm": """
def softmax_rows(scores):
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1)[..., None])
""",
        "torch": """
def softmax_rows(scores):
    return scores.softmax(dim=-1)
""",
        "library": """
def softmax_rows(scores):
    return qkv_lib.softmax(scores)
""",
    },
    edits=(
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("softmax-over-queries", "dim=-1", "dim=-2", "torch"),
        ("softmax-over-queries", "dim=-1", "dim=0", "torch"),
        ("softmax-over-everything", "axis=-1, keepdims=True", ""),
        ("batch-leak", "axis=-1, ",
         "axis=tuple(i for i in range(scores.ndim) if i != scores.ndim - 2), "),
        ("no-keepdims", "top.sum(axis=-1, keepdims=True)", "top.sum(axis=-1)"),
        ("no-softmax", "return top / top.sum(axis=-1, keepdims=True)", "return scores"),
        ("not-normalised", "return top / top.sum(axis=-1, keepdims=True)", "return np.exp(scores)"),
        ("no-exponential", "np.exp(scores - scores.max(axis=-1, keepdims=True))", "scores"),
        ("negative-exponent", "np.exp(scores - scores.max(axis=-1, keepdims=True))",
         "np.exp(-scores + scores.min(axis=-1, keepdims=True))"),
        ("base-2", "np.exp(", "np.exp2("),
        ("logarithm", "return top / top.sum(axis=-1, keepdims=True)",
         "return np.log(top / top.sum(axis=-1, keepdims=True))"),
        ("argmax", "return top", "top = (top == 1.0) * 1.0\n    return top"),
        ("uniform", "np.exp(scores - scores.max(axis=-1, keepdims=True))", "np.ones_like(scores)"),
        ("overflow", " - scores.max(axis=-1, keepdims=True)", ""),
        ("global-maximum", "scores.max(axis=-1, keepdims=True)", "scores.max()"),
        ("rows-do-not-sum-to-1", "return top", "return 0.9 * top"),
        ("different", "top = np.exp(scores", "top = np.exp(0.99 * scores"),
    ),
)  # fmt: skip
