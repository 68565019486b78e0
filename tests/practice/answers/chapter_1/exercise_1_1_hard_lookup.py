"""Exercise 1.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_1.exercise_1_1_hard_lookup import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def hard_lookup(queries, keys, values):
    found = np.empty((len(queries), values.shape[1]), dtype=values.dtype)
    for i, query in enumerate(queries):
        found[i] = values[max(range(len(keys)), key=lambda j: sum(query * keys[j]))]
    return found
""",
        "one hot": """
def hard_lookup(queries, keys, values):
    return np.eye(len(keys), dtype=values.dtype)[np.argmax(np.inner(queries, keys), -1)] @ values
""",
        "torch": """
def hard_lookup(queries, keys, values):
    return values[torch.argmax(torch.einsum("id,jd->ij", queries, keys), dim=1)]
""",
        "cold": """
def hard_lookup(queries, keys, values):
    return qkv_lib.attention(queries, keys, values, scale=1e8)
""",
    },
    edits=(
        ("worst-key", "argmax", "argmin"),
        ("nearest-key", "queries @ keys.T", "-((queries[:, None] - keys) ** 2).sum(-1)"),
        ("cosine", "keys.T", "(keys.T / np.linalg.norm(keys, axis=1))"),
        ("largest-size", "queries @ keys.T", "abs(queries @ keys.T)"),
        ("longest-key", "queries @ keys.T", "0 * queries @ keys.T + (keys**2).sum(1)"),
        ("returns-key", "values[s", "keys[s"),
        ("returns-index", "values[scores.argmax(axis=1)]", "scores.argmax(axis=1)"),
        ("matches-values", "queries @ keys.T", "queries @ values.T"),
        ("soft", "scale=1e8", "scale=1.0", "cold"),
        ("best-query", "axis=1", "axis=0"),
        ("one-for-all", "values[scores.argmax(axis=1)]",
         "np.stack([values[scores[0].argmax()]] * len(queries))"),
        ("different", "argmax(axis=1)", "argsort(axis=1)[:, len(keys) // 2]"),
        ("lengths-differ", "keys.T", "keys[:, :-1].T"),
    ),
)  # fmt: skip
