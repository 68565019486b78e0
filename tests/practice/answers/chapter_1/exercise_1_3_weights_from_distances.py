"""Exercise 1.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_1.exercise_1_3_weights_from_distances import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "plain": """
def weights_from_distances(distances, bandwidth):
    distances = distances - 0.0
    kernel = np.exp(-distances**2 / (2 * bandwidth**2) + distances.min(1, keepdims=True)**2
                    / (2 * bandwidth**2))
    total = kernel.sum(axis=1, keepdims=True)
    return kernel / total
""",
        "loops": """
def weights_from_distances(distances, bandwidth):
    weights = np.zeros_like(distances)
    for i, row in enumerate(distances):
        powers = [math.exp((min(row) ** 2 - r**2) / (2 * bandwidth**2)) for r in row]
        weights[i] = [power / sum(powers) for power in powers]
    return weights
""",
        "torch": """
def weights_from_distances(distances, bandwidth):
    return torch.softmax(-((distances / bandwidth) ** 2) / 2, dim=-1)
""",
    },
    edits=(
        ("bandwidth-not-squared", "bandwidth**2", "bandwidth"),
        ("no-half", "2 * bandwidth", "bandwidth"),
        ("distance-not-squared", "distances**2", "distances"),
        ("exponential-kernel", "distances**2 / (2 * bandwidth**2)", "distances / bandwidth"),
        ("bandwidth-ignored", "bandwidth**2", "1"),
        ("bandwidth-multiplies", "/ (2 * bandwidth**2)", "* bandwidth**2 / 2"),
        ("far-counts-most", "-distances", "distances"),
        ("not-normalised", "scores - scores.max(axis=1, keepdims=True))\n"
         "    return kernel / kernel.sum(axis=1, keepdims=True)", "scores)\n    return kernel"),
        ("divided-by-n", "scores - scores.max(axis=1, keepdims=True))\n"
         "    return kernel / kernel.sum(axis=1, keepdims=True)",
         "scores)\n    return kernel / distances.shape[1]"),
        ("density", "scores - scores.max(axis=1, keepdims=True))\n"
         "    return kernel / kernel.sum(axis=1, keepdims=True)",
         "scores)\n    return kernel / np.sqrt(2 * np.pi) / bandwidth"),
        ("softmax-over-queries", "axis=1", "axis=0"),
        ("over-everything", "axis=1, keepdims=True", ""),
        ("inverse-distance", "np.exp(scores - scores.max(axis=1, keepdims=True))", "1 / distances"),
        ("nearest", "np.exp(scores - scores.max(axis=1, keepdims=True))",
         "np.where(scores == scores.max(axis=1, keepdims=True), 1.0, 0.0).astype(scores.dtype)"),
        ("uniform", "np.exp(scores - scores.max(axis=1, keepdims=True))", "np.ones_like(scores)"),
        ("underflow", "scores - scores.max(axis=1, keepdims=True)", "scores"),
        ("rows-do-not-sum-to-1", "return kernel /", "return 0.9 * kernel /"),
        ("negative-weights", "return kernel / kernel.sum(axis=1, keepdims=True)",
         "kernel = kernel - 0.5\n    return kernel / kernel.sum(axis=1, keepdims=True)"),
        ("different", "distances**2", "abs(distances)**3"),
    ),
)  # fmt: skip
