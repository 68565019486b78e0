"""Exercise 3.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_1_scores import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def scores(query, key):
    *batch, n, d = query.shape
    m = key.shape[-2]
    result = np.empty((*batch, n, m))
    for b in np.ndindex(*batch):
        for i in range(n):
            for j in range(m):
                result[(*b, i, j)] = sum(query[b][i] * key[b][j]) / math.sqrt(d)
    return result
""",
        "einsum": """
def scores(query, key):
    return np.einsum("...id,...jd->...ij", query * query.shape[-1] ** -0.5, key)
""",
        "torch": """
def scores(query, key):
    return torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(query.size(-1))
""",
        "library": """
def scores(query, key):
    return qkv_lib.attention_steps(query, key, key).scaled
""",
    },
    edits=(
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("multiplied-by-root", "/ np", "* np"),
        ("root-of-n_keys", "query.shape[-1]", "key.shape[-2]"),
        ("root-of-n_queries", "query.shape[-1]", "query.shape[-2]"),
        ("query-with-itself", "@ key", "@ query"),
        ("key-with-itself", "query @", "key @"),
        ("transposed", "query @ key.swap", "key @ query.swap"),
        ("no-transpose", ".swapaxes(-1, -2)", ""),
        ("elementwise", "@ key.swapaxes(-1, -2)", "* key"),
        ("reversed-axes", ".swapaxes(-1, -2)", ".T"),
        ("softmax-too-early", "return query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])",
         "s = np.exp(query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1]))\n"
         "    return s / s.sum(-1, keepdims=True)"),
        ("cosine", "np.sqrt(query.shape[-1])",
         "np.linalg.norm(query, axis=-1)[..., None]"
         " / np.linalg.norm(key, axis=-1)[..., None, :]"),
        ("no-scaling", " / math.sqrt(query.size(-1))", "", "torch"),
        ("different", "/ np.sqrt(query.shape[-1])", "/ np.sqrt(query.shape[-1] + 1)"),
    ),
)  # fmt: skip
