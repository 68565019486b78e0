"""Exercise 6.1.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_1.exercise_6_1_1_rollout import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "at once": """
def rollout(weights):
    halves = 0.5 * np.eye(weights.shape[-1]) + 0.5 * np.mean(weights, axis=1)
    return halves[0] if len(halves) == 1 else np.linalg.multi_dot(halves[::-1])
""",
        "loops": """
def rollout(weights):
    blocks, heads, n, _ = weights.shape
    flow = [[float(i == j) for j in range(n)] for i in range(n)]
    for l in range(blocks):
        mean = [[sum(weights[l, h, i, j] for h in range(heads)) / heads
                 for j in range(n)] for i in range(n)]
        flow = [[0.5 * flow[i][j] + 0.5 * sum(mean[i][k] * flow[k][j] for k in range(n))
                 for j in range(n)] for i in range(n)]
    return np.array(flow)
""",
        "torch": """
def rollout(weights):
    mean = weights.mean(dim=1)
    around = torch.eye(weights.shape[-1], dtype=weights.dtype)
    flow = around
    for layer in mean:
        flow = torch.lerp(around, layer, 0.5) @ flow
    return flow
""",
        "library": """
def rollout(weights):
    from qkv_lib.measures import maps
    return maps.rollout(list(weights))
""",
    },
    edits=(
        ("reversed-blocks", "in weights", "in weights[::-1]"),
        ("reversed-blocks", "(np.eye(n) + layer.mean(axis=0)) / 2 @ flow",
         "flow @ (np.eye(n) + layer.mean(axis=0)) / 2"),
        ("reversed-blocks", "[::-1]", "", "at once"),
        ("no-residual", "(np.eye(n) + layer.mean(axis=0)) / 2", "layer.mean(axis=0)"),
        ("not-halved", " / 2", ""),
        ("not-halved", "0.5 * ", "", "at once"),
        ("residual-once", "(np.eye(n) + layer.mean(axis=0)) / 2 @ flow\n    return flow",
         "layer.mean(axis=0) @ flow\n    return (np.eye(n) + flow) / 2"),
        ("last-block-only", "weights:", "weights[-1:]:"),
        ("first-block-only", "mean:", "mean[:1]:", "torch"),
        ("blocks-averaged", "    return halves[0] if len(halves) == 1 else "
         "np.linalg.multi_dot(halves[::-1])", "    return halves.mean(0)", "at once"),
        ("elementwise", "    return halves[0] if len(halves) == 1 else "
         "np.linalg.multi_dot(halves[::-1])", "    return halves.prod(0)", "at once"),
        ("heads-summed", "layer.mean", "layer.sum"),
        ("heads-summed", " / heads\n", "\n", "loops"),
        ("heads-maximum", "layer.mean", "layer.max"),
        ("heads-maximum", "weights.mean(dim=1)", "weights.amax(dim=1)", "torch"),
        ("first-head-only", "weights.mean(dim=1)", "weights[:, 0]", "torch"),
        ("head-by-head", "layer.mean(axis=0)) / 2 @ flow\n    return flow",
         "layer) / 2 @ flow\n    return flow.mean(axis=0)"),
        ("transposed", "weights[l, h, i, j]", "weights[l, h, j, i]", "loops"),
        ("first-row-only", "return flow", "return flow[0]"),
    ),
)  # fmt: skip
