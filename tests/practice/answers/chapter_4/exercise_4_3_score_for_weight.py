"""Exercise 4.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_3_score_for_weight import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "logs": """
def score_for_weight(weight, n_keys, d_k):
    scaled = np.log(weight) - np.log1p(-weight) + np.log(n_keys - 1)
    return scaled * d_k**0.5
""",
        "loops": """
def score_for_weight(weight, n_keys, d_k):
    scores = []
    for w in weight:
        scores.append(math.sqrt(d_k) * math.log(w * (n_keys - 1) / (1 - w)))
    return np.array(scores)
""",
        "torch": """
def score_for_weight(weight, n_keys, d_k):
    return math.sqrt(d_k) * (torch.logit(weight) + math.log(n_keys - 1))
""",
        "bisection": """
def score_for_weight(weight, n_keys, d_k):
    low, high = np.full(weight.shape, -100.0), np.full(weight.shape, 100.0)
    for _ in range(200):
        middle = (low + high) / 2
        small = np.exp(middle) < np.float64(weight) * (np.exp(middle) + n_keys - 1)
        low, high = np.where(small, middle, low), np.where(small, high, middle)
    return np.sqrt(d_k) * middle
""",
    },
    edits=(
        ("root-missing", "np.sqrt(d_k) * ", ""),
        ("root-divided", "scaled * d_k**0.5", "scaled / d_k**0.5", "logs"),
        ("no-root", "np.sqrt(d_k)", "d_k"),
        ("key-counted-twice", "(n_keys - 1)", "n_keys"),
        ("one-rival", " + math.log(n_keys - 1)", "", "torch"),
        ("share-not-odds", " / (1 - weight)", ""),
        ("log-of-weight", " - np.log1p(-weight) + np.log(n_keys - 1)", "", "logs"),
        ("turned-over", "np.log(", "-np.log("),
        ("rivals-below", "weight * (n_keys - 1)", "weight / (n_keys - 1)"),
        ("no-logarithm", "np.log(", "("),
        ("log-base-2", "np.log(", "np.log2("),
        ("log-base-10", "math.log(", "math.log10(", "loops"),
        ("weight-missed", "n_keys - 1)", "n_keys + 1)"),
        ("in-place", "    return", "    weight /= 2\n    return"),
    ),
)  # fmt: skip
