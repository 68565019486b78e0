"""Chapter 7: masks, weights and calls for another tool."""

from tests.practice.answers.source import Answers

MASK_TO_BIAS = Answers(
    right={
        "numpy": """
def mask_to_bias(mask, query):
    return np.where(mask, 0.0, -np.inf).astype(query.dtype)
""",
        "filled": """
def mask_to_bias(mask, query):
    bias = np.zeros(mask.shape, dtype=query.dtype)
    bias[~mask] = -np.inf
    return bias
""",
        "torch": """
def mask_to_bias(mask, query):
    bias = torch.zeros(mask.shape, dtype=query.dtype)
    return bias.masked_fill(~mask, float("-inf"))
""",
        "logarithm": """
def mask_to_bias(mask, query):
    return np.log(mask.astype(query.dtype))
""",
    },
    edits=(
        ("inverted-mask", "0.0, -np.inf", "-np.inf, 0.0"),
        ("inverted-mask", "~mask", "mask", "torch"),
        ("inverted-mask", "log(mask.", "log((~mask).", "logarithm"),
        ("one-and-zero", "np.where(mask, 0.0, -np.inf)", "mask"),
        ("minus-one", "-np.inf", "-1.0"),
        ("large-not-infinite", "-np.inf", "-1e9"),
        ("large-not-infinite", "-np.inf", "np.finfo(query.dtype).min"),
        ("zero-times-infinity", "np.where(mask, 0.0, -np.inf)", "(~mask * -np.inf)"),
        ("plus-infinity", "-np.inf", "np.inf"),
        ("plus-infinity", "-inf", "inf", "torch"),
        ("one-and-zero", "np.where(mask, 0.0, -np.inf).astype(query.dtype)", "mask"),
        ("one-for-hidden", "np.where(mask, 0.0, -np.inf)", "(~mask)"),
        ("transposed-mask", ".astype", ".swapaxes(-1, -2).astype"),
        ("all-allowed", "    bias[~mask] = -np.inf\n", "", "filled"),
        ("dtype", "query.dtype", "np.float32"),
        ("different", "-np.inf", "-1e4"),
    ),
)  # fmt: skip

LAYER_MASK = Answers(
    right={
        "numpy": """
def layer_mask(mask, n_heads):
    return np.logical_not(np.repeat(mask, n_heads, axis=0))
""",
        "loops": """
def layer_mask(mask, n_heads):
    return np.stack([~each for each in mask for _ in range(n_heads)])
""",
        "torch": """
def layer_mask(mask, n_heads):
    return ~mask.repeat_interleave(n_heads, dim=0)
""",
        "expanded": """
def layer_mask(mask, n_heads):
    batch, n, m = mask.shape
    every = np.broadcast_to(mask[:, None], (batch, n_heads, n, m))
    return ~every.reshape(-1, n, m)
""",
    },
    edits=(
        ("not-inverted", "~", "", "torch"),
        ("not-inverted", "~", "", "loops"),
        ("heads-outermost", "for each in mask for _ in range(n_heads)",
         "for _ in range(n_heads) for each in mask", "loops"),
        ("heads-outermost", "repeat_interleave(n_heads, dim=0)", "repeat(n_heads, 1, 1)", "torch"),
        ("no-heads", ".repeat_interleave(n_heads, dim=0)", "", "torch"),
        ("four-axes", ".reshape(-1, n, m)", "", "expanded"),
        ("first-of-batch", "mask[:, None]", "mask[:1, None]", "expanded"),
        ("transposed-mask", "~mask", "~mask.mT", "torch"),
        ("additive-mask", "np.logical_not(np.repeat(mask, n_heads, axis=0))",
         "np.where(np.repeat(mask, n_heads, axis=0), 0.0, -np.inf)"),
        ("nothing-hidden", "~each", "each & ~each", "loops"),
        ("all-hidden", "~each", "each | ~each", "loops"),
    ),
)  # fmt: skip

