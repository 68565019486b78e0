"""Exercise 8.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_6_pre_norm import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "torch": """
def pre_norm(x, W_1, W_2):
    y = F.layer_norm(x, x.shape[-1:])
    return x + F.relu(y @ W_1) @ W_2
""",
        "rows": """
def pre_norm(x, W_1, W_2):
    def one(row):
        y = (row - row.mean()) / math.sqrt(row.var() + 1e-5)
        return row + np.maximum(y @ W_1, 0) @ W_2
    return np.apply_along_axis(one, -1, x)
""",
    },
    edits=(
        ("post-norm", "    y = F.layer_norm(x, x.shape[-1:])\n    return x + F.relu(y @ W_1) @ W_2",
         "    return F.layer_norm(x + F.relu(x @ W_1) @ W_2, x.shape[-1:])", "torch"),
        ("norm-on-both", "return x + F.relu(y @ W_1) @ W_2",
         "return F.layer_norm(x + F.relu(y @ W_1) @ W_2, x.shape[-1:])", "torch"),
        ("norm-after-the-branch", "return x + F.relu(y @ W_1) @ W_2",
         "return x + F.layer_norm(F.relu(x @ W_1) @ W_2, x.shape[-1:])", "torch"),
        ("normalised-residual", "return x +", "return y +", "torch"),
        ("no-residual", "return x +", "return", "torch"),
        ("no-norm", "y @", "x @", "torch"),
        ("norm-over-positions", "axis=-1", "axis=-2"),
        ("norm-over-everything", "axis=-1, ", ""),
        ("variance-without-root", "np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)",
         "(x.var(axis=-1, keepdims=True) + 1e-5)"),
        ("mean-kept", "x - x.mean(axis=-1, keepdims=True)", "x"),
        ("root-mean-square", "F.layer_norm(x, x.shape[-1:])",
         "F.rms_norm(x, x.shape[-1:], eps=1e-5)", "torch"),
        ("no-bend", "F.relu(y @ W_1)", "y @ W_1", "torch"),
        ("different", "0) @", "0.1) @"),
    ),
)  # fmt: skip
