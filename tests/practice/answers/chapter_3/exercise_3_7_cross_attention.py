"""Exercise 3.7: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_7_cross_attention import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "einsum": """
def cross_attention(x, context, W_Q, W_K, W_V):
    scores = np.einsum("...id,dk,ek,...je->...ij", x, W_Q, W_K, context) / W_K.shape[1] ** 0.5
    return np.einsum("...ij,...jd,de->...ie", qkv_lib.softmax(scores), context, W_V)
""",
        "torch": """
def cross_attention(x, context, W_Q, W_K, W_V):
    return F.scaled_dot_product_attention(x @ W_Q, context @ W_K, context @ W_V)
""",
        "library": """
def cross_attention(x, context, W_Q, W_K, W_V):
    return qkv_lib.attention(x @ W_Q, context @ W_K, context @ W_V)
""",
    },
    edits=(
        ("sides-swapped", "x @ W_Q, context @ W_K, context @ W_V",
         "context @ W_Q, x @ W_K, x @ W_V"),
        ("self-attention", "context @ W", "x @ W"),
        ("context-only", "x @ W_Q", "context @ W_Q"),
        ("values-from-x", "context @ W_V", "x @ W_V"),
        ("keys-from-x", "context @ W_K", "x @ W_K"),
        ("root-of-d_model", "query.shape[-1]", "x.shape[-1]"),
        ("maps-swapped", "x @ W_Q, context @ W_K", "x @ W_K, context @ W_Q"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("returns-value", "return weights @ value", "return value"),
        ("sums-keys", "weights @ value", "weights @ key"),
    ),
)  # fmt: skip
