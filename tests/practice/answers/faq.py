"""Chapter 9: a filter out of heads, its scores, a count; accuracy by distance, a map's share."""

from tests.practice.answers.source import Answers

CONVOLVE = Answers(
    right={
        "numpy": """
def convolve(x, kernel):
    n = x.shape[-2]
    y = 0
    for r in range(len(kernel)):
        back = np.arange(n)[:, None] - np.arange(n)
        weights = (back == r).astype(x.dtype)
        y = y + weights @ x @ kernel[r]
    return y
""",
        "attention": """
def convolve(x, kernel):
    n = x.shape[-2]
    back = np.arange(n)[:, None] - np.arange(n)
    masks = np.stack([back == r for r in range(len(kernel))])
    values = x[..., None, :, :] @ kernel
    scores = np.zeros_like(values[..., :1])
    return qkv_lib.attention(scores, scores, values, mask=masks).sum(axis=-3)
""",
        "loops": """
def convolve(x, kernel):
    y = np.zeros((*x.shape[:-1], kernel.shape[-1]), dtype=x.dtype)
    for i in range(x.shape[-2]):
        for r in range(len(kernel)):
            if i - r >= 0:
                y[..., i, :] += x[..., i - r, :] @ kernel[r]
    return y
""",
        "torch": """
def convolve(x, kernel):
    flat = x.reshape(-1, *x.shape[-2:]).mT
    padded = F.pad(flat, (len(kernel) - 1, 0))
    y = F.conv1d(padded, kernel.flip(0).permute(2, 1, 0)).mT
    return y.reshape(*x.shape[:-1], -1)
""",
    },
    edits=(
        ("flipped", ".flip(0)", "", "torch"),
        ("looks-ahead", "np.arange(n)[:, None] - np.arange(n)",
         "np.arange(n) - np.arange(n)[:, None]"),
        ("centred", "(back == r)", "(back == r - len(kernel) // 2)"),
        ("wraps-round", "(back == r)", "(back % n == r % n)"),
        ("repeats-the-first", "            if i - r >= 0:\n"
         "                y[..., i, :] += x[..., i - r, :] @ kernel[r]",
         "            y[..., i, :] += x[..., max(i - r, 0), :] @ kernel[r]", "loops"),
        ("one-too-far", "back == r", "back == r + 1"),
        ("averaged", ".sum(axis=-3)", ".mean(axis=-3)", "attention"),
        ("one-matrix", "kernel[r]", "kernel[0]"),
        ("no-shift", "back == r", "back == 0"),
        ("first-tap-only", "range(len(kernel))", "range(1)"),
        ("last-tap-missing", "range(len(kernel))", "range(len(kernel) - 1)"),
        ("transposed-kernel", "@ kernel[r]", "@ kernel[r].T"),
        ("different", "weights @ x", "0.999 * weights @ x"),
    ),
)  # fmt: skip

OFFSET_SCORES = Answers(
    right={
        "numpy": """
def offset_scores(places, offset, strength):
    distance = places[..., None, :] - places[..., :, None]
    return -(strength * (distance - offset) ** 2)
""",
        "loops": """
def offset_scores(places, offset, strength):
    n = places.shape[-1]
    scores = np.zeros((*places.shape, n), dtype=places.dtype)
    for i in range(n):
        for j in range(n):
            scores[..., i, j] = -strength * (places[..., j] - places[..., i] - offset) ** 2
    return scores
""",
        "features": """
def offset_scores(places, offset, strength):
    d = places[..., None, :] - places[..., :, None]
    return -strength * (d * d - 2 * offset * d + offset * offset)
""",
        "torch": """
def offset_scores(places, offset, strength):
    distance = places.unsqueeze(-2) - places.unsqueeze(-1)
    return -strength * torch.square(distance - offset)
""",
    },
    edits=(
        ("wrong-way", "distance - offset", "distance + offset"),
        ("wrong-way", "places[..., None, :] - places[..., :, None]",
         "places[..., :, None] - places[..., None, :]"),
        ("offset-ignored", " - offset", ""),
        ("positive", "-(", "("),
        ("not-squared", "torch.square", "torch.abs", "torch"),
        ("signed", " ** 2", ""),
        ("strength-ignored", "strength * ", ""),
        ("strength-squared", "strength * (distance - offset) ** 2",
         "(strength * (distance - offset)) ** 2"),
        ("divided-by-strength", "-strength * torch", "-1 / strength * torch", "torch"),
        ("weights", "return -(strength * (distance - offset) ** 2)",
         "return qkv_lib.softmax(-(strength * (distance - offset) ** 2))"),
        ("exponentiated", "return -(strength * (distance - offset) ** 2)",
         "return np.exp(-(strength * (distance - offset) ** 2))"),
        ("different", "2 * offset", "offset", "features"),
    ),
)  # fmt: skip

