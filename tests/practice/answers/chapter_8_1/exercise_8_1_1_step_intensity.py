"""Exercise 8.1.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8_1.exercise_8_1_1_step_intensity import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def step_intensity(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    found = []
    for held in lengths:
        done, read = 0, n_weights
        for m in held.tolist():
            done += n_weights + n_blocks * n_heads * d_head * (m + m)
            read += n_blocks * n_kv_heads * d_head * (m + m)
        found.append(done / (read * size))
    return np.array(found)
""",
        "torch": """
def step_intensity(lengths, n_weights, n_heads, n_kv_heads, d_head, n_blocks, size):
    held = torch.as_tensor(lengths).double()
    per_head = held.sum(-1) * 2 * d_head * n_blocks
    done = held.shape[-1] * n_weights + per_head * n_heads
    read = n_weights + per_head * n_kv_heads
    return done / read / size
""",
    },
    edits=(
        ("weights-per-sequence", "size * (n_weights +", "size * (batch * n_weights +"),
        ("one-sequence", "batch * n_weights + n_heads", "n_weights + n_heads"),
        ("weights-not-read", "done, read = 0, n_weights", "done, read = 0, 0", "loops"),
        ("query-heads-kept", "n_kv_heads * per_head", "n_heads * per_head"),
        ("key-heads-multiply", "n_heads * d_head * (m + m)\n            read",
         "n_kv_heads * d_head * (m + m)\n            read", "loops"),
        ("keys-only", "per_head = 2 * ", "per_head = "),
        ("one-block", " * n_blocks", "", "torch"),
        ("numbers-not-bytes", "(read * size)", "read", "loops"),
        ("inverted", "done / (read * size)", "read * size / done", "loops"),
        ("padded", "lengths.sum(axis=-1)", "lengths.max(axis=-1) * lengths.shape[-1]"),
        ("shared-cache", "held.sum(-1)", "held.amax(-1)", "torch"),
        ("different", "2 * n_blocks", "3 * n_blocks"),
    ),
)  # fmt: skip
