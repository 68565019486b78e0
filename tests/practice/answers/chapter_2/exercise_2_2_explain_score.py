"""Exercise 2.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_2.exercise_2_2_explain_score import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "diagonal": """
def explain_score(asking, answering, W_Q, W_K):
    return np.diag(asking) @ W_Q @ W_K.T @ np.diag(answering)
""",
        "loops": """
def explain_score(asking, answering, W_Q, W_K):
    table = np.empty((len(asking), len(answering)), dtype=asking.dtype)
    for a in range(len(asking)):
        for b in range(len(answering)):
            table[a, b] = (asking[a] * W_Q[a]) @ (answering[b] * W_K[b])
    return table
""",
        "einsum": """
def explain_score(asking, answering, W_Q, W_K):
    return np.einsum("a,ac,bc,b->ab", asking, W_Q, W_K, answering)
""",
        "torch": """
def explain_score(asking, answering, W_Q, W_K):
    return (asking[:, None] * W_Q) @ (answering[:, None] * W_K).T
""",
    },
    edits=(
        ("roles-swapped", "np.outer(asking, answering)", "np.outer(answering, asking)"),
        ("maps-swapped", "W_Q @ W_K.T", "W_K @ W_Q.T"),
        ("transposed", "return table", "return table.T", "loops"),
        ("no-maps", " * (W_Q @ W_K.T)", ""),
        ("no-words", "np.outer(asking, answering) * ", ""),
        ("asking-only", "np.outer(asking, answering)", "asking[:, None]"),
        ("answering-only", "np.outer(asking, answering)", "answering"),
        ("same-word", "np.outer(asking, answering)", "np.outer(asking, asking)"),
        ("scaled", "W_K.T)", "W_K.T) / np.sqrt(W_K.shape[1])"),
        ("by-column", "np.outer(asking, answering) * (W_Q @ W_K.T)",
         "(asking @ W_Q) * (answering @ W_K)"),
        ("query-with-itself", "W_Q @ W_K.T", "W_Q @ W_Q.T"),
        ("key-with-itself", "W_Q @ W_K.T", "W_K @ W_K.T"),
        ("outer-of-projections", "np.outer(asking, answering) * (W_Q @ W_K.T)",
         "np.outer(asking @ W_Q, answering @ W_K)"),
        ("factor", "np.outer(asking, answering) *", "3 * np.outer(asking, answering) *"),
        ("factor", "np.outer(asking, answering) *", "2 * np.outer(asking, answering) *"),
        ("different", "return table", "table[0, 0], table[1, 1] = table[1, 1], table[0, 0]\n"
         "    return table", "loops"),
    ),
)  # fmt: skip
