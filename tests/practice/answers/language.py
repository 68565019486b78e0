"""Chapter 6, language: the embedding, how a search is judged, what heads do, and silent heads."""

from tests.practice.answers.source import Answers

UNIT_MEAN = Answers(
    right={
        "numpy": """
def unit_mean(states, lengths):
    real = np.arange(states.shape[1]) < lengths[:, None]
    mean = np.mean(states, axis=1, where=real[..., None])
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)
""",
        "loops": """
def unit_mean(states, lengths):
    found = []
    for rows, n in zip(states, lengths):
        mean = rows[:n].mean(axis=0)
        found.append(mean / math.sqrt(mean @ mean))
    return np.stack(found)
""",
        "no division": """
def unit_mean(states, lengths):
    total = np.stack([x[:n].sum(0) for x, n in zip(states, lengths)])
    return total / np.sqrt((total**2).sum(-1, keepdims=True))
""",
        "torch": """
def unit_mean(states, lengths):
    real = torch.arange(states.shape[1])[None] < lengths[:, None]
    total = states.masked_fill(~real[..., None], 0.0).sum(dim=1)
    return F.normalize(total / lengths[:, None], dim=-1)
""",
        "library": """
def unit_mean(states, lengths):
    from qkv_lib.models.encoder import unit_mean
    return unit_mean(torch.as_tensor(states), torch.as_tensor(lengths))
""",
    },
    edits=(
        ("not-unit", " / np.linalg.norm(mean, axis=1, keepdims=True)", ""),
        ("not-unit", "F.normalize(total / lengths[:, None], dim=-1)", "total / lengths[:, None]",
         "torch"),
        ("padding-averaged", "rows[:n]", "rows", "loops"),
        ("padding-averaged", "states.masked_fill(~real[..., None], 0.0)", "states", "torch"),
        ("padding-and-length", "        mean = rows[:n].mean(axis=0)\n"
         "        found.append(mean / math.sqrt(mean @ mean))",
         "        found.append(rows.mean(axis=0))", "loops"),
        ("only-padding", "<", ">="),
        ("only-padding", "~real", "real", "torch"),
        ("one-too-many", "<", "<="),
        ("one-too-many", "x[:n]", "x[: n + 1]", "no division"),
        ("one-too-few", "rows[:n]", "rows[: n - 1]", "loops"),
        ("first-left-out", "rows[:n]", "rows[1:n]", "loops"),
        ("first-row", "rows[:n].mean(axis=0)", "rows[0]", "loops"),
        ("last-row", "rows[:n].mean(axis=0)", "rows[n - 1]", "loops"),
        ("first-length-for-all", "< lengths[:, None]", "< lengths[0] + 0 * lengths[:, None]"),
        ("rows-to-unit", "        mean = rows[:n].mean(axis=0)\n"
         "        found.append(mean / math.sqrt(mean @ mean))",
         "        rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)\n"
         "        found.append(rows[:n].mean(axis=0))", "loops"),
        ("rows-to-unit-first", "    real = ", "    states = F.normalize(states, dim=-1)\n"
         "    real = ", "torch"),
        ("sizes-sum-to-1", "dim=-1)", "dim=-1, p=1)", "torch"),
        ("divided-by-square", "math.sqrt(mean @ mean)", "(mean @ mean)", "loops"),
        ("one-length-for-all", ", axis=1, keepdims=True", ""),
        ("maximum", "rows[:n].mean", "rows[:n].max", "loops"),
        ("maximum", "x[:n].sum", "x[:n].max", "no division"),
        ("different", "math.sqrt(mean @ mean)", "(math.sqrt(mean @ mean) + 0.1)", "loops"),
    ),
)  # fmt: skip

