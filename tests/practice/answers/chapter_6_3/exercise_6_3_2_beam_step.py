"""Exercise 6.3.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_3.exercise_6_3_2_beam_step import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def beam_step(totals, log_p):
    result = np.empty_like(totals)
    for index in np.ndindex(totals.shape[:-1]):
        found = [
            total + p for total, law in zip(totals[index], log_p[index]) for p in law
        ]
        result[index] = sorted(found, reverse=True)[: totals.shape[-1]]
    return result
""",
        "torch": """
def beam_step(totals, log_p):
    candidates = totals[..., None] + log_p
    return torch.topk(candidates.flatten(-2), totals.shape[-1]).values
""",
    },
    edits=(
        ("totals-ignored", "totals[..., None] + log_p", "log_p"),
        ("logarithms-multiplied", "total + p", "total * p", "loops"),
        ("probabilities-added", "totals[..., None] + log_p",
         "np.logaddexp(totals[..., None], log_p)"),
        ("logarithms-subtracted", "totals[..., None] + log_p", "log_p - totals[..., None]"),
        ("one-child-a-beam", "candidates.flatten(-2)", "candidates.amax(dim=-1)", "torch"),
        ("first-beam-only", "row = candidates", "row = candidates[..., :1, :]"),
        ("smallest-kept", "[..., ::-1]", ""),
        ("smallest-kept", ", reverse=True", "", "loops"),
        ("best-last", "[..., ::-1][..., :k]", "[..., -k:]"),
        ("divided-by-two", "totals[..., None] + log_p", "(totals[..., None] + log_p) / 2"),
    ),
)  # fmt: skip