KERAS_KERNEL = Answers(
    right={
        "numpy": """
def keras_kernel(weight, n_heads):
    outputs, inputs = weight.shape
    return weight.T.reshape(inputs, n_heads, outputs // n_heads)
""",
        "loops": """
def keras_kernel(weight, n_heads):
    d = len(weight) // n_heads
    heads = [weight[i * d : i * d + d].T for i in range(n_heads)]
    return np.stack(heads, axis=1)
""",
        "torch": """
def keras_kernel(weight, n_heads):
    return weight.unflatten(0, (n_heads, -1)).permute(2, 0, 1)
""",
        "einsum": """
def keras_kernel(weight, n_heads):
    return np.einsum("hdi->ihd", weight.reshape(n_heads, -1, weight.shape[1]))
""",
    },
    edits=(
        ("not-transposed", ".T.", "."),
        ("interleaved", "reshape(inputs, n_heads, outputs // n_heads)",
         "reshape(inputs, outputs // n_heads, n_heads).swapaxes(1, 2)"),
        ("heads-last", "permute(2, 0, 1)", "permute(2, 1, 0)", "torch"),
        ("heads-last", "ihd", "idh", "einsum"),
        ("heads-first", "axis=1", "axis=0", "loops"),
        ("outputs-first", ".permute(2, 0, 1)", "", "torch"),
        ("outputs-first", "ihd", "hdi", "einsum"),
        ("still-flat", ".reshape(inputs, n_heads, outputs // n_heads)", ""),
        ("unchanged", ".T.reshape(inputs, n_heads, outputs // n_heads)", ""),
        ("reversed-heads", "in range(n_heads)", "in reversed(range(n_heads))", "loops"),
        ("first-head-for-all", "weight[i * d : i * d + d]", "weight[:d]", "loops"),
        ("different", "weight[i * d : i * d + d].T", "-weight[i * d : i * d + d].T", "loops"),
    ),
)  # fmt: skip

