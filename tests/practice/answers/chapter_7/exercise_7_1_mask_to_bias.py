"""Exercise 7.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_7.exercise_7_1_mask_to_bias import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "filled": """
def mask_to_bias(mask, query):
    bias = np.zeros(mask.shape, dtype=query.dtype)
    bias[~mask] = -np.inf
    return bias
""",
        "torch": """
def mask_to_bias(mask, query):
    bias = torch.zeros(mask.shape, dtype=query.dtype)
    return bias.masked_fill(~mask, float("-inf"))
""",
        "logarithm": """
def mask_to_bias(mask, query):
    return np.log(mask.astype(query.dtype))
""",
    },
    edits=(
        ("inverted-mask", "0.0, -np.inf", "-np.inf, 0.0"),
        ("inverted-mask", "~mask", "mask", "torch"),
        ("inverted-mask", "log(mask.", "log((~mask).", "logarithm"),
        ("one-and-zero", "np.where(mask, 0.0, -np.inf)", "mask"),
        ("minus-one", "-np.inf", "-1.0"),
        ("large-not-infinite", "-np.inf", "-1e9"),
        ("large-not-infinite", "-np.inf", "np.finfo(query.dtype).min"),
        ("zero-times-infinity", "np.where(mask, 0.0, -np.inf)", "(~mask * -np.inf)"),
        ("plus-infinity", "-np.inf", "np.inf"),
        ("plus-infinity", "-inf", "inf", "torch"),
        ("one-and-zero", "np.where(mask, 0.0, -np.inf).astype(query.dtype)", "mask"),
        ("one-for-hidden", "np.where(mask, 0.0, -np.inf)", "(~mask)"),
        ("transposed-mask", ".astype", ".swapaxes(-1, -2).astype"),
        ("all-allowed", "    bias[~mask] = -np.inf\n", "", "filled"),
        ("dtype", "query.dtype", "np.float32"),
        ("different", "-np.inf", "-1e4"),
    ),
)  # fmt: skip
