"""Exercise 8.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_3_cache_bytes import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    found = []
    for n in lengths:
        one = n * n_kv_heads * (d_model // n_heads)
        found.append(n_blocks * size * (one + one))
    return np.array(found)
""",
        "torch": """
def cache_bytes(lengths, d_model, n_heads, n_kv_heads, n_blocks, size):
    numbers = torch.as_tensor(lengths) * n_blocks * n_kv_heads * (d_model // n_heads)
    return numbers * 2 * size
""",
    },
    edits=(
        ("query-heads", " // n_heads * n_kv_heads", ""),
        ("keys-only", "2 * ", ""),
        ("keys-only", "one + one", "one", "loops"),
        ("queries-kept", "2 * ", "3 * "),
        ("queries-kept", "one + one", "one + one + n * d_model", "loops"),
        ("full-width-heads", "d_model // n_heads", "d_model"),
        ("one-head", " * n_kv_heads", ""),
        ("one-block", "n_blocks * ", ""),
        ("numbers-not-bytes", " * size", ""),
        ("size-of-a-group", "* n_kv_heads", "* (n_heads // n_kv_heads)"),
        ("scores-kept", "2 * lengths", "2 * lengths * lengths"),
        ("different", "2 * ", "5 * "),
    ),
)
