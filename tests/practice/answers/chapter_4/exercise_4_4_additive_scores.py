"""Exercise 4.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_4_additive_scores import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def additive_scores(query, key, w_query, w_key, v):
    n, m = query.shape[-2], key.shape[-2]
    scores = np.zeros((*query.shape[:-2], n, m))
    for b in np.ndindex(query.shape[:-2]):
        for i in range(n):
            for j in range(m):
                scores[(*b, i, j)] = v @ np.tanh(query[b][i] @ w_query + key[b][j] @ w_key)
    return scores
""",
        "joined": """
def additive_scores(query, key, w_query, w_key, v):
    n, m = query.shape[-2], key.shape[-2]
    left = np.repeat(query[..., :, None, :], m, axis=-2)
    right = np.repeat(key[..., None, :, :], n, axis=-3)
    pairs = np.concatenate([left, right], axis=-1)
    return np.tanh(pairs @ np.concatenate([w_query, w_key])) @ v
""",
        "torch": """
def additive_scores(query, key, w_query, w_key, v):
    q, k = (query @ w_query).unsqueeze(-2), (key @ w_key).unsqueeze(-3)
    return torch.einsum("...h,h->...", torch.tanh(q + k), v)
""",
        "library": """
def additive_scores(query, key, w_query, w_key, v):
    return qkv_lib.formula.scoring.additive(query, key, w_query, w_key, v)
""",
    },
    edits=(
        ("no-tanh", "np.tanh(", "("),
        ("tanh-outside", "np.tanh(q[..., :, None, :] + k[..., None, :, :])\n    return hidden @ v",
         "q[..., :, None, :] + k[..., None, :, :]\n    return np.tanh(hidden @ v)"),
        ("tanh-of-each", "torch.tanh(q + k)", "torch.tanh(q) + torch.tanh(k)", "torch"),
        ("product", ":] + k", ":] * k"),
        ("difference", ":] + k", ":] - k"),
        ("v-not-used", "hidden @ v", "hidden.sum(axis=-1)"),
        ("hidden-units", "hidden @ v", "hidden"),
        ("sigmoid", "torch.tanh", "torch.sigmoid", "torch"),
        ("scaled", "hidden @ v", "hidden @ v / np.sqrt(len(v))"),
        ("softmax-too-early", "hidden @ v", "qkv_lib.softmax(hidden @ v)"),
        ("maps-swapped", "query @ w_query, key @ w_key", "query @ w_key, key @ w_query"),
        ("transposed-maps", "query @ w_query, key @ w_key", "query @ w_query.T, key @ w_key.T"),
        ("transposed", "q[..., :, None, :] + k[..., None, :, :]",
         "q[..., None, :, :] + k[..., :, None, :]"),
        ("no-pairs", "q[..., :, None, :] + k[..., None, :, :]", "q + k"),
        ("different", "np.tanh(", "np.arctan("),
        ("in-place", "    q, k = query", "    query += 1\n    q, k = query"),
        ("batch-leak", "    hidden",
         "    k = k - k.mean(0) if k.ndim > 2 else k\n    hidden"),
    ),
)  # fmt: skip
