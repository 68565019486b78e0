"""Exercise 4.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_1_softmax_jacobian import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def jacobian(weights):
    n = len(weights)
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            J[i, j] = weights[i] * ((i == j) - weights[j])
    return J
""",
        "rows": """
def jacobian(weights):
    unit = np.eye(len(weights), dtype=weights.dtype)
    return np.stack([weights[i] * (unit[i] - weights) for i in range(len(weights))])
""",
        "torch": """
def jacobian(weights):
    return torch.diag(weights) - torch.outer(weights, weights)
""",
        "autograd": """
def jacobian(weights):
    scores = torch.log(weights + (weights == 0) * 1e-300)
    return torch.func.jacrev(lambda s: torch.softmax(s, dim=0))(scores)
""",
    },
    edits=(
        ("diagonal-only", " - np.outer(weights, weights)", ""),
        ("own-scores-only", "np.diag(weights) - np.outer(weights, weights)",
         "np.diag(weights * (1 - weights))"),
        ("outer-only", "np.diag(weights) - ", ""),
        ("no-diagonal", "np.diag(weights) - ", "-"),
        ("plus-sign", " - ", " + "),
        ("plus-sign", "torch.diag(weights) -", "torch.diag(weights) +", "torch"),
        ("negative", "np.diag(weights) - np.outer(weights, weights)",
         "np.outer(weights, weights) - np.diag(weights)"),
        ("identity-for-diagonal", "np.diag(weights)", "np.eye(len(weights))"),
        ("everywhere", "(i == j) - weights[j]", "1 - weights[j]", "loops"),
        ("inner-product", "np.outer(weights, weights)", "weights @ weights.T"),
        ("no-matrix", "np.diag(weights) - np.outer(weights, weights)", "weights * (1 - weights)"),
        ("row-broadcast", "np.diag(weights)", "weights"),
        ("softmax-again", "    return", "    weights = qkv_lib.softmax(weights)\n    return"),
        ("rows-do-not-sum-to-0", "- np", "- 0.9 * np"),
        ("different", "    return np.diag(weights) - np.outer(weights, weights)",
         "    return np.roll(np.diag(weights) - np.outer(weights, weights), 1, axis=1)"),
        ("in-place", "    return np", "    weights /= weights.sum() + 1\n    return np"),
    ),
)  # fmt: skip