RECIPROCAL_RANK = Answers(
    right={
        "numpy": """
def reciprocal_rank(similarity, right):
    own = similarity[..., np.arange(len(right)), right]
    rank = 1 + (similarity > own[..., None]).sum(axis=-1)
    return (1 / rank).mean(axis=-1)
""",
        "sorted": """
def reciprocal_rank(similarity, right):
    order = np.argsort(-similarity, axis=-1)
    rank = np.argmax(order == right[:, None], axis=-1) + 1
    return np.mean(1.0 / rank, axis=-1)
""",
        "loops": """
def reciprocal_rank(similarity, right):
    result = np.zeros(similarity.shape[:-2])
    for index in np.ndindex(result.shape):
        found = []
        for row, c in zip(similarity[index], right):
            place = sorted(row, reverse=True).index(row[c])
            found.append(1 / (place + 1))
        result[index] = sum(found) / len(found)
    return result
""",
        "twice": """
def reciprocal_rank(similarity, right):
    place = (-similarity).argsort(-1).argsort(-1)
    place = np.take_along_axis(place, np.broadcast_to(right[:, None], (*place.shape[:-1], 1)), -1)
    return (1 / (1 + place)).mean((-2, -1))
""",
        "torch": """
def reciprocal_rank(similarity, right):
    own = similarity[..., torch.arange(len(right)), right].unsqueeze(-1)
    rank = 1 + (similarity > own).sum(-1)
    return rank.double().reciprocal().mean(-1)
""",
    },
    edits=(
        ("mean-before-reciprocal", "(1 / rank).mean(axis=-1)", "1 / rank.mean(axis=-1)"),
        ("mean-before-reciprocal", ".reciprocal().mean(-1)", ".mean(-1).reciprocal()", "torch"),
        ("mean-rank", "(1 / rank)", "rank"),
        ("first-only", "1 / rank", "rank == 1"),
        ("sum", ").mean(axis=-1)", ").sum(axis=-1)"),
        ("sum", " / len(found)", "", "loops"),
        ("counts-itself", ">", ">="),
        ("counts-from-0", "1 + ", ""),
        ("counts-from-0", " + 1\n", "\n", "sorted"),
        ("worst-first", ">", "<"),
        ("worst-first", "-similarity", "similarity", "sorted"),
        ("worst-first", ", reverse=True", "", "loops"),
        ("order-for-rank", ".argsort(-1).argsort(-1)", ".argsort(-1)", "twice"),
        ("among-queries", "(similarity > own[..., None]).sum(axis=-1)",
         "(similarity[..., right] > own[..., None, :]).sum(axis=-2)"),
        ("diagonal", "    own", "    right = np.arange(len(right))\n    own"),
        ("diagonal", "zip(similarity[index], right)", "zip(similarity[index], range(len(right)))",
         "loops"),
        ("discounted", "1 / rank", "1 / np.log2(1 + rank)"),
        ("similarity", "    return (1 / rank).mean", "    return own.mean"),
        ("not-averaged", ".mean(-1)", "", "torch"),
        ("searches-averaged", ".mean((-2, -1))", ".mean()", "twice"),
        ("different", "1 + (", "1.5 + ("),
    ),
)  # fmt: skip

