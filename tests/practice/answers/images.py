"""Chapter 6, images: patches, rollout, what a key adds, and the share in a box."""

from tests.practice.answers.source import Answers

PATCHES = Answers(
    right={
        "numpy": """
def patches(images, size):
    *batch, height, width = images.shape
    cut = images.reshape(*batch, height // size, size, width // size, size)
    return cut.swapaxes(-3, -2).reshape(*batch, -1, size * size)
""",
        "loops": """
def patches(images, size):
    rows, columns = images.shape[-2] // size, images.shape[-1] // size
    found = []
    for i in range(rows):
        for j in range(columns):
            square = images[..., i * size : (i + 1) * size, j * size : (j + 1) * size]
            found.append(square.reshape(*images.shape[:-2], size * size))
    return np.stack(found, axis=-2)
""",
        "formula": """
def patches(images, size):
    w = images.shape[-1] // size
    i = np.arange(images.shape[-2] // size * w)[:, None]
    r, c = np.divmod(np.arange(size * size), size)
    return images[..., i // w * size + r, i % w * size + c]
""",
        "torch": """
def patches(images, size):
    cut = images.unfold(-2, size, size).unfold(-2, size, size)
    return cut.flatten(-2).flatten(-3, -2)
""",
        "unfold": """
def patches(images, size):
    one = images.reshape(-1, 1, *images.shape[-2:])
    columns = F.unfold(one, kernel_size=size, stride=size)
    return columns.mT.reshape(*images.shape[:-2], -1, size * size)
""",
    },
    edits=(
        ("only-reshaped", ".swapaxes(-3, -2)", ""),
        ("patches-down-first", "i // w * size + r, i % w * size + c",
         "i % (len(i) // w) * size + r, i // (len(i) // w) * size + c", "formula"),
        ("patches-down-first", "    for i in range(rows):\n        for j in range(columns):",
         "    for j in range(columns):\n        for i in range(rows):", "loops"),
        ("pixels-down-first", "r, c = ", "c, r = ", "formula"),
        ("pixels-down-first", "cut.flatten(-2)", "cut.mT.flatten(-2)", "torch"),
        ("image-transposed", "    *batch", "    images = images.swapaxes(-1, -2)\n    *batch"),
        ("every-nth-pixel", "i // w * size + r, i % w * size + c",
         "i // w + r * (images.shape[-2] // size), i % w + c * w", "formula"),
        ("patches-as-squares", "-1, size * size", "-1, size, size"),
        ("grid-kept", ".flatten(-3, -2)", "", "torch"),
        ("overlapping", "unfold(-2, size, size).unfold(-2, size, size)",
         "unfold(-2, size, 1).unfold(-2, size, 1)", "torch"),
        ("overlapping", "stride=size", "stride=1", "unfold"),
        ("pixels-first", "    return columns.mT.reshape(*images.shape[:-2], -1, size * size)",
         "    return columns.reshape(*images.shape[:-2], size * size, -1)", "unfold"),
        ("pixels-first", "axis=-2", "axis=-1", "loops"),
        ("means", "cut.flatten(-2).flatten(-3, -2)", "cut.mean((-2, -1)).flatten(-2)", "torch"),
        ("batch-merged", "reshape(*batch, -1, size * size)", "reshape(-1, size * size)"),
        ("bottom-up", "np.stack(found,", "np.stack(found[::-1],", "loops"),
        ("different", "swapaxes(-3, -2)", "swapaxes(-3, -1)"),
    ),
)  # fmt: skip