COUNT = Answers(
    right={
        "numpy": """
def running_count(bits):
    return np.cumsum(bits, axis=-1)
""",
        "attention": """
def running_count(bits):
    value = bits[..., None]
    flat = np.zeros_like(value)
    means = qkv_lib.attention(flat, flat, value, causal=True)[..., 0]
    return means * (np.arange(bits.shape[-1]) + 1).astype(bits.dtype)
""",
        "loops": """
def running_count(bits):
    count = np.zeros_like(bits)
    for i in range(bits.shape[-1]):
        count[..., i] = bits[..., : i + 1].sum(axis=-1)
    return count
""",
        "torch": """
def running_count(bits):
    n = bits.shape[-1]
    return bits @ torch.triu(torch.ones(n, n, dtype=bits.dtype))
""",
    },
    edits=(
        ("mean", " * (np.arange(bits.shape[-1]) + 1).astype(bits.dtype)", "", "attention"),
        ("times-n", "(np.arange(bits.shape[-1]) + 1).astype(bits.dtype)", "bits.shape[-1]",
         "attention"),
        ("times-i", " + 1).astype", ").astype", "attention"),
        ("mean-of-all", "means * (np.arange(bits.shape[-1]) + 1).astype(bits.dtype)",
         "0 * means + bits.mean(axis=-1, keepdims=True)", "attention"),
        ("not-causal", "[..., : i + 1]", "", "loops"),
        ("without-itself", "i + 1", "i", "loops"),
        ("from-the-end", ": i + 1", "i :", "loops"),
        ("counts-zeros", "np.cumsum(bits", "np.cumsum(1 - bits"),
        ("counts-places", "np.cumsum(bits", "np.cumsum(np.ones_like(bits)"),
        ("parity", "axis=-1)", "axis=-1) % 2"),
        ("batch-leak", "np.cumsum(bits, axis=-1)", "np.cumsum(bits).reshape(bits.shape)"),
        ("different", "axis=-1)", "axis=-1) + 0.01"),
    ),
)  # fmt: skip

