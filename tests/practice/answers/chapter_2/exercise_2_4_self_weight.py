"""Exercise 2.4: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def own_weight_is_largest(query, key):
    weights = qkv_lib.attention_steps(query, key, key).weights
    return weights.argmax(axis=-1) == np.arange(query.shape[-2])
""",
        "scores": """
def own_weight_is_largest(query, key):
    scores = query @ key.swapaxes(-1, -2)
    return np.diagonal(scores, axis1=-2, axis2=-1) == scores.max(axis=-1)
""",
        "loops": """
def own_weight_is_largest(query, key):
    answer = np.zeros(query.shape[:-1], dtype=bool)
    for i in np.ndindex(answer.shape):
        scores = [query[i] @ other for other in key[i[:-1]]]
        answer[i] = max(scores) == scores[i[-1]]
    return answer
""",
        "torch": """
def own_weight_is_largest(query, key):
    weights = torch.softmax(query @ key.mT / query.shape[-1] ** 0.5, dim=-1)
    return weights.argmax(dim=-1) == torch.arange(query.shape[-2])
""",
    },
    edits=(
        ("best-query", "axis=-1", "axis=-2"),
        ("inverted", "==", "!="),
        ("smallest-weight", "argmax", "argmin"),
        ("more-than-half", "weights.argmax(axis=-1) == np.arange(query.shape[-2])",
         "np.diagonal(weights, axis1=-2, axis2=-1) > 0.5"),
        ("more-than-average", "weights.argmax(axis=-1) == np.arange(query.shape[-2])",
         "np.diagonal(weights, axis1=-2, axis2=-1) > 1 / query.shape[-2]"),
        ("largest-of-all", "return weights.argmax(axis=-1) == np.arange(query.shape[-2])",
         "top = weights.max(axis=(-2, -1))[..., None]\n"
         "    return np.diagonal(weights, axis1=-2, axis2=-1) == top"),
        ("nearest-key", "weights = qkv_lib.attention_steps(query, key, key).weights",
         "weights = -((query[..., :, None, :] - key[..., None, :, :]) ** 2).sum(axis=-1)"),
        ("returns-index", " == np.arange(query.shape[-2])", ""),
        ("returns-weight", "weights.argmax(axis=-1) == np.arange(query.shape[-2])",
         "np.diagonal(weights, axis1=-2, axis2=-1)"),
        ("returns-fraction", "weights.argmax(axis=-1) == np.arange(query.shape[-2])",
         "(weights.argmax(axis=-1) == np.arange(query.shape[-2])).mean()"),
        ("query-with-itself", "query, key, key", "query, query, key"),
        ("key-with-itself", "query, key, key", "key, key, key"),
        ("dtype", "return weights.argmax(axis=-1) == np.arange(query.shape[-2])",
         "return 1 * (weights.argmax(axis=-1) == np.arange(query.shape[-2]))"),
        ("different", "np.arange(query.shape[-2])", "np.arange(query.shape[-2])[::-1]"),
    ),
)  # fmt: skip
