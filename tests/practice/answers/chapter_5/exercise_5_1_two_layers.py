"""Exercise 5.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_1_two_layers import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "torch": """
def second_weights(x, W_Q, W_K, W_V, W_O, W_Q2, W_K2):
    x = x + F.scaled_dot_product_attention(x @ W_Q, x @ W_K, x @ W_V) @ W_O
    scores = (x @ W_Q2) @ (x @ W_K2).mT / W_Q2.shape[1] ** 0.5
    return scores.softmax(dim=-1)
""",
        "library": """
def second_weights(x, W_Q, W_K, W_V, W_O, W_Q2, W_K2):
    x = x + qkv_lib.attention(x @ W_Q, x @ W_K, x @ W_V) @ W_O
    return qkv_lib.attention_steps(x @ W_Q2, x @ W_K2, x).weights
""",
    },
    edits=(
        ("no-residual", "x + weigh", "weigh"),
        ("no-residual", "x = x + qkv", "x = qkv", "library"),
        ("side-by-side", "weigh(added @ W_Q2, added @ W_K2)", "weigh(x @ W_Q2, x @ W_K2)"),
        ("keys-from-the-input", "added @ W_K2", "x @ W_K2"),
        ("queries-from-the-input", "added @ W_Q2", "x @ W_Q2"),
        ("first-weights", "weigh(added @ W_Q2, added @ W_K2)", "weigh(x @ W_Q, x @ W_K)"),
        ("first-maps-twice", "added @ W_Q2, added @ W_K2", "added @ W_Q, added @ W_K"),
        ("query-key-swapped", "added @ W_Q2, added @ W_K2", "added @ W_K2, added @ W_Q2"),
        ("no-scaling", " / W_Q2.shape[1] ** 0.5", "", "torch"),
        ("first-unscaled", "x @ W_V)", "x @ W_V, scale=1.0)", "library"),
        ("softmax-over-queries", "dim=-1", "dim=-2", "torch"),
        ("no-softmax", "scores.softmax(dim=-1)", "scores", "torch"),
        ("different", "x + weigh", "2 * x + weigh"),
    ),
)  # fmt: skip