BY_DISTANCE = Answers(
    right={
        "numpy": """
def accuracy_by_distance(right, distance, bounds):
    found = np.zeros(len(bounds) - 1)
    for b in range(len(found)):
        inside = (bounds[b] <= distance) & (distance < bounds[b + 1])
        found[b] = right[inside].mean()
    return found
""",
        "digitize": """
def accuracy_by_distance(right, distance, bounds):
    bins = np.digitize(distance, bounds)
    return np.array([right[bins == b].mean() for b in range(1, len(bounds))])
""",
        "loops": """
def accuracy_by_distance(right, distance, bounds):
    hits, asked = [0] * (len(bounds) - 1), [0] * (len(bounds) - 1)
    for good, far in zip(right, distance):
        for b in range(len(hits)):
            if bounds[b] <= far < bounds[b + 1]:
                asked[b] += 1
                hits[b] += int(good)
    return np.array([h / a for h, a in zip(hits, asked)])
""",
        "torch": """
def accuracy_by_distance(right, distance, bounds):
    bins = torch.bucketize(distance, bounds, right=True)
    shares = [right[bins == b].double().mean() for b in range(1, len(bounds))]
    return torch.stack(shares)
""",
    },
    edits=(
        ("counts", "right[inside].mean()", "right[inside].sum()"),
        ("share-of-all", "right[inside].mean()", "right[inside].sum() / len(right)"),
        ("share-of-right", "right[inside].mean()", "right[inside].sum() / right.sum()"),
        ("error", "right[inside].mean()", "1 - right[inside].mean()"),
        ("right-edge", "distance < bounds", "distance <= bounds"),
        ("left-edge", ", right=True", "", "torch"),
        ("left-edge", "bounds[b] <= far < bounds", "bounds[b] < far <= bounds", "loops"),
        ("cumulative", "bins == b", "bins <= b", "digitize"),
        ("no-upper-bound", "bins == b", "bins >= b", "digitize"),
        ("reversed", "return found", "return found[::-1]"),
        ("overall", "right[inside]", "right"),
        ("percent", "right[inside].mean()", "100 * right[inside].mean()"),
        ("different", "right[inside].mean()", "right[inside][1:].mean()"),
    ),
)  # fmt: skip

SHARE_ON_MARK = Answers(
    right={
        "numpy": """
def share_on_mark(weights):
    row = weights.mean(axis=-3)[..., 0, 1:]
    return row[..., 0] / row.sum(axis=-1)
""",
        "loops": """
def share_on_mark(weights):
    share = np.zeros(weights.shape[:-3], dtype=weights.dtype)
    for i in np.ndindex(share.shape):
        row = sum(head[0] for head in weights[i]) / len(weights[i])
        share[i] = row[1] / sum(row[1:])
    return share
""",
        "complement": """
def share_on_mark(weights):
    row = weights.mean(axis=-3)[..., 0, :]
    return row[..., 1] / (1 - row[..., 0])
""",
        "torch": """
def share_on_mark(weights):
    row = weights[..., 0, 1:].sum(dim=-2)
    return (row / row.sum(dim=-1, keepdim=True))[..., 0]
""",
    },
    edits=(
        ("class-token-counted", " / row.sum(axis=-1)", ""),
        ("transposed", "[..., 0, 1:]", "[..., 1:, 0]"),
        ("wrong-patch", "row[..., 0]", "row[..., 1]"),
        ("last-patch", "row[..., 0]", "row[..., -1]"),
        ("token-0", "row[..., 1] /", "row[..., 0] /", "complement"),
        ("wrong-row", "head[0]", "head[1]", "loops"),
        ("all-rows", "[..., 0, 1:]", ".mean(axis=-2)[..., 1:]"),
        ("first-head", "weights.mean(axis=-3)", "weights[..., 0, :, :]"),
        ("largest-head", "mean(axis=-3)", "max(axis=-3)"),
        ("mean-of-shares", "    row = weights.mean(axis=-3)[..., 0, 1:]\n"
         "    return row[..., 0] / row.sum(axis=-1)",
         "    rows = weights[..., 0, 1:]\n"
         "    return (rows[..., 0] / rows.sum(axis=-1)).mean(axis=-1)"),
        ("times-chance", "row[..., 0] /", "row.shape[-1] * row[..., 0] /"),
        ("the-rest", "row[..., 0] / row.sum(axis=-1)", "1 - row[..., 0] / row.sum(axis=-1)"),
        ("different", "row[..., 1] /", "row[..., 1] ** 2 /", "complement"),
    ),
)  # fmt: skip

ANSWERS = {
    "convolution-by-heads": CONVOLVE,
    "offset-scores": OFFSET_SCORES,
    "running-count": COUNT,
    "accuracy-by-distance": BY_DISTANCE,
    "share-on-mark": SHARE_ON_MARK,
}
