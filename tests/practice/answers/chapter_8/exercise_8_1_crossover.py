"""Exercise 8.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_1_crossover import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    found = []
    for d, f in zip(d_model, d_ff):
        per_position = 2 * d * d + 2 * d * (d // n_heads * n_kv_heads) + 2 * d * f
        found.append(per_position // (2 * d))
    return np.array(found)
""",
        "torch": """
def crossover(d_model, d_ff, n_heads, n_kv_heads):
    d_model, d_ff = torch.as_tensor(d_model), torch.as_tensor(d_ff)
    return d_model + d_model // n_heads * n_kv_heads + d_ff
""",
    },
    edits=(
        ("always-6d", "d_model + d_kv + d_ff", "6 * d_model"),
        ("shared-heads-ignored", "d_kv +", "d_model +"),
        ("feed-forward-forgotten", " + d_ff", ""),
        ("one-feed-forward-map", "2 * d * f", "d * f", "loops"),
        ("projections-forgotten", "d_model + d_kv + ", ""),
        ("output-map-forgotten", "2 * d * d ", "d * d ", "loops"),
        ("keys-or-values-forgotten", "2 * d * (d //", "d * (d //", "loops"),
        ("scores-only", "// (2 * d)", "// d", "loops"),
        ("times-the-heads", "// (2 * d)", "// (2 * d * n_heads)", "loops"),
        ("different", "d_kv +", "2 * d_kv +"),
    ),
)
