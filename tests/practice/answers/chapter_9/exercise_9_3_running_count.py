"""Exercise 9.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_9.exercise_9_3_running_count import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "attention": """
def running_count(bits):
    value = bits[..., None]
    flat = np.zeros_like(value)
    means = qkv_lib.attention(flat, flat, value, causal=True)[..., 0]
    return means * (np.arange(bits.shape[-1]) + 1).astype(bits.dtype)
""",
        "loops": """
def running_count(bits):
    count = np.zeros_like(bits)
    for i in range(bits.shape[-1]):
        count[..., i] = bits[..., : i + 1].sum(axis=-1)
    return count
""",
        "torch": """
def running_count(bits):
    n = bits.shape[-1]
    return bits @ torch.triu(torch.ones(n, n, dtype=bits.dtype))
""",
    },
    edits=(
        ("mean", " * (np.arange(bits.shape[-1]) + 1).astype(bits.dtype)", "", "attention"),
        ("times-n", "(np.arange(bits.shape[-1]) + 1).astype(bits.dtype)", "bits.shape[-1]",
         "attention"),
        ("times-i", " + 1).astype", ").astype", "attention"),
        ("mean-of-all", "means * (np.arange(bits.shape[-1]) + 1).astype(bits.dtype)",
         "0 * means + bits.mean(axis=-1, keepdims=True)", "attention"),
        ("not-causal", "[..., : i + 1]", "", "loops"),
        ("without-itself", "i + 1", "i", "loops"),
        ("from-the-end", ": i + 1", "i :", "loops"),
        ("counts-zeros", "np.cumsum(bits", "np.cumsum(1 - bits"),
        ("counts-places", "np.cumsum(bits", "np.cumsum(np.ones_like(bits)"),
        ("parity", "axis=-1)", "axis=-1) % 2"),
        ("batch-leak", "np.cumsum(bits, axis=-1)", "np.cumsum(bits).reshape(bits.shape)"),
        ("different", "axis=-1)", "axis=-1) + 0.01"),
    ),
)  # fmt: skip
