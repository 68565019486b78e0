"""Exercise 7.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_7.exercise_7_6_keras_kernel import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def keras_kernel(weight, n_heads):
    d = len(weight) // n_heads
    heads = [weight[i * d : i * d + d].T for i in range(n_heads)]
    return np.stack(heads, axis=1)
""",
        "torch": """
def keras_kernel(weight, n_heads):
    return weight.unflatten(0, (n_heads, -1)).permute(2, 0, 1)
""",
        "einsum": """
def keras_kernel(weight, n_heads):
    return np.einsum("hdi->ihd", weight.reshape(n_heads, -1, weight.shape[1]))
""",
    },
    edits=(
        ("not-transposed", ".T.", "."),
        ("interleaved", "reshape(inputs, n_heads, outputs // n_heads)",
         "reshape(inputs, outputs // n_heads, n_heads).swapaxes(1, 2)"),
        ("heads-last", "permute(2, 0, 1)", "permute(2, 1, 0)", "torch"),
        ("heads-last", "ihd", "idh", "einsum"),
        ("heads-first", "axis=1", "axis=0", "loops"),
        ("outputs-first", ".permute(2, 0, 1)", "", "torch"),
        ("outputs-first", "ihd", "hdi", "einsum"),
        ("still-flat", ".reshape(inputs, n_heads, outputs // n_heads)", ""),
        ("unchanged", ".T.reshape(inputs, n_heads, outputs // n_heads)", ""),
        ("reversed-heads", "in range(n_heads)", "in reversed(range(n_heads))", "loops"),
        ("first-head-for-all", "weight[i * d : i * d + d]", "weight[:d]", "loops"),
        ("different", "weight[i * d : i * d + d].T", "-weight[i * d : i * d + d].T", "loops"),
    ),
)  # fmt: skip
