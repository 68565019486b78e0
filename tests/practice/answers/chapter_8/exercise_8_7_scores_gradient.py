"""Exercise 8.7: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_7_scores_gradient import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "einsum": """
def scores_gradient(query, key, value, output, logsumexp, gradient):
    scores = np.einsum("...nd,...md->...nm", query, key) / math.sqrt(query.shape[-1])
    a = np.exp(scores - logsumexp[..., None])
    dA = np.einsum("...ne,...me->...nm", gradient, value)
    mean = np.einsum("...nm,...nm->...n", a, dA)
    return a * (dA - mean[..., None])
""",
        "torch": """
def scores_gradient(query, key, value, output, logsumexp, gradient):
    a = torch.exp(query @ key.mT / query.shape[-1] ** 0.5 - logsumexp.unsqueeze(-1))
    D = (gradient * output).sum(-1, keepdim=True)
    return a * (gradient @ value.mT - D)
""",
    },
    edits=(
        ("mean-forgotten", " - D)", ")", "torch"),
        ("weights-forgotten", "return a * (dA - mean[..., None])", "return dA - mean[..., None]",
         "einsum"),
        ("mean-not-weighted", 'np.einsum("...nm,...nm->...n", a, dA)', "dA.mean(-1)", "einsum"),
        ("sum-not-weighted", 'np.einsum("...nm,...nm->...n", a, dA)', "dA.sum(-1)", "einsum"),
        ("mean-added", "- D)", "+ D)", "torch"),
        ("mean-outside", "(dA - mean[..., None])", "dA - mean[..., None]", "einsum"),
        ("one-mean-for-all", "sum(-1, keepdim=True)", "sum((-1, -2), keepdim=True)", "torch"),
        ("scaled-twice", "return a * (gradient @ value.mT - D)",
         "return a * (gradient @ value.mT - D) / query.shape[-1] ** 0.5", "torch"),
        ("negated", "return a *", "return -a *", "torch"),
        ("at-the-weights", "return a * (dA - mean[..., None])", "return dA", "einsum"),
        ("weights-squared", "return a *", "return a * a *", "torch"),
        ("different", "return a *", "return 3 * a *", "torch"),
    ),
)  # fmt: skip