ROLLOUT = Answers(
    right={
        "numpy": """
def rollout(weights):
    n = weights.shape[-1]
    flow = np.eye(n)
    for layer in weights:
        flow = (np.eye(n) + layer.mean(axis=0)) / 2 @ flow
    return flow
""",
        "at once": """
def rollout(weights):
    halves = 0.5 * np.eye(weights.shape[-1]) + 0.5 * np.mean(weights, axis=1)
    return halves[0] if len(halves) == 1 else np.linalg.multi_dot(halves[::-1])
""",
        "loops": """
def rollout(weights):
    blocks, heads, n, _ = weights.shape
    flow = [[float(i == j) for j in range(n)] for i in range(n)]
    for l in range(blocks):
        mean = [[sum(weights[l, h, i, j] for h in range(heads)) / heads
                 for j in range(n)] for i in range(n)]
        flow = [[0.5 * flow[i][j] + 0.5 * sum(mean[i][k] * flow[k][j] for k in range(n))
                 for j in range(n)] for i in range(n)]
    return np.array(flow)
""",
        "torch": """
def rollout(weights):
    mean = weights.mean(dim=1)
    around = torch.eye(weights.shape[-1], dtype=weights.dtype)
    flow = around
    for layer in mean:
        flow = torch.lerp(around, layer, 0.5) @ flow
    return flow
""",
        "library": """
def rollout(weights):
    from qkv_lib.measures import maps
    return maps.rollout(list(weights))
""",
    },
    edits=(
        ("reversed-blocks", "in weights", "in weights[::-1]"),
        ("reversed-blocks", "(np.eye(n) + layer.mean(axis=0)) / 2 @ flow",
         "flow @ (np.eye(n) + layer.mean(axis=0)) / 2"),
        ("reversed-blocks", "[::-1]", "", "at once"),
        ("no-residual", "(np.eye(n) + layer.mean(axis=0)) / 2", "layer.mean(axis=0)"),
        ("not-halved", " / 2", ""),
        ("not-halved", "0.5 * ", "", "at once"),
        ("residual-once", "(np.eye(n) + layer.mean(axis=0)) / 2 @ flow\n    return flow",
         "layer.mean(axis=0) @ flow\n    return (np.eye(n) + flow) / 2"),
        ("last-block-only", "weights:", "weights[-1:]:"),
        ("first-block-only", "mean:", "mean[:1]:", "torch"),
        ("blocks-averaged", "    return halves[0] if len(halves) == 1 else "
         "np.linalg.multi_dot(halves[::-1])", "    return halves.mean(0)", "at once"),
        ("elementwise", "    return halves[0] if len(halves) == 1 else "
         "np.linalg.multi_dot(halves[::-1])", "    return halves.prod(0)", "at once"),
        ("heads-summed", "layer.mean", "layer.sum"),
        ("heads-summed", " / heads\n", "\n", "loops"),
        ("heads-maximum", "layer.mean", "layer.max"),
        ("heads-maximum", "weights.mean(dim=1)", "weights.amax(dim=1)", "torch"),
        ("first-head-only", "weights.mean(dim=1)", "weights[:, 0]", "torch"),
        ("head-by-head", "layer.mean(axis=0)) / 2 @ flow\n    return flow",
         "layer) / 2 @ flow\n    return flow.mean(axis=0)"),
        ("transposed", "weights[l, h, i, j]", "weights[l, h, j, i]", "loops"),
        ("first-row-only", "return flow", "return flow[0]"),
    ),
)  # fmt: skip

ADDED_LENGTHS = Answers(
    right={
        "numpy": """
def added_lengths(weights, value, w_o):
    h, e = value.shape[-3], value.shape[-1]
    rows = w_o.reshape(h, e, -1)
    lengths = np.linalg.norm(value @ rows, axis=-1)
    return weights * lengths[..., None, :]
""",
        "vectors": """
def added_lengths(weights, value, w_o):
    h, e = value.shape[-3], value.shape[-1]
    added = np.einsum("...hnm,...hme,hed->...hnmd", weights, value, w_o.reshape(h, e, -1))
    return np.sqrt(np.sum(added**2, axis=-1))
""",
        "loops": """
def added_lengths(weights, value, w_o):
    h, e = value.shape[-3], value.shape[-1]
    result = np.empty_like(weights)
    for index in np.ndindex(weights.shape):
        *batch, i, n, m = index
        v = value[(*batch, i, m)]
        added = weights[index] * v @ w_o[i * e : (i + 1) * e]
        result[index] = math.sqrt(sum(x**2 for x in added))
    return result
""",
        "torch": """
def added_lengths(weights, value, w_o):
    rows = w_o.view(value.shape[-3], value.shape[-1], -1)
    return weights * torch.matmul(value, rows).norm(dim=-1).unsqueeze(-2)
""",
    },
    edits=(
        ("product-of-lengths", "np.linalg.norm(value @ rows, axis=-1)",
         "np.linalg.norm(value, axis=-1) * np.linalg.norm(rows, axis=(-2, -1))[:, None]"),
        ("weights-only", "return weights * lengths[..., None, :]", "return weights"),
        ("lengths-only", "weights[index] * v", "v", "loops"),
        ("lengths-only", "return weights * lengths",
         "return np.ones_like(weights) * lengths"),
        ("values-without-projection", "value @ rows", "value"),
        ("values-without-projection", "torch.matmul(value, rows)", "value", "torch"),
        ("squared", "np.sqrt(np.sum(added**2, axis=-1))", "np.sum(added**2, axis=-1)", "vectors"),
        ("squared", "np.linalg.norm(value @ rows, axis=-1)", "((value @ rows) ** 2).sum(-1)"),
        ("sum-of-sizes", "norm(dim=-1)", "norm(p=1, dim=-1)", "torch"),
        ("signed-sum", "np.sqrt(np.sum(added**2, axis=-1))", "np.sum(added, axis=-1)", "vectors"),
        ("root-mean-square", "np.sum(added**2", "np.mean(added**2", "vectors"),
        ("interleaved-rows", "w_o.reshape(h, e, -1)", "w_o.reshape(e, h, -1).swapaxes(0, 1)"),
        ("interleaved-rows", "w_o[i * e : (i + 1) * e]", "w_o[i::h]", "loops"),
        ("first-rows-for-all", "w_o[i * e : (i + 1) * e]", "w_o[:e]", "loops"),
        ("lengths-along-queries", "[..., None, :]", "[..., None]"),
        ("lengths-along-queries", "unsqueeze(-2)", "unsqueeze(-1)", "torch"),
        ("shares", "    return weights * lengths[..., None, :]",
         "    found = weights * lengths[..., None, :]\n"
         "    return found / found.sum(-1, keepdims=True)"),
        ("heads-added", "->...hnmd", "->...nmd", "vectors"),
        ("keys-added", "->...hnmd", "->...hnd", "vectors"),
        ("heads-averaged", "return weights * lengths[..., None, :]",
         "return (weights * lengths[..., None, :]).mean(-3)"),
        ("vectors", "np.sqrt(np.sum(added**2, axis=-1))", "added", "vectors"),
        ("different", "added**2", "added**4", "vectors"),
    ),
)  # fmt: skip

