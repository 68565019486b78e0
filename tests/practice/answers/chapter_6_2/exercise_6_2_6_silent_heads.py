"""Exercise 6.2.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_2.exercise_6_2_6_silent_heads import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "sum": """
def silent_heads(scores, value, w_o, b_o, gates):
    e = value.shape[-1]
    output = np.zeros((*scores.shape[:-3], scores.shape[-2], len(b_o))) + b_o
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
