"""Chapter 4: derivatives, and other ways to score."""

from tests.practice.answers.source import Answers

SOFTMAX_JACOBIAN = Answers(
    right={
        "numpy": """
def jacobian(weights):
    return np.diag(weights) - np.outer(weights, weights)
""",
        "loops": """
def jacobian(weights):
    n = len(weights)
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            J[i, j] = weights[i] * ((i == j) - weights[j])
    return J
""",
        "rows": """
def jacobian(weights):
    unit = np.eye(len(weights), dtype=weights.dtype)
    return np.stack([weights[i] * (unit[i] - weights) for i in range(len(weights))])
""",
        "torch": """
def jacobian(weights):
    return torch.diag(weights) - torch.outer(weights, weights)
""",
        "autograd": """
def jacobian(weights):
    scores = torch.log(weights + (weights == 0) * 1e-300)
    return torch.func.jacrev(lambda s: torch.softmax(s, dim=0))(scores)
""",
    },
    edits=(
        ("diagonal-only", " - np.outer(weights, weights)", ""),
        ("own-scores-only", "np.diag(weights) - np.outer(weights, weights)",
         "np.diag(weights * (1 - weights))"),
        ("outer-only", "np.diag(weights) - ", ""),
        ("no-diagonal", "np.diag(weights) - ", "-"),
        ("plus-sign", " - ", " + "),
        ("plus-sign", "torch.diag(weights) -", "torch.diag(weights) +", "torch"),
        ("negative", "np.diag(weights) - np.outer(weights, weights)",
         "np.outer(weights, weights) - np.diag(weights)"),
        ("identity-for-diagonal", "np.diag(weights)", "np.eye(len(weights))"),
        ("everywhere", "(i == j) - weights[j]", "1 - weights[j]", "loops"),
        ("inner-product", "np.outer(weights, weights)", "weights @ weights.T"),
        ("no-matrix", "np.diag(weights) - np.outer(weights, weights)", "weights * (1 - weights)"),
        ("row-broadcast", "np.diag(weights)", "weights"),
        ("softmax-again", "    return", "    weights = qkv_lib.softmax(weights)\n    return"),
        ("rows-do-not-sum-to-0", "- np", "- 0.9 * np"),
        ("different", "    return np.diag(weights) - np.outer(weights, weights)",
         "    return np.roll(np.diag(weights) - np.outer(weights, weights), 1, axis=1)"),
        ("in-place", "    return np", "    weights /= weights.sum() + 1\n    return np"),
    ),
)  # fmt: skip

