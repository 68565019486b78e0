"""Chapter 4: rotations, and rows of sines and cosines."""

from tests.practice.answers.source import Answers

ROTATE = Answers(
    right={
        "numpy": """
def rotate(x, positions):
    half = x.shape[-1] // 2
    frequency = 10000 ** (-2 * np.arange(half) / x.shape[-1])
    angle = positions[:, None] * frequency
    a, b = x[..., :half], x[..., half:]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
""",
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
        ("single-precision", ", dtype=torch.float64", "", "torch"),
        ("length-changed", "[a * cos - b * sin, a * sin + b * cos]",
         "[a * cos - b * sin, 2 * (a * sin + b * cos)]"),
        ("different", "10000", "1000"),
        ("in-place", "    a, b = x[..., :half], x[..., half:]\n",
         "    a, b = x[..., :half], x[..., half:]\n    a *= 2\n"),
        ("raises", "positions[:, None]", "positions"),
    ),
)  # fmt: skip

SINUSOIDAL = Answers(
    right={
        "numpy": """
def sinusoidal(positions, d):
    frequency = 10000 ** (-2 * np.arange(d // 2) / d)
    angle = positions[:, None] * frequency
    rows = np.zeros((len(positions), d))
    rows[:, 0::2] = np.sin(angle)
    rows[:, 1::2] = np.cos(angle)
    return rows
""",
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
        ("single-precision", "np.arange(d // 2)", "np.arange(d // 2, dtype=np.float32)"),
        ("dtype", "dtype=torch.float64", "dtype=torch.float32", "torch"),
        ("different", "10000", "1000"),
    ),
)  # fmt: skip

ANSWERS = {"rotate": ROTATE, "sinusoidal": SINUSOIDAL}
