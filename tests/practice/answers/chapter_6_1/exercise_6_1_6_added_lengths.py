"""Exercise 6.1.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_1.exercise_6_1_6_added_lengths import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
