"""Exercise 8.2.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8_2.exercise_8_2_2_sink_weights import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "one more key": """
def sink_weights(scores, sink):
    column = np.broadcast_to(sink[:, None, None], scores.shape[:-1] + (1,))
    both = np.concatenate([column, scores], axis=-1)
    powers = np.exp(both - both.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True))[..., 1:]
""",
        "torch": """
def sink_weights(scores, sink):
    column = sink[:, None, None].expand(*scores.shape[:-1], 1)
    return torch.cat([scores, column], dim=-1).softmax(dim=-1)[..., :-1]
""",
        "log-sum-exp": """
def sink_weights(scores, sink):
    beta = np.broadcast_to(sink[:, None, None], scores.shape[:-1] + (1,))
    total = np.logaddexp.reduce(np.concatenate([scores, beta], -1), axis=-1, keepdims=True)
    return np.exp(scores - total)
""",
    },
    edits=(
        ("plus-one", "sink[:, None, None]", "0 * sink[:, None, None]"),
        ("one-sink", "sink[:, None, None]", "sink[:1, None, None]", "one more key"),
        ("sink-negated", "sink[:, None, None]", "-sink[:, None, None]", "torch"),
        ("sink-not-shifted", "np.exp(beta - peak)", "np.exp(beta)"),
        ("not-exponentiated", "np.exp(beta - peak)", "beta * np.exp(-peak)"),
        ("sink-above-too", "return powers /", "return (powers + np.exp(beta - peak)) /"),
        ("sink-per-key", "(np.exp(beta - peak) + powers.sum(axis=-1, keepdims=True))",
         "(np.exp(beta - peak) + powers).sum(axis=-1, keepdims=True)"),
        ("subtracted", "(np.exp(beta - peak) + powers.sum(axis=-1, keepdims=True))",
         "(powers.sum(axis=-1, keepdims=True) - np.exp(beta - peak))"),
        ("peak-of-the-scores", "np.maximum(scores.max(axis=-1, keepdims=True), beta)",
         "scores.max(axis=-1, keepdims=True)"),
        ("different", "return powers /", "return 2 * powers /"),
    ),
)  # fmt: skip
