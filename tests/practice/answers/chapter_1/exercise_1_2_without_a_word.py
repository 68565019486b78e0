"""Exercise 1.2: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def without(weights, j):
    left = weights.copy()
    left[j] = 0
    return left / left.sum()
""",
        "ratio": """
def without(weights, j):
    left = weights / (1 - weights[j])
    left[j] = 0
    return left
""",
        "loops": """
def without(weights, j):
    total = sum(w for i, w in enumerate(weights) if i != j)
    return np.array([0 if i == j else w / total for i, w in enumerate(weights)])
""",
        "scores": """
def without(weights, j):
    scores = np.log(weights)
    scores[j] = -np.inf
    return qkv_lib.softmax(scores)
""",
        "torch": """
def without(weights, j):
    return torch.softmax(torch.log(weights).index_fill(0, torch.tensor([j]), -torch.inf), dim=0)
""",
    },
    edits=(
        ("not-renormalised", "left / left.sum()", "left"),
        ("nothing-taken-out", "    left[j] = 0\n", ""),
        ("word-stays", "    left[j] = 0\n", "", "ratio"),
        ("only-the-word", "left = weights.copy()\n    left[j] = 0",
         "left = 0 * weights\n    left[j] = 1"),
        ("shared-evenly", "left / left.sum()",
         "np.where(left > 0, left + weights[j] / (len(left) - 1), 0)"),
        ("to-the-best", "    return left / left.sum()",
         "    left[left.argmax()] += weights[j]\n    return left"),
        ("grows-by-the-weight", "/ (1 - weights[j])", "* (1 + weights[j])", "ratio"),
        ("divided-by-the-weight", "(1 - weights[j])", "weights[j]", "ratio"),
        ("softmax-of-weights", "left / left.sum()", "np.exp(left) / np.exp(left).sum()"),
        ("softmax-of-weights", "np.log(weights)", "weights.copy()", "scores"),
        ("drops-the-place", "left / left.sum()", "np.delete(left, j) / left.sum()"),
        ("rows-do-not-sum-to-1", "left / left.sum()", "0.9 * left / left.sum()"),
        ("negative-weights", "left[j] = 0", "left[j] = -0.01"),
        ("in-place", "weights.copy()", "weights"),
        ("different", "left / left.sum()", "left**2 / (left**2).sum()"),
    ),
)  # fmt: skip
