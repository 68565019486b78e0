"""Exercise 1.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_1.exercise_1_2_soft_lookup import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def soft_lookup(query, keys, values, temperature):
    scores = [sum(a * b for a, b in zip(query, key)) / temperature for key in keys]
    powers = [math.exp(score - max(scores)) for score in scores]
    return sum(power / sum(powers) * value for power, value in zip(powers, values))
""",
        "torch": """
def soft_lookup(query, keys, values, temperature):
    return torch.softmax(keys @ query / temperature, dim=0) @ values
""",
        "library": """
def soft_lookup(query, keys, values, temperature):
    return qkv_lib.attention(query[None], keys, values, scale=1 / temperature)[0]
""",
    },
    edits=(
        ("temperature-multiplies", "/ temperature", "* temperature"),
        ("temperature-ignored", " / temperature", ""),
        ("temperature-too-late", "query / temperature, dim=0)", "query, dim=0) / temperature",
         "torch"),
        ("temperature-squared", "/ temperature", "/ temperature**2"),
        ("not-normalised", "np.exp(scores - peak)\n    weights = weights / weights.sum()",
         "np.exp(scores)"),
        ("divided-by-n", "weights @ values", "(weights[:, None] * values).mean(0)"),
        ("negative-exponent", "keys @ query", "-keys @ query"),
        ("no-exponential", "np.exp(scores - peak)", "scores"),
        ("hard", "weights @ values", "values[weights.argmax()]"),
        ("uniform", "weights @ values", "values.mean(axis=0)"),
        ("overflow", "scores - peak", "scores"),
        ("root-of-width", "/ temperature", "/ temperature / np.sqrt(len(query))"),
        ("returns-weights", "weights @ values", "weights"),
        ("sums-keys", "weights @ values", "weights @ keys"),
        ("matches-values", "keys @ query", "values @ query"),
        ("distance", "keys @ query", "-np.linalg.norm(keys - query, axis=1)"),
        ("keeps-the-axis", "scale=1 / temperature)[0]", "scale=1 / temperature)", "library"),
        ("outside-the-values", "weights @ values", "1.5 * values.max(0) + weights @ values"),
        ("different", "/ temperature", "/ max(temperature, 1.0)"),
        ("in-place", "    scores = keys @ query", "    query -= 0.1\n    scores = keys @ query"),
    ),
)  # fmt: skip
