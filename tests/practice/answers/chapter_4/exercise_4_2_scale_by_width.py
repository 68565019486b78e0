"""Exercise 4.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_2_scale_by_width import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "both sides": """
def head_scores(query, key):
    share = key.shape[-1] ** -0.25
    return np.einsum("...id,...jd->...ij", share * query, share * key)
""",
        "torch": """
def head_scores(query, key):
    return torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
""",
        "library": """
def head_scores(query, key):
    return qkv_lib.formula.scoring.scaled_dot(query, key)
""",
    },
    edits=(
        ("root-of-d_model", "query.shape[-1]", "(query.shape[-3] * query.shape[-1])"),
        ("no-scaling", " / query.shape[-1] ** 0.5", ""),
        ("divided-by-d_k", " ** 0.5", ""),
        ("divided-by-d_k", "** -0.25", "** -0.5", "both sides"),
        ("multiplied-by-root", " / ", " * "),
        ("root-of-n_keys", "query.shape[-1]", "key.shape[-2]"),
        ("root-of-n_queries", "query.shape[-1]", "query.shape[-2]"),
        ("root-of-n_heads", "query.size(-1)", "query.size(-3)", "torch"),
        ("d_model", "query.shape[-1] ** 0.5", "(query.shape[-3] * query.shape[-1])"),
        ("measured", "return query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5",
         "scores = query @ key.mT\n    return scores / scores.std()"),
        ("cosine", "share * query, share * key", "*(x / np.linalg.norm(x, axis=-1, keepdims=True) "
         "for x in (query, key))", "both sides"),
        ("different", "query.shape[-1]", "(query.shape[-1] + 1)"),
    ),
)  # fmt: skip
