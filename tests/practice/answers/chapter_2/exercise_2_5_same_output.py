"""Exercise 2.5: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def turn(query, key, M):
    return query @ M, key @ np.linalg.inv(M).T
""",
        "solve": """
def turn(query, key, M):
    return query @ M, np.linalg.solve(M, key.swapaxes(-1, -2)).swapaxes(-1, -2)
""",
        "singular values": """
def turn(query, key, M):
    left, stretch, right = np.linalg.svd(M)
    return query @ M, key @ (left / stretch @ right)
""",
        "torch": """
def turn(query, key, M):
    return query @ M, torch.linalg.solve(M.mT, key, left=False)
""",
    },
    edits=(
        ("no-transpose", ".T", ""),
        ("no-transpose", "M.mT", "M", "torch"),
        ("no-inverse", "np.linalg.inv(M).T", "M.T"),
        ("turned-alike", "np.linalg.inv(M).T", "M"),
        ("keys-left-alone", "key @ np.linalg.inv(M).T", "key"),
        ("turned-back", "query @ M", "query"),
        ("nothing-turned", "query @ M, key @ np.linalg.inv(M).T", "query, key"),
        ("roles-swapped", "query @ M, key @ np.linalg.inv(M).T",
         "query @ np.linalg.inv(M).T, key @ M"),
        ("order-swapped", "query @ M, key @ np.linalg.inv(M).T",
         "key @ np.linalg.inv(M).T, query @ M"),
        ("transposed-M", "    return", "    M = M.T\n    return"),
        ("sign", "np.linalg.inv(M).T", "-np.linalg.inv(M).T"),
        ("elementwise-inverse", "np.linalg.inv(M)", "(1 / M)"),
        ("scores-moved", "left / stretch @ right", "left / stretch**2 @ right", "singular values"),
        ("different", "    return", "    M = 2 * M\n    return"),
    ),
)  # fmt: skip
