"""Exercise 0.1: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def handed_over(X, i, W_Q, W_K, W_V):
    Q, K, V = X @ W_Q, X @ W_K, X @ W_V
    scores = K @ Q[i] / np.sqrt(K.shape[1])
    peak = scores.max()
    weights = np.exp(scores - peak)
    weights = weights / weights.sum()
    return weights @ V
""",
        "whole": """
def handed_over(X, i, W_Q, W_K, W_V):
    Q, K, V = X @ W_Q, X @ W_K, X @ W_V
    scores = Q @ K.T / math.sqrt(K.shape[1])
    return (qkv_lib.softmax(scores, axis=1) @ V)[i]
""",
        "loops": """
def handed_over(X, i, W_Q, W_K, W_V):
    query = X[i] @ W_Q
    scores = [sum(a * b for a, b in zip(query, row @ W_K)) / len(query) ** 0.5 for row in X]
    powers = [math.exp(score - max(scores)) for score in scores]
    return sum(power / sum(powers) * (row @ W_V) for power, row in zip(powers, X))
""",
        "torch": """
def handed_over(X, i, W_Q, W_K, W_V):
    query = (X @ W_Q)[i]
    return torch.softmax((X @ W_K) @ query / len(query) ** 0.5, dim=0) @ (X @ W_V)
""",
        "library": """
def handed_over(X, i, W_Q, W_K, W_V):
    return qkv_lib.attention(X @ W_Q, X @ W_K, X @ W_V)[i]
""",
    },
    edits=(
        ("no-scaling", " / np.sqrt(K.shape[1])", ""),
        ("divided-by-width", "np.sqrt(K.shape[1])", "K.shape[1]"),
        ("root-of-the-words", "np.sqrt(K.shape[1])", "np.sqrt(len(K))"),
        ("root-of-the-model", "np.sqrt(K.shape[1])", "np.sqrt(X.shape[1])"),
        ("asks-with-the-key", "K @ Q[i]", "Q @ K[i]"),
        ("one-map-for-both", "X @ W_K, X @ W_V", "X @ W_Q, X @ W_V"),
        ("asks-for-what-it-is", "X @ W_Q, X @ W_K", "X @ W_K, X @ W_K"),
        ("hands-over-keys", "weights @ V", "weights @ K"),
        ("values-not-mapped", "weights @ V", "weights @ X"),
        ("not-normalised", "np.exp(scores - peak)\n    weights = weights / weights.sum()",
         "np.exp(scores)"),
        ("no-exponential", "np.exp(scores - peak)", "scores"),
        ("negative-exponent", "K @ Q[i]", "-K @ Q[i]"),
        ("hard", "weights @ V", "V[weights.argmax()]"),
        ("uniform", "weights @ V", "V.mean(axis=0)"),
        ("softmax-over-queries", "axis=1", "axis=0", "whole"),
        ("every-word", " @ V)[i]", " @ V)", "whole"),
        ("first-word", "Q[i]", "Q[0]"),
        ("returns-weights", "weights @ V", "weights"),
        ("keeps-the-axis", "weights @ V", "(weights @ V)[None]"),
        ("overflow", "scores - peak", "scores"),
        ("different", "return weights @ V", "return weights @ V + 1"),
        ("in-place", "    scores = K", "    X += 1\n    scores = K"),
    ),
)  # fmt: skip
