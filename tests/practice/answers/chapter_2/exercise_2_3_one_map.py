"""Exercise 2.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_2.exercise_2_3_one_map import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def one_map_would_do(scores):
    answer = np.zeros(scores.shape[:-2], dtype=bool)
    for place in np.ndindex(answer.shape):
        s = scores[place]
        if np.allclose(s, s.T):
            answer[place] = all(np.linalg.eigvalsh(s) > -1e-6)
    return answer
""",
        "cholesky": """
def one_map_would_do(scores):
    answer = np.zeros(scores.shape[:-2], dtype=bool)
    for place in np.ndindex(answer.shape):
        try:
            Z = np.linalg.cholesky(scores[place])
        except np.linalg.LinAlgError:
            continue
        answer[place] = np.allclose(Z @ Z.T, scores[place], atol=1e-5)
    return answer
""",
        "torch": """
def one_map_would_do(scores):
    symmetric = torch.isclose(scores, scores.mT).all(-1).all(-1)
    return symmetric & (torch.linalg.eigvalsh(scores).min(-1).values >= 0)
""",
    },
    edits=(
        ("symmetry-only", "symmetric & (lowest >= 0)", "symmetric"),
        ("eigenvalues-only", "symmetric & (lowest >= 0)", "lowest >= 0"),
        ("own-score-positive", "np.linalg.eigvalsh(scores)",
         "np.diagonal(scores, axis1=-2, axis2=-1)"),
        ("own-score-largest", "(lowest >= 0)",
         "(scores.argmax(axis=-1) == np.arange(scores.shape[-1])).all(axis=-1)"),
        ("determinant", "np.linalg.eigvalsh(scores).min(axis=-1)", "np.linalg.det(scores)"),
        ("trace", "eigvalsh(scores).min(axis=-1)", "eigvalsh(scores).sum(axis=-1)"),
        ("no-negative-scores", "np.linalg.eigvalsh(scores).min(axis=-1)",
         "scores.min(axis=(-2, -1))"),
        ("inverted", "return symmetric & (lowest >= 0)", "return ~(symmetric & (lowest >= 0))"),
        ("one-for-all", "return symmetric & (lowest >= 0)",
         "return (symmetric & (lowest >= 0)).all()"),
        ("pairs-only", "    lowest = np.linalg.eigvalsh(scores).min(axis=-1)\n",
         "    own = np.diagonal(scores, axis1=-2, axis2=-1)\n"
         "    room = own[..., :, None] * own[..., None, :] - scores**2\n"
         "    lowest = room.min(axis=(-2, -1)) + 1e-9\n"),
        ("different", "(lowest >= 0)", "(lowest >= 1)"),
    ),
)  # fmt: skip
