"""Exercise 4.6: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_6_look_back import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def look_back(rows, distance):
    d = rows.shape[-1]
    W = np.zeros((d, d))
    for pair in range(d // 2):
        angle = distance * 10000 ** (-2 * pair / d)
        cos, sin = np.cos(angle), np.sin(angle)
        i, j = 2 * pair, 2 * pair + 1
        W[i, i], W[i, j] = cos, sin
        W[j, i], W[j, j] = -sin, cos
    return rows @ W
""",
        "pairs": EXERCISE.solution,
        "positions": """
def look_back(rows, distance):
    d = rows.shape[-1]
    frequency = 10000.0 ** (-np.arange(0, d, 2) / d)
    angle = np.arctan2(rows[:, 0::2], rows[:, 1::2]) - distance * frequency
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(rows.shape)
""",
        "torch": """
def look_back(rows, distance):
    d = rows.shape[-1]
    angle = distance * 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    turn = torch.polar(torch.ones_like(angle), angle)
    moved = torch.complex(rows[:, 0::2], rows[:, 1::2]) * turn
    return torch.view_as_real(moved).flatten(-2)
""",
    },
    edits=(
        ("forward", "angle = distance", "angle = -distance"),
        ("forward", "- distance * frequency", "+ distance * frequency", "positions"),
        ("no-minus", "-sin, cos", "sin, cos"),
        ("no-minus", "cosine * np.cos(angle) +", "cosine * np.cos(angle) -", "pairs"),
        ("sin-cos-swapped", "np.cos(angle), np.sin(angle)", "np.sin(-angle), -np.cos(angle)"),
        ("diagonal", "np.sin(angle)", "0", "pairs"),
        ("halves", "2 * pair, 2 * pair + 1", "pair, pair + d // 2"),
        ("not-moved", "rows @ W", "rows"),
        ("one-back", "distance * ", ""),
        ("exponent-without-2", "-2 * pair", "-pair"),
        ("base-missing", " * 10000 ** (-2 * pair / d)", ""),
        ("growing-frequencies", "-2 * pair", "2 * pair"),
        ("exponent-by-pairs", "-2 * pair", "-4 * pair"),
        ("pairs-from-1", "-2 * pair", "-2 * (pair + 1)"),
        ("in-place", "    W = np.zeros((d, d))", "    rows *= 2\n    W = np.zeros((d, d))"),
        ("different", "rows @ W", "1.01 * rows @ W"),
    ),
)  # fmt: skip
