"""Chapter 2: projections, temperature, and what the scores cannot tell apart."""

from tests.practice.answers.source import Answers

PROJECT = Answers(
    right={
        "numpy": """
def project(x, W_Q, W_K, W_V):
    return x @ W_Q, x @ W_K, x @ W_V
""",
        "loops": """
def project(x, W_Q, W_K, W_V):
    made = []
    for W in (W_Q, W_K, W_V):
        rows = np.zeros((*x.shape[:-1], W.shape[1]), dtype=x.dtype)
        for i in np.ndindex(rows.shape):
            rows[i] = sum(x[i[:-1]] * W[:, i[-1]])
        made.append(rows)
    return made
""",
        "one product": """
def project(x, W_Q, W_K, W_V):
    d = W_Q.shape[1]
    return tuple(np.split(x @ np.concatenate([W_Q, W_K, W_V], axis=1), [d, 2 * d], axis=-1))
""",
        "torch": """
def project(x, W_Q, W_K, W_V):
    return tuple(F.linear(x, W.T) for W in (W_Q, W_K, W_V))
""",
    },
    edits=(
        ("transposed-maps", "F.linear(x, W.T)", "F.linear(x, W)", "torch"),
        ("map-on-the-left", "x @ W_Q, x @ W_K, x @ W_V", "W_Q @ x, W_K @ x, W_V @ x"),
        ("key-for-value", "x @ W_V", "x @ W_K"),
        ("one-map-for-both", "x @ W_K", "x @ W_Q"),
        ("one-map-for-both", "x @ W_Q", "x @ W_K"),
        ("one-map-for-all", "(W_Q, W_K, W_V))", "(W_Q, W_Q, W_Q))", "torch"),
        ("query-key-swapped", "x @ W_Q, x @ W_K", "x @ W_K, x @ W_Q"),
        ("key-value-swapped", "x @ W_K, x @ W_V", "x @ W_V, x @ W_K"),
        ("unprojected-values", "x @ W_V", "x"),
        ("unprojected", "x @ W_Q, x @ W_K, x @ W_V", "x, x, x"),
        ("chained", "x @ W_K, x @ W_V", "x @ W_Q @ W_K, x @ W_Q @ W_K @ W_V"),
        ("elementwise", "@", "*"),
        ("scaled-queries", "x @ W_Q", "x @ W_Q / np.sqrt(W_Q.shape[1])"),
        ("batch-leak", "    return x @ W_Q",
         "    x = x - x.mean(0) if x.ndim > 2 else x\n    return x @ W_Q"),
        ("in-place", "    return x", "    x *= 2\n    return x / 2"),
        ("not-a-tuple", "x @ W_Q, x @ W_K, x @ W_V", "x @ W_Q, x @ W_K"),
        ("not-an-array", "    return made", "    return [rows.tolist() for rows in made]", "loops"),
        ("different", "x @ W_V", "0.99 * x @ W_V"),
    ),
)  # fmt: skip

