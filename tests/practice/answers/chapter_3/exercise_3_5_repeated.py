"""Exercise 3.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_5_repeated import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "logarithm": """
def repeated(scores, counts):
    with np.errstate(divide="ignore"):
        return qkv_lib.softmax(scores + np.log(counts))
""",
        "written out": """
def repeated(scores, counts):
    written_out = np.repeat(scores, counts, axis=-1)
    weights = qkv_lib.softmax(written_out)
    word = np.repeat(np.arange(len(counts)), counts)
    return weights @ (word[:, None] == np.arange(len(counts))).astype(scores.dtype)
""",
        "torch": """
def repeated(scores, counts):
    return torch.softmax(scores + torch.log(counts.to(scores.dtype)), dim=-1)
""",
    },
    edits=(
        ("counts-ignored", "scores + np.log(counts)", "scores", "logarithm"),
        ("scores-multiplied", "scores + np.log(counts)", "scores * counts", "logarithm"),
        ("counts-added", "np.log(counts)", "counts", "logarithm"),
        ("not-renormalised", "qkv_lib.softmax(scores + np.log(counts))",
         "qkv_lib.softmax(scores) * counts", "logarithm"),
        ("mask-only", "counts.astype(scores.dtype) * np", "np"),
        ("never-said-counts", "np.log(counts)", "np.log(np.maximum(counts, 1))", "logarithm"),
        ("log-1-plus", "np.log(counts)", "np.log1p(counts)", "logarithm"),
        ("counts-squared", "np.log(counts)", "2 * np.log(counts)", "logarithm"),
        ("far-above", "scores + np.log(counts))",
         "scores) * counts / np.sum(qkv_lib.softmax(scores) * counts, axis=-1, keepdims=True)",
         "logarithm"),
        ("overflow", " - said.max(axis=-1, keepdims=True)", ""),
        ("one-copy", "copies / copies", "copies / np.maximum(counts, 1) / copies"),
        ("softmax-first", "(scores + np", "(qkv_lib.softmax(scores) + np", "logarithm"),
        ("softmax-over-queries", "np.log(counts))", "np.log(counts), axis=-2)", "logarithm"),
        ("in-place", "    said = np", "    scores /= 2\n    said = 2 * np"),
    ),
)  # fmt: skip
