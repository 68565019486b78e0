"""Exercise 9.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_9.exercise_9_5_share_on_mark import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
