"""Exercise 9.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_9.exercise_9_2_offset_scores import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def offset_scores(places, offset, strength):
    n = places.shape[-1]
    scores = np.zeros((*places.shape, n), dtype=places.dtype)
    for i in range(n):
        for j in range(n):
            scores[..., i, j] = -strength * (places[..., j] - places[..., i] - offset) ** 2
    return scores
""",
        "features": """
def offset_scores(places, offset, strength):
    d = places[..., None, :] - places[..., :, None]
    return -strength * (d * d - 2 * offset * d + offset * offset)
""",
        "torch": """
def offset_scores(places, offset, strength):
    distance = places.unsqueeze(-2) - places.unsqueeze(-1)
    return -strength * torch.square(distance - offset)
""",
    },
    edits=(
        ("wrong-way", "distance - offset", "distance + offset"),
        ("wrong-way", "places[..., None, :] - places[..., :, None]",
         "places[..., :, None] - places[..., None, :]"),
        ("offset-ignored", " - offset", ""),
        ("positive", "-(", "("),
        ("not-squared", "torch.square", "torch.abs", "torch"),
        ("signed", " ** 2", ""),
        ("strength-ignored", "strength * ", ""),
        ("strength-squared", "strength * (distance - offset) ** 2",
         "(strength * (distance - offset)) ** 2"),
        ("divided-by-strength", "-strength * torch", "-1 / strength * torch", "torch"),
        ("weights", "return -(strength * (distance - offset) ** 2)",
         "return qkv_lib.softmax(-(strength * (distance - offset) ** 2))"),
        ("exponentiated", "return -(strength * (distance - offset) ** 2)",
         "return np.exp(-(strength * (distance - offset) ** 2))"),
        ("different", "2 * offset", "offset", "features"),
    ),
)  # fmt: skip
