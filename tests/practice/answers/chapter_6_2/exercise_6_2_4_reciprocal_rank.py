"""Exercise 6.2.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_2.exercise_6_2_4_reciprocal_rank import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "sorted": """
def reciprocal_rank(similarity, right):
    order = np.argsort(-similarity, axis=-1)
    rank = np.argmax(order == right[:, None], axis=-1) + 1
    return np.mean(1.0 / rank, axis=-1)
""",
        "loops": """
def reciprocal_rank(similarity, right):
    result = np.zeros(similarity.shape[:-2])
    for index in np.ndindex(result.shape):
        found = []
        for row, c in zip(similarity[index], right):
            place = sorted(row, reverse=True).index(row[c])
            found.append(1 / (place + 1))
        result[index] = sum(found) / len(found)
    return result
""",
        "twice": """
def reciprocal_rank(similarity, right):
    place = (-similarity).argsort(-1).argsort(-1)
    place = np.take_along_axis(place, np.broadcast_to(right[:, None], (*place.shape[:-1], 1)), -1)
    return (1 / (1 + place)).mean((-2, -1))
""",
        "torch": """
def reciprocal_rank(similarity, right):
    own = similarity[..., torch.arange(len(right)), right].unsqueeze(-1)
    rank = 1 + (similarity > own).sum(-1)
    return rank.double().reciprocal().mean(-1)
""",
    },
    edits=(
        ("mean-before-reciprocal", "(1 / rank).mean(axis=-1)", "1 / rank.mean(axis=-1)"),
        ("mean-before-reciprocal", ".reciprocal().mean(-1)", ".mean(-1).reciprocal()", "torch"),
        ("mean-rank", "(1 / rank)", "rank"),
        ("first-only", "1 / rank", "rank == 1"),
        ("sum", ").mean(axis=-1)", ").sum(axis=-1)"),
        ("sum", " / len(found)", "", "loops"),
        ("counts-itself", ">", ">="),
        ("counts-from-0", "1 + ", ""),
        ("counts-from-0", " + 1\n", "\n", "sorted"),
        ("worst-first", ">", "<"),
        ("worst-first", "-similarity", "similarity", "sorted"),
        ("worst-first", ", reverse=True", "", "loops"),
        ("order-for-rank", ".argsort(-1).argsort(-1)", ".argsort(-1)", "twice"),
        ("among-queries", "(similarity > own[..., None]).sum(axis=-1)",
         "(similarity[..., right] > own[..., None, :]).sum(axis=-2)"),
        ("diagonal", "    own", "    right = np.arange(len(right))\n    own"),
        ("diagonal", "zip(similarity[index], right)", "zip(similarity[index], range(len(right)))",
         "loops"),
        ("discounted", "1 / rank", "1 / np.log2(1 + rank)"),
        ("similarity", "    return (1 / rank).mean", "    return own.mean"),
        ("not-averaged", ".mean(-1)", "", "torch"),
        ("searches-averaged", ".mean((-2, -1))", ".mean()", "twice"),
        ("different", "1 + (", "1.5 + ("),
    ),
)  # fmt: skip
