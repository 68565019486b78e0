"""Exercise 1.4: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def leave_one_out(known_x, known_y, bandwidth):
    distances = np.abs(known_x[:, None] - known_x)
    np.fill_diagonal(distances, np.inf)
    scores = -distances**2 / (2 * bandwidth**2)
    kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = kernel / kernel.sum(axis=1, keepdims=True)
    return weights @ known_y
""",
        "loops": """
def leave_one_out(known_x, known_y, bandwidth):
    result = np.zeros_like(known_x)
    for i in range(len(known_x)):
        x, y = np.delete(known_x, i), np.delete(known_y, i)
        exponents = [-(((known_x[i] - place) / bandwidth) ** 2) / 2 for place in x]
        powers = [math.exp(e - max(exponents)) for e in exponents]
        result[i] = sum(p * height for p, height in zip(powers, y)) / sum(powers)
    return result
""",
        "mask": """
def leave_one_out(known_x, known_y, bandwidth):
    scores = qkv_lib.scoring.gaussian(known_x[:, None], known_x[:, None], bandwidth=bandwidth)
    scores = np.where(np.eye(len(known_x), dtype=bool), -np.inf, scores)
    return qkv_lib.softmax(scores) @ known_y
""",
        "torch": """
def leave_one_out(known_x, known_y, bandwidth):
    scores = -torch.square((known_x[:, None] - known_x) / bandwidth) / 2
    scores.fill_diagonal_(-torch.inf)
    return torch.softmax(scores, dim=1) @ known_y
""",
    },
    edits=(
        ("votes-for-itself", "    np.fill_diagonal(distances, np.inf)\n", ""),
        ("votes-for-itself", "dtype=bool), -np.inf", "dtype=bool), 0", "mask"),
        ("own-weight-zeroed", "/ sum(powers)",
         "/ (sum(powers) + math.exp(-max(exponents)))", "loops"),
        ("bandwidth-not-squared", "bandwidth**2", "bandwidth"),
        ("no-half", "2 * bandwidth", "bandwidth"),
        ("distance-not-squared", "distances**2", "distances"),
        ("exponential-kernel", "distances**2 / (2 * bandwidth**2)", "distances / bandwidth"),
        ("bandwidth-ignored", "bandwidth**2", "1"),
        ("bandwidth-multiplies", "/ (2 * bandwidth**2)", "* bandwidth**2 / 2"),
        ("softmax-over-queries", "axis=1", "axis=0"),
        ("nearest", "weights @ known_y", "known_y[weights.argmax(axis=1)]"),
        ("underflow", "scores - scores.max(axis=1, keepdims=True)", "scores"),
        ("averages-places", "weights @ known_y", "weights @ known_x"),
        ("distance-in-y", "known_x[:, None] - known_x", "known_y[:, None] - known_y"),
        ("returns-errors", "weights @ known_y", "known_y - weights @ known_y"),
        ("returns-weights", "weights @ known_y", "weights"),
        ("different", "weights @ known_y", "np.full_like(known_x, known_y.mean())"),
    ),
)  # fmt: skip