ATTENTION_BACKWARD = Answers(
    right={
        "numpy": """
def attention_backward(query, key, value, output_gradient):
    scale = 1 / np.sqrt(query.shape[-1])
    scores = query @ key.mT * scale
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    dV = weights.mT @ output_gradient
    dA = output_gradient @ value.mT
    dS = weights * (dA - (dA * weights).sum(axis=-1, keepdims=True))
    dQ = dS @ key * scale
    dK = dS.mT @ query * scale
    return dQ, dK, dV
""",
        "einsum": """
def attention_backward(query, key, value, output_gradient):
    steps = qkv_lib.attention_steps(query, key, value)
    dA = np.einsum("...ie,...je->...ij", output_gradient, value)
    row = np.einsum("...ie,...ie->...i", output_gradient, steps.output)
    dS = steps.weights * (dA - row[..., None]) / query.shape[-1] ** 0.5
    return (
        np.einsum("...ij,...jd->...id", dS, key),
        np.einsum("...ij,...id->...jd", dS, query),
        np.einsum("...ij,...ie->...je", steps.weights, output_gradient),
    )
""",
        "jacobians": """
def attention_backward(query, key, value, output_gradient):
    d = query.shape[-1]
    weights = qkv_lib.attention_steps(query, key, value).weights
    J = qkv_lib.formula.gradients.softmax_jacobian(weights)
    dA = output_gradient @ value.swapaxes(-1, -2)
    dS = (J @ dA[..., None])[..., 0] / d**0.5
    return dS @ key, dS.swapaxes(-1, -2) @ query, weights.swapaxes(-1, -2) @ output_gradient
""",
        "torch": """
def attention_backward(query, key, value, output_gradient):
    tensors = [each.detach().clone().requires_grad_() for each in (query, key, value)]
    output = F.scaled_dot_product_attention(*tensors)
    return torch.autograd.grad(output, tensors, output_gradient)
""",
        "library": """
def attention_backward(query, key, value, output_gradient):
    gradients = qkv_lib.formula.gradients.attention_gradients(query, key, value, output_gradient)
    return gradients.query, gradients.key, gradients.value
""",
    },
    edits=(
        ("no-row-sum", "(dA - (dA * weights).sum(axis=-1, keepdims=True))", "dA"),
        ("row-sum-of-dA", "(dA * weights).sum", "dA.sum"),
        ("row-mean-of-dA", "(dA * weights).sum", "dA.mean"),
        ("column-sum", "(dA * weights).sum(axis=-1", "(dA * weights).sum(axis=-2"),
        ("weights-not-multiplied", "weights * (dA -", "(dA -"),
        ("diagonal-only", "(dA - (dA * weights).sum(axis=-1, keepdims=True))",
         "(1 - weights) * dA"),
        ("softmax-skipped", "weights * (dA - (dA * weights).sum(axis=-1, keepdims=True))", "dA"),
        ("no-scaling", "key * scale\n    dK = dS.mT @ query * scale",
         "key\n    dK = dS.mT @ query"),
        ("no-scaling", " / query.shape[-1] ** 0.5", "", "einsum"),
        ("unscaled-attention", "(*tensors)", "(*tensors, scale=1.0)", "torch"),
        ("scaled-once", "dS @ key * scale", "dS @ key"),
        ("scaled-once", "query * scale", "query"),
        ("scaled-twice", "/ d**0.5", "/ d", "jacobians"),
        ("dS-not-transposed", "dS.mT @", "dS @"),
        ("weights-not-transposed", "weights.mT", "weights"),
        ("query-key-swapped", "dS @ key * scale\n    dK = dS.mT @ query",
         "dS @ query * scale\n    dK = dS.mT @ key"),
        ("dV-from-dS", "return dQ, dK, dV", "return dQ, dK, (scale * dS).mT @ output_gradient"),
        ("order", "return dQ, dK, dV", "return dK, dQ, dV"),
        ("order", "return dQ, dK, dV", "return dV, dK, dQ"),
        ("negative", "return dQ, dK, dV", "return -dQ, -dK, -dV"),
        ("overflow", "np.exp(scores - scores.max(axis=-1, keepdims=True))", "np.exp(scores)"),
        ("not-a-tuple", "return dQ, dK, dV", "return dQ, dK"),
        ("in-place", "    dA = output_gradient",
         "    output_gradient *= 1.5\n    dA = output_gradient"),
        ("batch-leak", "return dQ, dK, dV",
         "return (dQ - dQ.mean(0) if dQ.ndim > 2 else dQ), dK, dV"),
        ("different", "weights * (dA -", "1.01 * weights * (dA -"),
    ),
)  # fmt: skip

ADDITIVE_SCORES = Answers(
    right={
        "numpy": """
def additive_scores(query, key, w_query, w_key, v):
    q, k = query @ w_query, key @ w_key
    hidden = np.tanh(q[..., :, None, :] + k[..., None, :, :])
    return hidden @ v
""",
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

SCALE_BY_WIDTH = Answers(
    right={
        "numpy": """
def head_scores(query, key):
    return query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
""",
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

ANSWERS = {
    "softmax-jacobian": SOFTMAX_JACOBIAN,
    "attention-backward": ATTENTION_BACKWARD,
    "additive-scores": ADDITIVE_SCORES,
    "scale-by-width": SCALE_BY_WIDTH,
}
