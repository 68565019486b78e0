"""Exercise 6.2.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_2.exercise_6_2_2_previous_score import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def previous_score(weights):
    n = weights.shape[-1]
    found = [weights[..., i, i - 1] for i in range(2, n - 1)]
    return np.mean(found, axis=0)
""",
        "words": """
def previous_score(weights):
    words = weights[..., 1:-1, 1:-1]
    return np.trace(words, offset=-1, axis1=-2, axis2=-1) / (words.shape[-1] - 1)
""",
        "relation": """
def previous_score(weights):
    word = np.ones(weights.shape[-1], dtype=bool)
    word[[0, -1]] = False
    place = np.arange(len(word))
    relation = (place[:, None] - place == 1) & word[:, None] & word
    return weights[..., relation].mean(-1)
""",
        "torch": """
def previous_score(weights):
    return weights.diagonal(offset=-1, dim1=-2, dim2=-1)[..., 1:-1].mean(-1)
""",
    },
    edits=(
        ("next-word", "i, i - 1", "i - 1, i", "loops"),
        ("next-word", "offset=-1", "offset=1", "torch"),
        ("next-word", "weights, -1", "weights, 1"),
        ("own-word", "weights, -1", "weights, 0"),
        ("own-word", "[..., i, i - 1] for i in range(2", "[..., i, i] for i in range(1", "loops"),
        ("specials-in-it", "[..., 1:-1]", ""),
        ("specials-in-it", "range(2, n - 1)", "range(1, n)", "loops"),
        ("sep-asks", "n - 1)", "n)", "loops"),
        ("sep-asks", "word[:, None] & word\n", "word\n", "relation"),
        ("cls-is-key", "range(2,", "range(1,", "loops"),
        ("cls-is-key", "word[:, None] & word\n", "word[:, None]\n", "relation"),
        ("two-before", "i, i - 1] for i in range(2,", "i, i - 2] for i in range(3,", "loops"),
        ("sum", " / (words.shape[-1] - 1)", "", "words"),
        ("divided-by-tokens", "(words.shape[-1] - 1)", "weights.shape[-1]", "words"),
        ("divided-by-words", "(words.shape[-1] - 1)", "words.shape[-1]", "words"),
        ("all-before", "weights[..., i, i - 1]", "weights[..., i, 1:i].sum(-1)", "loops"),
        ("largest", ".mean(axis=-1)", ".max(axis=-1)"),
        ("share-of-hits", "weights[..., i, i - 1]", "(weights[..., i, :].argmax(-1) == i - 1)",
         "loops"),
        ("made-to-sum-again", "1:-1, 1:-1]\n",
         "1:-1, 1:-1]\n    words = words / words.sum(-1, keepdims=True)\n", "words"),
        ("heads-averaged", ".mean(-1)", ".mean()", "torch"),
    ),
)  # fmt: skip
