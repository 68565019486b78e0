"""Exercise 4.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_5_sinusoidal import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def sinusoidal(positions, d):
    rows = []
    for t in positions:
        row = []
        for l in range(d // 2):
            angle = t / 10000 ** (2 * l / d)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return np.array(rows)
""",
        "complex": """
def sinusoidal(positions, d):
    angle = np.multiply.outer(positions, 1e4 ** (-np.arange(0, d, 2) / d))
    circle = np.exp(1j * angle)
    return np.stack([circle.imag, circle.real], axis=-1).reshape(-1, d)
""",
        "torch": """
def sinusoidal(positions, d):
    column = torch.arange(0, d, 2, dtype=torch.float64)
    angle = positions[:, None] * torch.exp(-math.log(10000) * column / d)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)
""",
        "library": """
def sinusoidal(positions, d):
    return qkv_lib.formula.positions.sinusoidal(positions, d)
""",
    },
    edits=(
        ("sin-cos-swapped", "[angle.sin(), angle.cos()]", "[angle.cos(), angle.sin()]", "torch"),
        ("blocks", "torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)",
         "torch.cat([angle.sin(), angle.cos()], dim=-1)", "torch"),
        ("sines-only", "np.cos", "np.sin"),
        ("cosines-only", "np.sin", "np.cos"),
        ("own-frequencies", "row += [math.sin(angle), math.cos(angle)]",
         "row += [math.sin(angle), math.cos(t / 10000 ** ((2 * l + 1) / d))]",
         "loops"),
        ("exponent-by-columns", "row += [math.sin(angle), math.cos(angle)]",
         "s, c = 2 * (2 * l) / d, 2 * (2 * l + 1) / d\n"
         "            row += [math.sin(t / 10000**s), math.cos(t / 10000**c)]", "loops"),
        ("exponent-without-2", "-2 * np.arange", "-np.arange"),
        ("base-missing", "* frequency", "* np.ones(d // 2)"),
        ("growing-frequencies", "t / 10000", "t * 10000", "loops"),
        ("exponent-by-pairs", "/ d)\n    angle", "/ (d // 2))\n    angle"),
        ("pairs-from-1", "np.arange(d // 2)", "(np.arange(d // 2) + 1)"),
        ("positions-from-1", "positions[:, None]", "(1 + positions[:, None])"),
        ("positions-ignored", "positions[:, None]", "np.arange(len(positions))[:, None]"),
        ("full-turns", "positions[:, None]", "2 * np.pi * positions[:, None]"),
        ("angles", "torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)", "angle", "torch"),
        ("transposed", "return rows", "return rows.T"),
        ("different", "10000", "1000"),
    ),
)  # fmt: skip
