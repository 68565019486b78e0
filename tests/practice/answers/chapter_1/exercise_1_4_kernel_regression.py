"""Exercise 1.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_1.exercise_1_4_kernel_regression import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def kernel_regression(x, known_x, known_y, bandwidth):
    result = np.zeros_like(x)
    for i in range(len(x)):
        exponents = [-(((x[i] - place) / bandwidth) ** 2) / 2 for place in known_x]
        powers = [math.exp(e - max(exponents)) for e in exponents]
        result[i] = sum(p * y for p, y in zip(powers, known_y)) / sum(powers)
    return result
""",
        "products": """
def kernel_regression(x, known_x, known_y, bandwidth):
    scores = (np.outer(x, known_x) - known_x**2 / 2) / bandwidth**2
    return qkv_lib.softmax(scores) @ known_y
""",
        "torch": """
def kernel_regression(x, known_x, known_y, bandwidth):
    scores = -torch.square((x[:, None] - known_x) / bandwidth) / 2
    return torch.softmax(scores, dim=1) @ known_y
""",
    },
    edits=(
        ("bandwidth-not-squared", "bandwidth**2", "bandwidth"),
        ("no-half", "2 * bandwidth", "bandwidth"),
        ("distance-not-squared", "distances**2", "distances"),
        ("exponential-kernel", "distances**2 / (2 * bandwidth**2)", "distances / bandwidth"),
        ("bandwidth-ignored", "bandwidth**2", "1"),
        ("far-counts-most", "-distances", "distances"),
        ("softmax-over-queries", "axis=1", "axis=0"),
        ("nearest", "weights @ known_y", "known_y[weights.argmax(axis=1)]"),
        ("uniform", "weights @ known_y", "np.full_like(x, known_y.mean())"),
        ("underflow", "scores - scores.max(axis=1, keepdims=True)", "scores"),
        ("dot-product", "- known_x**2 / 2", "", "products"),
        ("averages-places", "weights @ known_y", "weights @ known_x"),
        ("distance-in-y", "x[:, None] - known_x", "x[:, None] - known_y"),
        ("returns-weights", "weights @ known_y", "weights"),
        ("different", "weights @ known_y", "np.interp(x, np.sort(known_x), known_y)"),
    ),
)  # fmt: skip
