"""Exercise 3.3: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_3.exercise_3_3_padding_mask import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def padding_mask(lengths, n_keys):
    mask = np.zeros((len(lengths), 1, 1, n_keys), dtype=bool)
    for b, length in enumerate(lengths):
        mask[b, :, :, :length] = True
    return mask
""",
        "torch": """
def padding_mask(lengths, n_keys):
    return (torch.arange(n_keys) < lengths.unsqueeze(-1)).unflatten(0, (-1, 1, 1))
""",
        "library": """
def padding_mask(lengths, n_keys):
    return qkv_lib.padding_mask(lengths, n_keys)
""",
    },
    edits=(
        ("inverted-mask", "<", ">="),
        ("one-too-many", "<", "<="),
        ("one-too-few", "lengths[:, None]", "lengths[:, None] - 1"),
        ("wrong-end", "np.arange(n_keys)", "np.arange(n_keys)[::-1]"),
        ("longest-for-all", "lengths[:, None]", "np.full_like(lengths, max(lengths))[:, None]"),
        ("all-allowed", "lengths[:, None]", "np.inf * np.ones((len(lengths), 1))"),
        ("last-only", "< lengths[:, None]", "== lengths[:, None] - 1"),
        ("two-axes", "mask[:, None, None, :]", "mask"),
        ("three-axes", "mask[:, None, None, :]", "mask[:, None]"),
        ("masks-queries", "mask[:, None, None, :]", "mask[:, None, :, None]"),
        ("additive-mask", "return mask[:, None, None, :]",
         "return np.where(mask[:, None, None, :], 0, -np.inf)"),
        ("dtype", "return mask[:, None, None, :]", "return mask[:, None, None, :].astype(int)"),
    ),
)  # fmt: skip