BOTTOM_RIGHT = Answers(
    right={
        "numpy": """
def last_tokens(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    mask = np.tri(n, m, m - n, dtype=bool)
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = np.where(mask, scores, -np.inf)
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = top / top.sum(axis=-1, keepdims=True)
    return weights @ value
""",
        "loops": """
def last_tokens(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    rows = []
    for i in range(n):
        row, seen = query[..., i : i + 1, :], m - n + i + 1
        rows.append(qkv_lib.attention(row, key[..., :seen, :], value[..., :seen, :]))
    return np.concatenate(rows, axis=-2)
""",
        "torch": """
def last_tokens(query, key, value):
    n, m = query.shape[-2], key.shape[-2]
    mask = torch.ones(n, m, dtype=torch.bool).tril(m - n)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
""",
        "library": """
def last_tokens(query, key, value):
    offset = key.shape[-2] - query.shape[-2]
    return qkv_lib.attention(query, key, value, causal=True, offset=offset)
""",
    },
    edits=(
        ("top-left", ", offset=offset", "", "library"),
        ("top-left", "attn_mask=mask", "is_causal=True", "torch"),
        ("mask-ignored", ", attn_mask=mask", "", "torch"),
        ("hides-itself", "tril(m - n)", "tril(m - n - 1)", "torch"),
        ("sees-the-next", "tril(m - n)", "tril(m - n + 1)", "torch"),
        ("mask-ignored", "offset=offset", "offset=key.shape[-2]", "library"),
        ("inverted-mask", "attn_mask=mask", "attn_mask=~mask", "torch"),
        ("past-dropped", "query, key, value, causal=True, offset=offset",
         "query, key[..., offset:, :], value[..., offset:, :], causal=True", "library"),
        ("past-only", "m - n + i + 1", "m - n", "loops"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("sums-keys", "weights @ value", "weights @ key"),
    ),
)  # fmt: skip

MASK_AND_BIAS = Answers(
    right={
        "numpy": """
def mask_and_bias(query, key, value, mask, bias):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1]) + bias
    top = scores.max(axis=-1, keepdims=True)
    exps = np.exp(scores - top) * mask
    total = exps.sum(axis=-1, keepdims=True)
    weights = exps / np.where(total == 0, 1, total)
    return (weights @ value).astype(value.dtype)
""",
        "torch": """
def mask_and_bias(query, key, value, mask, bias):
    numbers = bias.masked_fill(~mask, float("-inf"))
    return F.scaled_dot_product_attention(query, key, value, attn_mask=numbers)
""",
        "where": """
def mask_and_bias(query, key, value, mask, bias):
    numbers = torch.where(mask, bias, -torch.inf)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=numbers)
""",
        "library": """
def mask_and_bias(query, key, value, mask, bias):
    return qkv_lib.attention(query, key, value, mask=mask, bias=bias)
""",
    },
    edits=(
        ("bias-ignored", "attn_mask=numbers", "attn_mask=mask", "torch"),
        ("bias-ignored", ", bias=bias", "", "library"),
        ("mask-ignored", "attn_mask=numbers", "attn_mask=bias", "torch"),
        ("both-ignored", ", attn_mask=numbers", "", "torch"),
        ("inverted-mask", "~mask", "mask", "torch"),
        ("added-mask", "torch.where(mask, bias, -torch.inf)", "bias + mask", "where"),
        ("multiplied-mask", "torch.where(mask, bias, -torch.inf)", "bias * mask", "where"),
        ("bias-subtracted", "bias=bias", "bias=-bias", "library"),
        ("bias-scaled", "mask, bias, -torch", "mask, bias / query.shape[-1] ** 0.5, -torch",
         "where"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("fully-masked-nan", "np.where(total == 0, 1, total)", "total"),
        ("large-not-infinite", "-torch.inf", "-1e9", "where"),
    ),
)  # fmt: skip

LENGTH_FIRST = Answers(
    right={
        "numpy": """
def length_first(query, key, value, n_heads):
    def heads(x):
        n, batch, width = x.shape
        return x.reshape(n, batch, n_heads, width // n_heads).transpose(1, 2, 0, 3)

    q, k, v = heads(query), heads(key), heads(value)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    output = top / top.sum(axis=-1, keepdims=True) @ v
    return output.transpose(2, 0, 1, 3).reshape(query.shape)
""",
        "loops": """
def length_first(query, key, value, n_heads):
    d = query.shape[-1] // n_heads
    output = np.empty_like(query)
    for b in range(query.shape[1]):
        for i in range(n_heads):
            part = (slice(None), b, slice(i * d, i * d + d))
            output[part] = qkv_lib.attention(query[part], key[part], value[part])
    return output
""",
        "torch": """
def length_first(query, key, value, n_heads):
    width = query.shape[-1]
    layer = torch.nn.MultiheadAttention(width, n_heads, bias=False, dtype=query.dtype)
    eye = torch.eye(width, dtype=query.dtype)
    layer.load_state_dict({"in_proj_weight": eye.repeat(3, 1), "out_proj.weight": eye})
    return layer(query, key, value, need_weights=False)[0].detach()
""",
        "library": """
def length_first(query, key, value, n_heads):
    q, k, v = (x.swapaxes(0, 1) for x in (query, key, value))
    heads = (qkv_lib.split_heads(x, n_heads) for x in (q, k, v))
    return qkv_lib.merge_heads(qkv_lib.attention(*heads)).swapaxes(0, 1)
""",
    },
    edits=(
        ("attends-over-the-batch", "n_heads, bias=False", "n_heads, bias=False, batch_first=True",
         "torch"),
        ("one-head", "qkv_lib.split_heads(x, n_heads)", "qkv_lib.split_heads(x, 1)", "library"),
        ("view-for-transpose", "qkv_lib.split_heads(x, n_heads)",
         "x.reshape(len(x), n_heads, x.shape[1], -1)", "library"),
        ("batch-first", "(*heads)).swapaxes(0, 1)", "(*heads))", "library"),
        ("root-of-d_model", "np.sqrt(q.shape[-1])", "np.sqrt(query.shape[-1])"),
        ("heads-averaged", "qkv_lib.attention(*heads)",
         "np.repeat(qkv_lib.attention(*heads).mean(1, keepdims=True), n_heads, axis=1)",
         "library"),
        ("sums-keys", "value[part])", "key[part])", "loops"),
        ("key-value-swapped", "key, value, need", "value, key, need", "torch"),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("no-scaling", " / np.sqrt(q.shape[-1])", ""),
    ),
)  # fmt: skip

ANSWERS = {
    "mask-to-bias": MASK_TO_BIAS,
    "layer-mask": LAYER_MASK,
    "keras-kernel": KERAS_KERNEL,
    "bottom-right": BOTTOM_RIGHT,
    "mask-and-bias": MASK_AND_BIAS,
    "length-first": LENGTH_FIRST,
}
