"""Exercise 4.7: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_4.exercise_4_7_rotate import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def rotate(x, positions):
    half = x.shape[-1] // 2
    turned = np.empty_like(x)
    for i in np.ndindex(x.shape[:-1]):
        for l in range(half):
            angle = positions[i[-1]] / 10000 ** (l / half)
            R = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            turned[(*i, [l, l + half])] = R @ x[i][[l, l + half]]
    return turned
""",
        "complex": """
def rotate(x, positions):
    a, b = np.split(x, 2, axis=-1)
    frequency = 10000.0 ** -np.linspace(0, 1, a.shape[-1], endpoint=False)
    z = (a + 1j * b) * np.exp(1j * np.outer(positions, frequency))
    return np.concatenate([z.real, z.imag], axis=-1)
""",
        "torch": """
def rotate(x, positions):
    d = x.shape[-1]
    w = 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.outer(positions.double(), w).repeat(1, 2)
    a, b = x.chunk(2, dim=-1)
    swapped = torch.cat([-b, a], dim=-1)
    return (x * angle.cos() + swapped * angle.sin()).to(x.dtype)
""",
        "library": """
def rotate(x, positions):
    return qkv_lib.formula.positions.rope(x, positions=positions)
""",
    },
    edits=(
        ("interleaved", "positions=positions", "positions=positions, layout='interleaved'",
         "library"),
        ("half-of-each", "x[..., :half], x[..., half:]", "x[..., 0::2], x[..., 1::2]"),
        ("turned-back", "[-b, a]", "[b, -a]", "torch"),
        ("turned-back", "1j * np.outer", "-1j * np.outer", "complex"),
        ("sin-cos-swapped", "np.cos(angle), np.sin(angle)", "np.sin(angle), np.cos(angle)"),
        ("no-minus", "[-b, a]", "[b, a]", "torch"),
        ("halves-swapped", "[z.real, z.imag]", "[z.imag, z.real]", "complex"),
        ("not-mixed", "[a * cos - b * sin, a * sin + b * cos]", "[a * cos, b * sin]"),
        ("overwritten", "    return np.concatenate([a * cos - b * sin, a * sin + b * cos]",
         "    a = a * cos - b * sin\n    b = a * sin + b * cos\n    return np.concatenate([a, b]"),
        ("exponent-without-2", "-2 * np.arange", "-np.arange"),
        ("base-missing", "positions[:, None] * frequency", "positions[:, None] * np.ones(half)"),
        ("growing-frequencies", "-2 * np.arange", "2 * np.arange"),
        ("exponent-by-pairs", "/ x.shape[-1])", "/ half)"),
        ("pairs-from-1", "np.arange(half)", "np.arange(1, half + 1)"),
        ("positions-from-1", "positions[:, None]", "(positions[:, None] + 1)"),
        ("positions-ignored", "positions[:, None]", "np.arange(x.shape[-2])[:, None]"),
        ("added", "rope(x, positions=positions)", "sinusoidal(positions, x.shape[-1]) + x",
         "library"),
        ("not-turned", "qkv_lib.formula.positions.rope(x, positions=positions)", "x", "library"),
        ("length-changed", "[a * cos - b * sin, a * sin + b * cos]",
         "[a * cos - b * sin, 2 * (a * sin + b * cos)]"),
        ("different", "10000", "1000"),
        ("in-place", "    a, b = x[..., :half], x[..., half:]\n",
         "    a, b = x[..., :half], x[..., half:]\n    a *= 2\n"),
        ("lengths-differ", "positions[:, None]", "positions"),
    ),
)  # fmt: skip
