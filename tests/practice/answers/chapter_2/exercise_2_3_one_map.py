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
            answer[place] = all(np.linalg.eigvalsh(s) >= -1e-6 * abs(s).max())
    return answer
""",
        "cholesky": """
def one_map_would_do(scores):
    answer = np.zeros(scores.shape[:-2], dtype=bool)
    for place in np.ndindex(answer.shape):
        try:
            s = scores[place] / (abs(scores[place]).max() or 1)
            Z = np.linalg.cholesky(s + 1e-5 * np.eye(len(s)))
        except np.linalg.LinAlgError:
            continue
        answer[place] = np.allclose(Z @ Z.T, s, atol=1e-4)
    return answer
""",
        "torch": """
def one_map_would_do(scores):
    symmetric = torch.isclose(scores, scores.mT).all(-1).all(-1)
    values = torch.linalg.eigvalsh(scores)
    return symmetric & (values.min(-1).values >= -1e-4 * values.abs().max(-1).values)
""",
    },
    edits=(
        ("symmetry-only", "symmetric & (values.min(axis=-1) >= -rounding)", "symmetric"),
        ("eigenvalues-only", "symmetric & (values", "(values"),
        ("no-room-for-rounding", ">= -rounding", ">= 0"),
        ("no-room-for-rounding", ">= -rounding", "> rounding"),
        ("own-score-positive", "np.linalg.eigvalsh(scores)",
         "np.diagonal(scores, axis1=-2, axis2=-1)"),
        ("own-score-largest", "(values.min(axis=-1) >= -rounding)",
         "(scores.argmax(axis=-1) == np.arange(scores.shape[-1])).all(axis=-1)"),
        ("determinant", "values.min(axis=-1) >= -rounding", "np.linalg.det(scores) >= 0"),
        ("trace", "values.min(axis=-1)", "values.sum(axis=-1)"),
        ("no-negative-scores", "values.min(axis=-1) >= -rounding",
         "scores.min(axis=(-2, -1)) >= 0"),
        ("inverted", "return symmetric & (values.min(axis=-1) >= -rounding)",
         "return ~(symmetric & (values.min(axis=-1) >= -rounding))"),
        ("one-for-all", "return symmetric & (values.min(axis=-1) >= -rounding)",
         "return (symmetric & (values.min(axis=-1) >= -rounding)).all()"),
        ("pairs-only", "    values = np.linalg.eigvalsh(scores)\n",
         "    own = np.diagonal(scores, axis1=-2, axis2=-1)\n"
         "    room = own[..., :, None] * own[..., None, :] - scores**2\n"
         "    values = room.min(axis=-1) + 1e-9\n"),
        ("different", ">= -rounding", ">= 1"),
    ),
)  # fmt: skip
