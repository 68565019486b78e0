"""Exercise 6.2.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_2.exercise_6_2_1_unit_mean import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
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
