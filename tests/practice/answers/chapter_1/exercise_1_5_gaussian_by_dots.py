"""Exercise 1.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_1.exercise_1_5_gaussian_by_dots import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "all three terms": """
def gaussian_by_dots(query, key, bandwidth):
    squares = (query**2).sum(1)[:, None] - 2 * query @ key.T + (key**2).sum(1)
    return qkv_lib.softmax(-squares / (2 * bandwidth**2))
""",
        "bias": """
def gaussian_by_dots(query, key, bandwidth):
    bias = -np.sum(key * key, axis=1) / (2 * bandwidth**2)
    unit = np.eye(len(key), dtype=key.dtype)
    return qkv_lib.attention(query, key, unit, scale=bandwidth**-2.0, bias=bias)
""",
        "torch": """
def gaussian_by_dots(query, key, bandwidth):
    norms = torch.linalg.vector_norm(key, dim=-1)
    return torch.softmax((query @ key.mT - norms**2 / 2) / bandwidth**2, dim=-1)
""",
    },
    edits=(
        ("no-key-norms", " - (key**2).sum(axis=-1) / 2", ""),
        ("no-key-norms", "(key**2).sum(axis=-1)", "(query**2).sum(axis=-1, keepdims=True)"),
        ("norms-not-halved", ".sum(axis=-1) / 2", ".sum(axis=-1)"),
        ("norms-added", "key.T -", "key.T +"),
        ("norm-not-squared", "norms**2", "norms", "torch"),
        ("norms-not-scaled", "(query @ key.T - (key**2).sum(axis=-1) / 2) / bandwidth**2",
         "query @ key.T / bandwidth**2 - (key**2).sum(axis=-1) / 2"),
        ("cosine", "(query @ key.mT - norms**2 / 2)", "(query @ key.mT / norms)", "torch"),
        ("bandwidth-not-squared", "bandwidth**2", "bandwidth"),
        ("bandwidth-ignored", " / bandwidth**2", ""),
        ("twice-the-variance", "bandwidth**2", "(2 * bandwidth**2)"),
        ("root-of-width", "bandwidth**2", "(bandwidth**2 * np.sqrt(key.shape[-1]))"),
        ("softmax-over-queries", "/ bandwidth**2\n",
         "/ bandwidth**2 - (query**2).sum(-1, keepdims=True) / 2 / bandwidth**2\n"
         "    return qkv_lib.softmax(scores, axis=0)\n"),
        ("scores", "qkv_lib.softmax(-squares / (2 * bandwidth**2))",
         "-squares / (2 * bandwidth**2)", "all three terms"),
        ("not-normalised", "qkv_lib.softmax(-squares", "np.exp(-squares", "all three terms"),
        ("different", "sum(axis=-1) / 2", "sum(axis=-1) / 3"),
    ),
)  # fmt: skip
