"""Exercise 6.3.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_3.exercise_6_3_1_alignment_share import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def alignment_share(weights, start, stop):
    shares = np.empty(weights.shape[:-2])
    for index in np.ndindex(shares.shape):
        hits = []
        for row, i, j in zip(weights[index], start[index], stop[index]):
            if i < j:
                hits.append(int(np.argmax(row)) in range(i, j))
        shares[index] = sum(hits) / len(hits)
    return shares
""",
        "one line": """
def alignment_share(weights, start, stop):
    place, counts = np.argmax(weights, -1), stop > start
    return np.mean((place >= start) & (place < stop), -1, where=counts)
""",
        "torch": """
def alignment_share(weights, start, stop):
    place = torch.argmax(weights, dim=-1)
    hit = (start <= place) & (place < stop)
    return hit.double().sum(dim=-1) / (start < stop).double().sum(dim=-1)
""",
    },
    edits=(
        ("stop-included", "place < stop", "place <= stop"),
        ("stop-included", "range(i, j)", "range(i, j + 1)", "loops"),
        ("start-excluded", "start <= place", "start < place"),
        ("first-place-only", "hit = (start <= place) & (place < stop)", "hit = place == start",
         "torch"),
        ("last-place-only", "in range(i, j)", "== j - 1", "loops"),
        ("mass-for-hits", "int(np.argmax(row)) in range(i, j)", "row[i:j].sum()", "loops"),
        ("smallest-weight", "argmax", "argmin"),
        ("smallest-weight", "np.argmax(weights", "np.argmax(-weights", "one line"),
        ("largest-over-queries", "argmax(axis=-1)", "argmax(axis=-2)"),
        ("separators-count", "where=counts", "where=True", "one line"),
        ("count-for-share", " / len(hits)", "", "loops"),
        ("misses-for-hits", "(hit & counts)", "(~hit & counts)"),
        ("all-sequences-at-once", "axis=-1) / counts.sum(axis=-1)", ") / counts.sum()"),
    ),
)  # fmt: skip
