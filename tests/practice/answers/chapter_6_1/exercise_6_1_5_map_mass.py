"""Exercise 6.1.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_1.exercise_6_1_5_map_mass import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "shares": """
def map_mass(maps, coverage):
    shares = maps / maps.sum(axis=-1, keepdims=True)
    return np.einsum("...np,np->...n", shares, coverage)
""",
        "loops": """
def map_mass(maps, coverage):
    mass = np.zeros(maps.shape[:-1])
    for index in np.ndindex(mass.shape):
        a, c = maps[index], coverage[index[-1]]
        mass[index] = sum(x * y for x, y in zip(a, c)) / sum(a)
    return mass
""",
        "average": """
def map_mass(maps, coverage):
    boxes = np.broadcast_to(coverage, maps.shape)
    return np.average(boxes, weights=maps, axis=-1)
""",
        "torch": """
def map_mass(maps, coverage):
    return torch.sum(maps * coverage, dim=-1) / torch.sum(maps, dim=-1)
""",
    },
    edits=(
        ("not-divided", " / maps.sum(axis=-1)", ""),
        ("not-divided", " / maps.sum(axis=-1, keepdims=True)", "", "shares"),
        ("divided-by-coverage", "inside / maps", "inside / coverage"),
        ("divided-by-coverage", " / sum(a)", " / sum(c)", "loops"),
        ("divided-by-coverage", "np.average(boxes, weights=maps",
         "np.average(maps, weights=boxes", "average"),
        ("divided-by-patches", "maps.sum(axis=-1)", "maps.shape[-1]"),
        ("divided-by-maximum", "maps.sum(axis=-1)", "maps.max(axis=-1)"),
        ("outside", "maps * coverage", "maps * (1 - coverage)"),
        ("area", ", weights=maps", "", "average"),
        ("half-counts-whole", "* coverage", "* (coverage >= 0.5)"),
        ("touched-counts-whole", "* coverage", "* (coverage > 0)"),
        ("rim-left-out", "* coverage", "* (coverage == 1)"),
        ("hits", "np.average(boxes, weights=maps, axis=-1)",
         "1.0 * (np.take_along_axis(boxes, maps.argmax(-1)[..., None], -1)[..., 0] >= 0.5)",
         "average"),
        ("coverage-squared", "* coverage", "* coverage**2"),
        ("map-squared", "    inside", "    maps = maps**2\n    inside"),
        ("all-images-together", "torch.sum(maps, dim=-1)", "torch.sum(maps)", "torch"),
        ("averaged", "return inside / maps.sum(axis=-1)",
         "return (inside / maps.sum(axis=-1)).mean(axis=-1)"),
        ("over-images", "axis=-1", "axis=-2"),
    ),
)  # fmt: skip