PREVIOUS_SCORE = Answers(
    right={
        "numpy": """
def previous_score(weights):
    before = np.diagonal(weights, -1, axis1=-2, axis2=-1)
    return before[..., 1:-1].mean(axis=-1)
""",
        "loops": """
def previous_score(weights):
    n = weights.shape[-1]
    found = [weights[..., i, i - 1] for i in range(2, n - 1)]
    return np.mean(found, axis=0)
""",
        "words": """
def previous_score(weights):
    words = weights[..., 1:-1, 1:-1]
    return np.trace(words, offset=-1, axis1=-2, axis2=-1) / (words.shape[-1] - 1)
""",
        "relation": """
def previous_score(weights):
    word = np.ones(weights.shape[-1], dtype=bool)
    word[[0, -1]] = False
    place = np.arange(len(word))
    relation = (place[:, None] - place == 1) & word[:, None] & word
    return weights[..., relation].mean(-1)
""",
        "torch": """
def previous_score(weights):
    return weights.diagonal(offset=-1, dim1=-2, dim2=-1)[..., 1:-1].mean(-1)
""",
    },
    edits=(
        ("next-word", "i, i - 1", "i - 1, i", "loops"),
        ("next-word", "offset=-1", "offset=1", "torch"),
        ("next-word", "weights, -1", "weights, 1"),
        ("own-word", "weights, -1", "weights, 0"),
        ("own-word", "[..., i, i - 1] for i in range(2", "[..., i, i] for i in range(1", "loops"),
        ("specials-in-it", "[..., 1:-1]", ""),
        ("specials-in-it", "range(2, n - 1)", "range(1, n)", "loops"),
        ("sep-asks", "n - 1)", "n)", "loops"),
        ("sep-asks", "word[:, None] & word\n", "word\n", "relation"),
        ("cls-is-key", "range(2,", "range(1,", "loops"),
        ("cls-is-key", "word[:, None] & word\n", "word[:, None]\n", "relation"),
        ("two-before", "i, i - 1] for i in range(2,", "i, i - 2] for i in range(3,", "loops"),
        ("sum", " / (words.shape[-1] - 1)", "", "words"),
        ("divided-by-tokens", "(words.shape[-1] - 1)", "weights.shape[-1]", "words"),
        ("divided-by-words", "(words.shape[-1] - 1)", "words.shape[-1]", "words"),
        ("all-before", "weights[..., i, i - 1]", "weights[..., i, 1:i].sum(-1)", "loops"),
        ("largest", ".mean(axis=-1)", ".max(axis=-1)"),
        ("share-of-hits", "weights[..., i, i - 1]", "(weights[..., i, :].argmax(-1) == i - 1)",
         "loops"),
        ("made-to-sum-again", "1:-1, 1:-1]\n",
         "1:-1, 1:-1]\n    words = words / words.sum(-1, keepdims=True)\n", "words"),
        ("heads-averaged", ".mean(-1)", ".mean()", "torch"),
    ),
)  # fmt: skip

EVENNESS = Answers(
    right={
        "numpy": """
def evenness(weights):
    logs = np.log(np.where(weights > 0, weights, 1.0))
    return -(weights * logs).sum(axis=-1) / np.log(weights.shape[-1])
""",
        "loops": """
def evenness(weights):
    result = np.zeros(weights.shape[:-1])
    for index in np.ndindex(result.shape):
        row = weights[index]
        result[index] = sum(-a * math.log(a, len(row)) for a in row if a > 0)
    return result
""",
        "tiny": """
def evenness(weights):
    top = np.log(weights.shape[-1])
    return np.sum(weights * -np.log(weights + 1e-30), axis=-1) / top
""",
        "torch": """
def evenness(weights):
    total = torch.special.entr(weights).sum(dim=-1)
    return total / math.log(weights.shape[-1])
""",
        "xlogy": """
def evenness(weights):
    n = weights.shape[-1]
    return -torch.xlogy(weights, weights).sum(-1) / math.log(n)
""",
    },
    edits=(
        ("zero-weights", "np.log(np.where(weights > 0, weights, 1.0))", "np.log(weights)"),
        ("zero-weights", " + 1e-30", "", "tiny"),
        ("not-divided", " / np.log(weights.shape[-1])", ""),
        ("not-divided", " / math.log(n)", "", "xlogy"),
        ("not-divided", "math.log(a, len(row))", "math.log(a)", "loops"),
        ("bits", "math.log(a, len(row))", "math.log2(a)", "loops"),
        ("two-logarithms", "/ np.log(", "/ np.log2("),
        ("two-logarithms", "np.log(np.where", "np.log2(np.where"),
        ("negative", "return -(", "return ("),
        ("negative", "return -torch", "return torch", "xlogy"),
        ("divided-by-n", "np.log(weights.shape[-1])", "weights.shape[-1]"),
        ("mean-for-sum", ".sum(dim=-1)", ".mean(dim=-1)", "torch"),
        ("logarithm-of-queries", "n = weights.shape[-1]", "n = weights.shape[-2]", "xlogy"),
        ("over-queries", "axis=-1", "axis=-2"),
        ("only-seen-keys", "weights.shape[-1]", "(weights > 0).sum(-1)"),
        ("one-minus", "return -(", "return 1 + ("),
        ("perplexity", "return total / math.log(weights.shape[-1])",
         "return total.exp() / weights.shape[-1]", "torch"),
        ("without-weights", "(weights * logs)", "logs"),
        ("squares", "    logs = np.log(np.where(weights > 0, weights, 1.0))\n"
         "    return -(weights * logs).sum(axis=-1) / np.log(weights.shape[-1])",
         "    return 1 - (weights**2).sum(axis=-1)"),
        ("averaged", "total / math", "total.mean(-1) / math", "torch"),
        ("different", "+ 1e-30", "+ 1e-3", "tiny"),
    ),
)  # fmt: skip