TEMPERATURE = Answers(
    right={
        "numpy": """
def temperature_weights(query, key, temperature):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = scores / temperature
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return top / top.sum(axis=-1, keepdims=True)
""",
        "power": """
def temperature_weights(query, key, temperature):
    steps = qkv_lib.attention_steps(query, key, key)
    powers = steps.weights ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)
""",
        "torch": """
def temperature_weights(query, key, temperature):
    return torch.softmax(query @ key.mT / (temperature * query.shape[-1] ** 0.5), dim=-1)
""",
        "library": """
def temperature_weights(query, key, temperature):
    return qkv_lib.softmax(qkv_lib.formula.scoring.scaled_dot(query / temperature, key))
""",
    },
    edits=(
        ("temperature-multiplies", "scores / temperature", "scores * temperature"),
        ("temperature-ignored", "scores / temperature", "scores"),
        ("temperature-ignored", "/ temperature", "- temperature"),
        ("temperature-after-softmax", "query / temperature, key))", "query, key)) / temperature",
         "library"),
        ("temperature-as-power", "powers / powers.sum(axis=-1, keepdims=True)", "powers", "power"),
        ("temperature-squared", "/ temperature", "/ temperature**2"),
        ("temperature-under-root", "(temperature * query.shape[-1] ** 0.5)",
         "(temperature * query.shape[-1]) ** 0.5", "torch"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("root-of-n_keys", "query.shape[-1] **", "key.shape[-2] **", "torch"),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("softmax-over-everything", "axis=-1, keepdims=True", ""),
        ("not-normalised", " - scores.max(axis=-1, keepdims=True))\n"
         "    return top / top.sum(axis=-1, keepdims=True)", ")\n    return top"),
        ("overflow", " - scores.max(axis=-1, keepdims=True)", ""),
        ("global-maximum", "scores.max(axis=-1, keepdims=True)", "scores.max()"),
        ("no-softmax", "return top / top.sum(axis=-1, keepdims=True)", "return scores"),
        ("rows-do-not-sum-to-1", "return top", "return 0.9 * top"),
        ("different", "/ temperature", "/ max(temperature, 1.0)"),
        ("in-place", "    scores = query", "    query /= 2\n    scores = 2 * query"),
    ),
)  # fmt: skip

MERGE_PROJECTIONS = Answers(
    right={
        "numpy": """
def merge_projections(W_Q, W_K):
    return W_Q @ W_K.T
""",
        "loops": """
def merge_projections(W_Q, W_K):
    return np.array([[sum(a * b) for b in W_K] for a in W_Q])
""",
        "einsum": """
def merge_projections(W_Q, W_K):
    return np.einsum("id,jd->ij", W_Q, W_K)
""",
        "unit matrix": """
def merge_projections(W_Q, W_K):
    X = np.eye(len(W_Q), dtype=W_Q.dtype)
    Q, K = X @ W_Q, X @ W_K
    return Q @ K.T
""",
        "torch": """
def merge_projections(W_Q, W_K):
    return torch.inner(W_Q, W_K)
""",
    },
    edits=(
        ("transposed", "W_Q @ W_K.T", "W_K @ W_Q.T"),
        ("no-transpose", "W_K.T", "W_K"),
        ("wrong-side", "W_Q @ W_K.T", "W_Q.T @ W_K"),
        ("wrong-side", "W_Q @ W_K.T", "W_K.T @ W_Q"),
        ("both-transposed", "W_Q @", "W_Q.T @"),
        ("query-with-itself", "W_K.T", "W_Q.T"),
        ("key-with-itself", "W_Q @", "W_K @"),
        ("symmetrised", "return Q @ K.T", "return (Q @ K.T + K @ Q.T) / 2", "unit matrix"),
        ("scaled", "W_Q @ W_K.T", "W_Q @ W_K.T / np.sqrt(W_K.shape[1])"),
        ("elementwise", "W_Q @ W_K.T", "W_Q * W_K"),
        ("inverse", "torch.inner(W_Q, W_K)", "W_Q @ torch.linalg.pinv(W_K)", "torch"),
        ("different", "W_Q @ W_K.T", "W_Q @ W_K.T + 1e-3 * np.eye(len(W_Q))"),
    ),
)  # fmt: skip

SELF_WEIGHT = Answers(
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

SAME_OUTPUT = Answers(
    right={
        "numpy": """
def turn(query, key, M):
    return query @ M, key @ np.linalg.inv(M).T
""",
        "solve": """
def turn(query, key, M):
    return query @ M, np.linalg.solve(M, key.swapaxes(-1, -2)).swapaxes(-1, -2)
""",
        "singular values": """
def turn(query, key, M):
    left, stretch, right = np.linalg.svd(M)
    return query @ M, key @ (left / stretch @ right)
""",
        "torch": """
def turn(query, key, M):
    return query @ M, torch.linalg.solve(M.mT, key, left=False)
""",
    },
    edits=(
        ("no-transpose", ".T", ""),
        ("no-transpose", "M.mT", "M", "torch"),
        ("no-inverse", "np.linalg.inv(M).T", "M.T"),
        ("turned-alike", "np.linalg.inv(M).T", "M"),
        ("keys-left-alone", "key @ np.linalg.inv(M).T", "key"),
        ("turned-back", "query @ M", "query"),
        ("nothing-turned", "query @ M, key @ np.linalg.inv(M).T", "query, key"),
        ("roles-swapped", "query @ M, key @ np.linalg.inv(M).T",
         "query @ np.linalg.inv(M).T, key @ M"),
        ("order-swapped", "query @ M, key @ np.linalg.inv(M).T",
         "key @ np.linalg.inv(M).T, query @ M"),
        ("transposed-M", "    return", "    M = M.T\n    return"),
        ("sign", "np.linalg.inv(M).T", "-np.linalg.inv(M).T"),
        ("elementwise-inverse", "np.linalg.inv(M)", "(1 / M)"),
        ("scores-moved", "left / stretch @ right", "left / stretch**2 @ right", "singular values"),
        ("different", "    return", "    M = 2 * M\n    return"),
    ),
)  # fmt: skip

ANSWERS = {
    "project": PROJECT,
    "temperature": TEMPERATURE,
    "merge-projections": MERGE_PROJECTIONS,
    "self-weight": SELF_WEIGHT,
    "same-output": SAME_OUTPUT,
}
