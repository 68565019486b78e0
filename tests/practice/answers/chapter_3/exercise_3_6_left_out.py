"""Exercise 3.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_6_left_out import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "pull": """
def left_out(output, weight, value):
    pull = (weight / (1 - weight))[..., None]
    return output + pull * (output - value[..., None, :])
""",
        "loops": """
def left_out(output, weight, value):
    left = np.empty_like(output)
    for place in np.ndindex(weight.shape):
        given = weight[place] * value[place[:-1]]
        left[place] = (output[place] - given) / (1 - weight[place])
    return left
""",
        "torch": """
def left_out(output, weight, value):
    w = weight.unsqueeze(-1)
    return (output - w * value.unsqueeze(-2)) / (1 - w)
""",
    },
    edits=(
        ("not-renormalised", " / (1 - w)", ""),
        ("only-renormalised", " - w * value[..., None, :]", ""),
        ("whole-value", "w * value", "value"),
        ("added", "output - w", "output + w"),
        ("multiplied", "/ (1 - w)", "* (1 - w)"),
        ("divided-by-weight", "/ (1 - w)", "/ w"),
        ("grown", "(1 - w)", "(1 + w)"),
        ("value-only", "(output - w * value[..., None, :]) / (1 - w)",
         "w * value[..., None, :] + 0 * output"),
        ("complement", "    return", "    w = 1 - w\n    return"),
        ("mixed-up-sign", "output - w * value[..., None, :]", "w * value[..., None, :] - output"),
        ("different", "output - value", "output - 0.9 * value", "pull"),
    ),
)  # fmt: skip
