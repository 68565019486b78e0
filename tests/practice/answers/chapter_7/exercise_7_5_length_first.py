"""Exercise 7.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_7.exercise_7_5_length_first import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
