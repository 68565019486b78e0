"""Exercise 8.1.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8_1.exercise_8_1_2_absorbed_scores import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "einsum": """
def absorbed_scores(query, latent, up_key):
    mapped = np.einsum("...hnd,hcd->...hnc", query, up_key)
    return np.einsum("...hnc,...mc->...hnm", mapped, latent) / math.sqrt(query.shape[-1])
""",
        "built": """
def absorbed_scores(query, latent, up_key):
    key = latent[..., None, :, :] @ up_key
    return query @ key.swapaxes(-1, -2) * query.shape[-1] ** -0.5
""",
        "torch": """
def absorbed_scores(query, latent, up_key):
    scores = query @ up_key.mT @ latent.unsqueeze(-3).mT
    return scores / query.shape[-1] ** 0.5
""",
    },
    edits=(
        ("not-scaled", " / math.sqrt(query.shape[-1])", "", "einsum"),
        ("scaled-by-the-latent", "math.sqrt(query.shape[-1])", "math.sqrt(latent.shape[-1])",
         "einsum"),
        ("divided-by-d", " ** 0.5", "", "torch"),
        ("multiplied", " ** -0.5", " ** 0.5", "built"),
        ("scaled-twice", "query.shape[-1] ** 0.5",
         "(query.shape[-1] * latent.shape[-1]) ** 0.5"),
        ("one-map-for-all", "up_key.swapaxes", "up_key[:1].swapaxes"),
        ("maps-averaged", "up_key.mT", "up_key.mean(0).mT", "torch"),
        ("weights-returned", "return scores / query.shape[-1] ** 0.5",
         "return (scores / query.shape[-1] ** 0.5).softmax(-1)", "torch"),
        ("negated", "return query", "return -query", "built"),
        ("different", "return scores /", "return 2 * scores /", "torch"),
    ),
)  # fmt: skip