MAP_MASS = Answers(
    right={
        "numpy": """
def map_mass(maps, coverage):
    inside = (maps * coverage).sum(axis=-1)
    return inside / maps.sum(axis=-1)
""",
        "shares": """
def map_mass(maps, coverage):
    shares = maps / maps.sum(axis=-1, keepdims=True)
    return np.einsum("...np,np->...n", shares, coverage)
""",
        "loops": """
def map_mass(maps, coverage):
    mass = np.zeros(maps.shape[:-1])
    for index in np.ndindex(mass.shape):
        a, c = maps[index], coverage[index[-1]]
        mass[index] = sum(x * y for x, y in zip(a, c)) / sum(a)
    return mass
""",
        "average": """
def map_mass(maps, coverage):
    boxes = np.broadcast_to(coverage, maps.shape)
    return np.average(boxes, weights=maps, axis=-1)
""",
        "torch": """
def map_mass(maps, coverage):
    return torch.sum(maps * coverage, dim=-1) / torch.sum(maps, dim=-1)
""",
    },
    edits=(
        ("not-divided", " / maps.sum(axis=-1)", ""),
        ("not-divided", " / maps.sum(axis=-1, keepdims=True)", "", "shares"),
        ("divided-by-coverage", "inside / maps", "inside / coverage"),
        ("divided-by-coverage", " / sum(a)", " / sum(c)", "loops"),
        ("divided-by-coverage", "np.average(boxes, weights=maps",
         "np.average(maps, weights=boxes", "average"),
        ("divided-by-patches", "maps.sum(axis=-1)", "maps.shape[-1]"),
        ("divided-by-maximum", "maps.sum(axis=-1)", "maps.max(axis=-1)"),
        ("outside", "maps * coverage", "maps * (1 - coverage)"),
        ("area", ", weights=maps", "", "average"),
        ("half-counts-whole", "* coverage", "* (coverage >= 0.5)"),
        ("touched-counts-whole", "* coverage", "* (coverage > 0)"),
        ("rim-left-out", "* coverage", "* (coverage == 1)"),
        ("hits", "np.average(boxes, weights=maps, axis=-1)",
         "1.0 * (np.take_along_axis(boxes, maps.argmax(-1)[..., None], -1)[..., 0] >= 0.5)",
         "average"),
        ("coverage-squared", "* coverage", "* coverage**2"),
        ("map-squared", "    inside", "    maps = maps**2\n    inside"),
        ("all-images-together", "torch.sum(maps, dim=-1)", "torch.sum(maps)", "torch"),
        ("averaged", "return inside / maps.sum(axis=-1)",
         "return (inside / maps.sum(axis=-1)).mean(axis=-1)"),
        ("over-images", "axis=-1", "axis=-2"),
    ),
)  # fmt: skip

ANSWERS = {
    "patches": PATCHES,
    "rollout": ROLLOUT,
    "added-lengths": ADDED_LENGTHS,
    "map-mass": MAP_MASS,
}
