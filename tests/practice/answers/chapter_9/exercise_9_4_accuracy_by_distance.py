"""Exercise 9.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_9.exercise_9_4_accuracy_by_distance import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "digitize": """
def accuracy_by_distance(right, distance, bounds):
    bins = np.digitize(distance, bounds)
    return np.array([right[bins == b].mean() for b in range(1, len(bounds))])
""",
        "loops": """
def accuracy_by_distance(right, distance, bounds):
    hits, asked = [0] * (len(bounds) - 1), [0] * (len(bounds) - 1)
    for good, far in zip(right, distance):
        for b in range(len(hits)):
            if bounds[b] <= far < bounds[b + 1]:
                asked[b] += 1
                hits[b] += int(good)
    return np.array([h / a for h, a in zip(hits, asked)])
""",
        "torch": """
def accuracy_by_distance(right, distance, bounds):
    bins = torch.bucketize(distance, bounds, right=True)
    shares = [right[bins == b].double().mean() for b in range(1, len(bounds))]
    return torch.stack(shares)
""",
    },
    edits=(
        ("counts", "right[inside].mean()", "right[inside].sum()"),
        ("share-of-all", "right[inside].mean()", "right[inside].sum() / len(right)"),
        ("share-of-right", "right[inside].mean()", "right[inside].sum() / right.sum()"),
        ("error", "right[inside].mean()", "1 - right[inside].mean()"),
        ("right-edge", "distance < bounds", "distance <= bounds"),
        ("left-edge", ", right=True", "", "torch"),
        ("left-edge", "bounds[b] <= far < bounds", "bounds[b] < far <= bounds", "loops"),
        ("cumulative", "bins == b", "bins <= b", "digitize"),
        ("no-upper-bound", "bins == b", "bins >= b", "digitize"),
        ("reversed", "return found", "return found[::-1]"),
        ("overall", "right[inside]", "right"),
        ("percent", "right[inside].mean()", "100 * right[inside].mean()"),
        ("different", "right[inside].mean()", "right[inside][1:].mean()"),
    ),
)  # fmt: skip
