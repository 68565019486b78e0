"""Exercise 5.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_4_multi_head import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    d = W_Q.shape[1] // n_heads
    outputs = []
    for i in range(n_heads):
        own = slice(i * d, (i + 1) * d)
        outputs.append(qkv_lib.attention(x @ W_Q[:, own], x @ W_K[:, own], x @ W_V[:, own]))
    return np.concatenate(outputs, axis=-1) @ W_O
""",
        "torch": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    query, key, value = (
        (x @ W).unflatten(-1, (n_heads, -1)).transpose(-2, -3) for W in (W_Q, W_K, W_V)
    )
    heads = F.scaled_dot_product_attention(query, key, value)
    return heads.transpose(-2, -3).flatten(-2) @ W_O
""",
        "sum": """
def multi_head(x, W_Q, W_K, W_V, W_O, n_heads):
    total = 0
    for q, k, v, o in zip(*(np.split(W, n_heads, axis=1) for W in (W_Q, W_K, W_V)),
                          np.split(W_O, n_heads)):
        total = total + qkv_lib.attention(x @ q, x @ k, x @ v) @ o
    return total
""",
    },
    edits=(
        ("view-for-transpose", "n, n_heads, -1).swapaxes(-2, -3)", "n_heads, n, -1)"),
        ("merged-by-view", "heads.swapaxes(-2, -3)", "heads"),
        ("root-of-d_model", "query.shape[-1]", "d_model"),
        ("root-of-all-heads", "query.shape[-1]", "W_Q.shape[-1]"),
        ("one-head", "n, n_heads, -1", "n, 1, -1"),
        ("no-output-map", " @ W_O", ""),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("sums-keys", "weights @ value", "weights @ key"),
        ("query-with-itself", "@ key.swap", "@ query.swap"),
        ("returns-value", "weights @ value", "value"),
        ("transposed-weights", "weights @ value", "weights.swapaxes(-1, -2) @ value"),
        ("overflow", "np.exp(scores - peak)", "np.exp(scores)"),
        ("key-value-swapped", "W in (W_Q, W_K, W_V)", "W in (W_Q, W_V, W_K)"),
    ),
)  # fmt: skip
