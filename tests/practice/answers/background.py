"""Chapter 1: lookups and kernels."""

from tests.practice.answers.source import Answers

HARD_LOOKUP = Answers(
    right={
        "numpy": """
def hard_lookup(queries, keys, values):
    scores = queries @ keys.T
    return values[scores.argmax(axis=1)]
""",
        "loops": """
def hard_lookup(queries, keys, values):
    found = np.empty((len(queries), values.shape[1]), dtype=values.dtype)
    for i, query in enumerate(queries):
        found[i] = values[max(range(len(keys)), key=lambda j: sum(query * keys[j]))]
    return found
""",
        "one hot": """
def hard_lookup(queries, keys, values):
    return np.eye(len(keys), dtype=values.dtype)[np.argmax(np.inner(queries, keys), -1)] @ values
""",
        "torch": """
def hard_lookup(queries, keys, values):
    return values[torch.argmax(torch.einsum("id,jd->ij", queries, keys), dim=1)]
""",
        "cold": """
def hard_lookup(queries, keys, values):
    return qkv_lib.attention(queries, keys, values, scale=1e8)
""",
    },
    edits=(
        ("worst-key", "argmax", "argmin"),
        ("nearest-key", "queries @ keys.T", "-((queries[:, None] - keys) ** 2).sum(-1)"),
        ("cosine", "keys.T", "(keys.T / np.linalg.norm(keys, axis=1))"),
        ("largest-size", "queries @ keys.T", "abs(queries @ keys.T)"),
        ("longest-key", "queries @ keys.T", "0 * queries @ keys.T + (keys**2).sum(1)"),
        ("returns-key", "values[s", "keys[s"),
        ("returns-index", "values[scores.argmax(axis=1)]", "scores.argmax(axis=1)"),
        ("matches-values", "queries @ keys.T", "queries @ values.T"),
        ("soft", "scale=1e8", "scale=1.0", "cold"),
        ("best-query", "axis=1", "axis=0"),
        ("one-for-all", "values[scores.argmax(axis=1)]",
         "np.stack([values[scores[0].argmax()]] * len(queries))"),
        ("different", "argmax(axis=1)", "argsort(axis=1)[:, len(keys) // 2]"),
        ("raises", "keys.T", "keys[:, :-1].T"),
    ),
)  # fmt: skip

SOFT_LOOKUP = Answers(
    right={
        "numpy": """
def soft_lookup(query, keys, values, temperature):
    scores = keys @ query / temperature
    peak = scores.max()
    weights = np.exp(scores - peak)
    weights = weights / weights.sum()
    return weights @ values
""",
        "loops": """
def soft_lookup(query, keys, values, temperature):
    scores = [sum(a * b for a, b in zip(query, key)) / temperature for key in keys]
    powers = [math.exp(score - max(scores)) for score in scores]
    return sum(power / sum(powers) * value for power, value in zip(powers, values))
""",
        "torch": """
def soft_lookup(query, keys, values, temperature):
    return torch.softmax(keys @ query / temperature, dim=0) @ values
""",
        "library": """
def soft_lookup(query, keys, values, temperature):
    return qkv_lib.attention(query[None], keys, values, scale=1 / temperature)[0]
""",
    },
    edits=(
        ("temperature-multiplies", "/ temperature", "* temperature"),
        ("temperature-ignored", " / temperature", ""),
        ("temperature-too-late", "query / temperature, dim=0)", "query, dim=0) / temperature",
         "torch"),
        ("temperature-squared", "/ temperature", "/ temperature**2"),
        ("not-normalised", "np.exp(scores - peak)\n    weights = weights / weights.sum()",
         "np.exp(scores)"),
        ("divided-by-n", "weights @ values", "(weights[:, None] * values).mean(0)"),
        ("negative-exponent", "keys @ query", "-keys @ query"),
        ("no-exponential", "np.exp(scores - peak)", "scores"),
        ("hard", "weights @ values", "values[weights.argmax()]"),
        ("uniform", "weights @ values", "values.mean(axis=0)"),
        ("overflow", "scores - peak", "scores"),
        ("root-of-width", "/ temperature", "/ temperature / np.sqrt(len(query))"),
        ("returns-weights", "weights @ values", "weights"),
        ("sums-keys", "weights @ values", "weights @ keys"),
        ("matches-values", "keys @ query", "values @ query"),
        ("distance", "keys @ query", "-np.linalg.norm(keys - query, axis=1)"),
        ("keeps-the-axis", "scale=1 / temperature)[0]", "scale=1 / temperature)", "library"),
        ("outside-the-values", "weights @ values", "1.5 * values.max(0) + weights @ values"),
        ("different", "/ temperature", "/ max(temperature, 1.0)"),
        ("in-place", "    scores = keys @ query", "    query -= 0.1\n    scores = keys @ query"),
    ),
)  # fmt: skip

WEIGHTS_FROM_DISTANCES = Answers(
    right={
        "numpy": """
def weights_from_distances(distances, bandwidth):
    scores = -distances**2 / (2 * bandwidth**2)
    kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
    return kernel / kernel.sum(axis=1, keepdims=True)
""",
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

KERNEL_REGRESSION = Answers(
    right={
        "numpy": """
def kernel_regression(x, known_x, known_y, bandwidth):
    distances = np.abs(x[:, None] - known_x)
    scores = -distances**2 / (2 * bandwidth**2)
    kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = kernel / kernel.sum(axis=1, keepdims=True)
    return weights @ known_y
""",
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

GAUSSIAN_BY_DOTS = Answers(
    right={
        "numpy": """
def gaussian_by_dots(query, key, bandwidth):
    scores = (query @ key.T - (key**2).sum(axis=-1) / 2) / bandwidth**2
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
""",
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

ANSWERS = {
    "hard-lookup": HARD_LOOKUP,
    "soft-lookup": SOFT_LOOKUP,
    "weights-from-distances": WEIGHTS_FROM_DISTANCES,
    "kernel-regression": KERNEL_REGRESSION,
    "gaussian-by-dots": GAUSSIAN_BY_DOTS,
}
