"""Exercise 2.3: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def merge_projections(W_Q, W_K):
    return W_Q @ W_K.T
""",
        "loops": """
def merge_projections(W_Q, W_K):
    return np.array([[sum(a * b) for b in W_K] for a in W_Q])
""",
        "einsum": """
def merge_projections(W_Q, W_K):
    return np.einsum("id,jd->ij", W_Q, W_K)
""",
        "unit matrix": """
def merge_projections(W_Q, W_K):
    X = np.eye(len(W_Q), dtype=W_Q.dtype)
    Q, K = X @ W_Q, X @ W_K
    return Q @ K.T
""",
        "torch": """
def merge_projections(W_Q, W_K):
    return torch.inner(W_Q, W_K)
""",
    },
    edits=(
        ("transposed", "W_Q @ W_K.T", "W_K @ W_Q.T"),
        ("no-transpose", "W_K.T", "W_K"),
        ("wrong-side", "W_Q @ W_K.T", "W_Q.T @ W_K"),
        ("wrong-side", "W_Q @ W_K.T", "W_K.T @ W_Q"),
        ("both-transposed", "W_Q @", "W_Q.T @"),
        ("query-with-itself", "W_K.T", "W_Q.T"),
        ("key-with-itself", "W_Q @", "W_K @"),
        ("symmetrised", "return Q @ K.T", "return (Q @ K.T + K @ Q.T) / 2", "unit matrix"),
        ("scaled", "W_Q @ W_K.T", "W_Q @ W_K.T / np.sqrt(W_K.shape[1])"),
        ("elementwise", "W_Q @ W_K.T", "W_Q * W_K"),
        ("inverse", "torch.inner(W_Q, W_K)", "W_Q @ torch.linalg.pinv(W_K)", "torch"),
        ("different", "W_Q @ W_K.T", "W_Q @ W_K.T + 1e-3 * np.eye(len(W_Q))"),
    ),
)  # fmt: skip
