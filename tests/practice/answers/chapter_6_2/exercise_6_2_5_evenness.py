"""Exercise 6.2.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_2.exercise_6_2_5_evenness import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def evenness(weights):
    result = np.zeros(weights.shape[:-1])
    for index in np.ndindex(result.shape):
        row = weights[index]
        result[index] = sum(-a * math.log(a, len(row)) for a in row if a > 0)
    return result
""",
        "tiny": """
def evenness(weights):
    top = np.log(weights.shape[-1])
    return np.sum(weights * -np.log(weights + 1e-30), axis=-1) / top
""",
        "torch": """
def evenness(weights):
    total = torch.special.entr(weights).sum(dim=-1)
    return total / math.log(weights.shape[-1])
""",
        "xlogy": """
def evenness(weights):
    n = weights.shape[-1]
    return -torch.xlogy(weights, weights).sum(-1) / math.log(n)
""",
    },
    edits=(
        ("zero-weights", "np.log(np.where(weights > 0, weights, 1.0))", "np.log(weights)"),
        ("zero-weights", " + 1e-30", "", "tiny"),
        ("not-divided", " / np.log(weights.shape[-1])", ""),
        ("not-divided", " / math.log(n)", "", "xlogy"),
        ("not-divided", "math.log(a, len(row))", "math.log(a)", "loops"),
        ("bits", "math.log(a, len(row))", "math.log2(a)", "loops"),
        ("two-logarithms", "/ np.log(", "/ np.log2("),
        ("two-logarithms", "np.log(np.where", "np.log2(np.where"),
        ("negative", "return -(", "return ("),
        ("negative", "return -torch", "return torch", "xlogy"),
        ("divided-by-n", "np.log(weights.shape[-1])", "weights.shape[-1]"),
        ("mean-for-sum", ".sum(dim=-1)", ".mean(dim=-1)", "torch"),
        ("logarithm-of-queries", "n = weights.shape[-1]", "n = weights.shape[-2]", "xlogy"),
        ("over-queries", "axis=-1", "axis=-2"),
        ("only-seen-keys", "weights.shape[-1]", "(weights > 0).sum(-1)"),
        ("one-minus", "return -(", "return 1 + ("),
        ("perplexity", "return total / math.log(weights.shape[-1])",
         "return total.exp() / weights.shape[-1]", "torch"),
        ("without-weights", "(weights * logs)", "logs"),
        ("squares", "    logs = np.log(np.where(weights > 0, weights, 1.0))\n"
         "    return -(weights * logs).sum(axis=-1) / np.log(weights.shape[-1])",
         "    return 1 - (weights**2).sum(axis=-1)"),
        ("averaged", "total / math", "total.mean(-1) / math", "torch"),
        ("different", "+ 1e-30", "+ 1e-3", "tiny"),
    ),
)  # fmt: skip
