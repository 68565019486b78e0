"""Exercise 5.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_1_self_attention import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def self_attention(x, W_Q, W_K, W_V):
    output = np.zeros((*x.shape[:-1], W_V.shape[1]))
    for i in np.ndindex(x.shape[:-1]):
        words = x[i[:-1]]
        scores = np.array([(x[i] @ W_Q) @ (w @ W_K) for w in words]) / W_K.shape[1] ** 0.5
        top = np.exp(scores - max(scores))
        output[i] = sum(t * (w @ W_V) for t, w in zip(top, words)) / sum(top)
    return output
""",
        "torch": """
def self_attention(x, W_Q, W_K, W_V):
    return F.scaled_dot_product_attention(x @ W_Q, x @ W_K, x @ W_V)
""",
        "library": """
def self_attention(x, W_Q, W_K, W_V):
    return qkv_lib.attention(x @ W_Q, x @ W_K, x @ W_V)
""",
    },
    edits=(
        ("root-of-d_model", "query.shape[-1]", "x.shape[-1]"),
        ("unprojected-values", "x @ W_V", "x"),
        ("unprojected", "x @ W_Q, x @ W_K, x @ W_V", "x, x, x"),
        ("transposed-maps", "x @ W_Q, x @ W_K, x @ W_V", "x @ W_Q.T, x @ W_K.T, x @ W_V.T"),
        ("query-with-itself", "x @ W_K", "x @ W_Q"),
        ("key-with-itself", "x @ W_Q", "x @ W_K"),
        ("query-key-swapped", "x @ W_Q, x @ W_K", "x @ W_K, x @ W_Q"),
        ("sums-keys", "x @ W_V", "x @ W_K"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("transposed-weights", "weights @ value", "weights.swapaxes(-1, -2) @ value"),
        ("reversed-axes", ".swapaxes(-1, -2)", ".T"),
        ("returns-value", "return weights @ value", "return value"),
        ("overflow", "np.exp(scores - peak)", "np.exp(scores)"),
        ("batch-leak", "return weights",
         "value = value - value.mean(0) if x.ndim == 3 else value\n    return weights"),
    ),
)  # fmt: skip
