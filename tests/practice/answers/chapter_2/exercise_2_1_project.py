"""Exercise 2.1: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def project(x, W_Q, W_K, W_V):
    return x @ W_Q, x @ W_K, x @ W_V
""",
        "loops": """
def project(x, W_Q, W_K, W_V):
    made = []
    for W in (W_Q, W_K, W_V):
        rows = np.zeros((*x.shape[:-1], W.shape[1]), dtype=x.dtype)
        for i in np.ndindex(rows.shape):
            rows[i] = sum(x[i[:-1]] * W[:, i[-1]])
        made.append(rows)
    return made
""",
        "one product": """
def project(x, W_Q, W_K, W_V):
    d = W_Q.shape[1]
    return tuple(np.split(x @ np.concatenate([W_Q, W_K, W_V], axis=1), [d, 2 * d], axis=-1))
""",
        "torch": """
def project(x, W_Q, W_K, W_V):
    return tuple(F.linear(x, W.T) for W in (W_Q, W_K, W_V))
""",
    },
    edits=(
        ("transposed-maps", "F.linear(x, W.T)", "F.linear(x, W)", "torch"),
        ("map-on-the-left", "x @ W_Q, x @ W_K, x @ W_V", "W_Q @ x, W_K @ x, W_V @ x"),
        ("key-for-value", "x @ W_V", "x @ W_K"),
        ("one-map-for-both", "x @ W_K", "x @ W_Q"),
        ("one-map-for-both", "x @ W_Q", "x @ W_K"),
        ("one-map-for-all", "(W_Q, W_K, W_V))", "(W_Q, W_Q, W_Q))", "torch"),
        ("query-key-swapped", "x @ W_Q, x @ W_K", "x @ W_K, x @ W_Q"),
        ("key-value-swapped", "x @ W_K, x @ W_V", "x @ W_V, x @ W_K"),
        ("unprojected-values", "x @ W_V", "x"),
        ("unprojected", "x @ W_Q, x @ W_K, x @ W_V", "x, x, x"),
        ("chained", "x @ W_K, x @ W_V", "x @ W_Q @ W_K, x @ W_Q @ W_K @ W_V"),
        ("elementwise", "@", "*"),
        ("scaled-queries", "x @ W_Q", "x @ W_Q / np.sqrt(W_Q.shape[1])"),
        ("batch-leak", "    return x @ W_Q",
         "    x = x - x.mean(0) if x.ndim > 2 else x\n    return x @ W_Q"),
        ("in-place", "    return x", "    x *= 2\n    return x / 2"),
        ("not-a-tuple", "x @ W_Q, x @ W_K, x @ W_V", "x @ W_Q, x @ W_K"),
        ("not-an-array", "    return made", "    return [rows.tolist() for rows in made]", "loops"),
        ("different", "x @ W_V", "0.99 * x @ W_V"),
    ),
)  # fmt: skip
