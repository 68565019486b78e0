"""Exercise 2.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_2.exercise_2_4_matching_keys import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "from the scores": """
def matching_keys(query, key, new_query):
    scores = query @ key.swapaxes(-1, -2)
    return (np.linalg.pinv(new_query) @ scores).swapaxes(-1, -2)
""",
        "normal equations": """
def matching_keys(query, key, new_query):
    old = query.swapaxes(-1, -2)
    G = np.linalg.solve(old @ query, old @ new_query)
    return np.linalg.solve(G, key.swapaxes(-1, -2)).swapaxes(-1, -2)
""",
        "torch": """
def matching_keys(query, key, new_query):
    G = torch.linalg.lstsq(query, new_query).solution
    return torch.linalg.solve(G.mT, key, left=False)
""",
    },
    edits=(
        ("no-transpose", ".swapaxes(-1, -2)", ""),
        ("no-transpose", "G.mT", "G", "torch"),
        ("no-inverse", "np.linalg.inv(G)", "G"),
        ("turned-alike", "np.linalg.inv(G).swapaxes(-1, -2)", "G"),
        ("keys-left-alone", "key @ np.linalg.inv(G).swapaxes(-1, -2)", "key"),
        ("sign", "key @", "-key @"),
        ("elementwise-inverse", "np.linalg.inv(G)", "(1 / G)"),
        ("returns-G", "key @ np.linalg.inv(G).swapaxes(-1, -2)", "G"),
        ("returns-scores", "(np.linalg.pinv(new_query) @ scores).swapaxes(-1, -2)", "scores",
         "from the scores"),
        ("no-inverse", "np.linalg.pinv(query) @ new_query", "np.linalg.pinv(new_query) @ query"),
        ("factor", "np.linalg.inv(G)", "np.linalg.inv(2 * G)"),
    ),
)  # fmt: skip