SILENT_HEADS = Answers(
    right={
        "numpy": """
def silent_heads(scores, value, w_o, b_o, gates):
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    heads = gates[:, None, None] * (weights @ value)
    *batch, h, n, e = heads.shape
    return heads.swapaxes(-3, -2).reshape(*batch, n, h * e) @ w_o + b_o
""",
        "sum": """
def silent_heads(scores, value, w_o, b_o, gates):
    e = value.shape[-1]
    output = b_o
    for i, gate in enumerate(gates):
        if gate == 1:
            head = qkv_lib.softmax(scores[..., i, :, :]) @ value[..., i, :, :]
            output = output + head @ w_o[i * e : (i + 1) * e]
    return output
""",
        "rows": """
def silent_heads(scores, value, w_o, b_o, gates):
    joined = qkv_lib.merge_heads(qkv_lib.softmax(scores) @ value)
    gated = np.repeat(gates, value.shape[-1])[:, None] * w_o
    return joined @ gated + b_o
""",
        "torch": """
def silent_heads(scores, value, w_o, b_o, gates):
    heads = torch.softmax(scores, dim=-1) @ value
    heads = torch.einsum("h,...hne->...nhe", gates, heads)
    return F.linear(heads.flatten(-2), w_o.T, b_o)
""",
        "einsum": """
def silent_heads(scores, value, w_o, b_o, gates):
    rows = w_o.reshape(len(gates), -1, w_o.shape[-1])
    weights = qkv_lib.softmax(scores)
    return np.einsum("h,...hnm,...hme,hed->...nd", gates, weights, value, rows) + b_o
""",
    },
    edits=(
        ("gate-on-scores", "qkv_lib.softmax(scores)\n    return np.einsum(\"h,",
         "qkv_lib.softmax(gates[:, None, None] * scores)\n    gates = np.ones_like(gates)\n"
         "    return np.einsum(\"h,", "einsum"),
        ("gates-ignored", "gates[:, None, None] * ", ""),
        ("gates-ignored", '"h,...hne->...nhe", gates, heads', '"...hne->...nhe", heads', "torch"),
        ("inverted", "gate == 1", "gate == 0", "sum"),
        ("inverted", "np.repeat(gates", "np.repeat(1 - gates", "rows"),
        ("scaled-up", "@ value)\n    *batch", "@ value) * len(gates) / gates.sum()\n    *batch"),
        ("averaged", "...nd\", gates,", "...nd\", gates / gates.sum(),", "einsum"),
        ("averaged", "gates, heads)", "gates, heads) / len(gates)", "torch"),
        ("no-bias", " + b_o", ""),
        ("no-bias", "w_o.T, b_o", "w_o.T", "torch"),
        ("bias-for-each-head", "+ b_o", "+ gates.sum() * b_o", "rows"),
        ("bias-for-each-head", "+ b_o", "+ len(gates) * b_o", "einsum"),
        ("overflow", "scores - scores.max(axis=-1, keepdims=True)", "scores"),
        ("no-softmax", "qkv_lib.softmax(scores)", "scores", "rows"),
        ("softmax-over-queries", "dim=-1", "dim=-2", "torch"),
        ("softmax-over-heads", "dim=-1", "dim=-3", "torch"),
        ("view-for-transpose", ".swapaxes(-3, -2)", ""),
        ("heads-interleaved", "->...nhe", "->...neh", "torch"),
        ("rows-of-others", "            output = output + head @ w_o[i * e : (i + 1) * e]",
         "            output = output + head @ w_o[:e]\n            w_o = w_o[e:]", "sum"),
        ("heads-not-mixed", " @ w_o + b_o", ""),
    ),
)  # fmt: skip

ANSWERS = {
    "unit-mean": UNIT_MEAN,
    "reciprocal-rank": RECIPROCAL_RANK,
    "previous-score": PREVIOUS_SCORE,
    "evenness": EVENNESS,
    "silent-heads": SILENT_HEADS,
}
