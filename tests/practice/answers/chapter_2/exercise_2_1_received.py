"""Exercise 2.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_2.exercise_2_1_received import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def received(weights):
    total = np.zeros(weights.shape[:-2] + weights.shape[-1:], dtype=weights.dtype)
    for i in range(weights.shape[-2]):
        total = total + weights[..., i, :]
    return total
""",
        "ones": """
def received(weights):
    ones = np.ones(weights.shape[-2], dtype=weights.dtype)
    return ones @ weights
""",
        "torch": """
def received(weights):
    return torch.sum(weights, dim=-2)
""",
    },
    edits=(
        ("sums-rows", "axis=-2", "axis=-1"),
        ("sums-rows", "dim=-2", "dim=-1", "torch"),
        ("mean", "sum", "mean"),
        ("largest", "sum", "max"),
        ("counts-winners", "weights.sum(axis=-2)",
         "(1.0 * (weights == weights.max(axis=-1, keepdims=True))).sum(axis=-2)"),
        ("softmax-again", "weights.sum(axis=-2)", "qkv_lib.softmax(weights.sum(axis=-2))"),
        ("first-query", "weights.sum(axis=-2)", "weights[..., 0, :]"),
        ("not-summed", ".sum(axis=-2)", ""),
        ("axis-kept", "axis=-2", "axis=-2, keepdims=True"),
        ("sums-batch", "axis=-2", "axis=0"),
        ("own-left-out", "weights.sum", "(weights * (1 - np.eye(*weights.shape[-2:]))).sum"),
        ("different", "axis=-2)", "axis=-2) + 1e-3"),
        ("in-place", "    return", "    weights *= 2\n    return 0.5 *"),
    ),
)  # fmt: skip
