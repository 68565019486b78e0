"""Exercise 8.2.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8_2.exercise_8_2_1_tree_mask import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "climbing": """
def tree_mask(parents, n_text):
    n = len(parents)
    mask = np.zeros((n, n_text + n), bool)
    mask[:, :n_text] = True
    for i in range(n):
        place = i
        while place >= 0:
            mask[i, n_text + place] = True
            place = parents[place]
    return mask
""",
        "powers": """
def tree_mask(parents, n_text):
    n = len(parents)
    step = (parents[:, None] == np.arange(n)).astype(int)
    seen = np.linalg.matrix_power(np.eye(n, dtype=int) + step, n) > 0
    return np.concatenate([np.full((n, n_text), True), seen], axis=1)
""",
        "library": """
def tree_mask(parents, n_text):
    from qkv_lib.formula.rules import tree
    return tree(parents, start=n_text).mask(len(parents), offset=n_text)
""",
    },
    edits=(
        ("causal", "seen = np.linalg.matrix_power(np.eye(n, dtype=int) + step, n) > 0",
         "seen = np.tri(n, dtype=bool)", "powers"),
        ("parents-only", ", n) > 0", ", 1) > 0", "powers"),
        ("not-itself", "place = i\n", "place = parents[i]\n", "climbing"),
        ("text-hidden", "mask[:, :n_text] = True", "pass", "climbing"),
        ("text-causal", "np.ones((n, n_text), dtype=bool)", "np.tri(n, n_text, dtype=bool)"),
        ("descendants", "mask[i, n_text + place]", "mask[place, n_text + i]", "climbing"),
        ("both-ways", "True), seen]", "True), seen | seen.T]", "powers"),
        ("minus-one-wraps", "if parent >= 0:", "if True:"),
        ("only-itself", "seen[i] |= seen[parent]", "pass"),
        ("inverted", "return mask", "return ~mask", "climbing"),
        ("different", "place >= 0", "place > 0", "climbing"),
    ),
)  # fmt: skip
