"""Exercise 2.2: right answers in several styles, and edits with one mistake each."""

from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": """
def temperature_weights(query, key, temperature):
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    scores = scores / temperature
    top = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return top / top.sum(axis=-1, keepdims=True)
""",
        "power": """
def temperature_weights(query, key, temperature):
    steps = qkv_lib.attention_steps(query, key, key)
    powers = steps.weights ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)
""",
        "torch": """
def temperature_weights(query, key, temperature):
    return torch.softmax(query @ key.mT / (temperature * query.shape[-1] ** 0.5), dim=-1)
""",
        "library": """
def temperature_weights(query, key, temperature):
    return qkv_lib.softmax(qkv_lib.formula.scoring.scaled_dot(query / temperature, key))
""",
    },
    edits=(
        ("temperature-multiplies", "scores / temperature", "scores * temperature"),
        ("temperature-ignored", "scores / temperature", "scores"),
        ("temperature-ignored", "/ temperature", "- temperature"),
        ("temperature-after-softmax", "query / temperature, key))", "query, key)) / temperature",
         "library"),
        ("temperature-as-power", "powers / powers.sum(axis=-1, keepdims=True)", "powers", "power"),
        ("temperature-squared", "/ temperature", "/ temperature**2"),
        ("temperature-under-root", "(temperature * query.shape[-1] ** 0.5)",
         "(temperature * query.shape[-1]) ** 0.5", "torch"),
        ("no-scaling", " / np.sqrt(query.shape[-1])", ""),
        ("divided-by-d_k", "np.sqrt(query.shape[-1])", "query.shape[-1]"),
        ("root-of-n_keys", "query.shape[-1] **", "key.shape[-2] **", "torch"),
        ("softmax-over-queries", "axis=-1", "axis=-2"),
        ("softmax-over-everything", "axis=-1, keepdims=True", ""),
        ("not-normalised", " - scores.max(axis=-1, keepdims=True))\n"
         "    return top / top.sum(axis=-1, keepdims=True)", ")\n    return top"),
        ("overflow", " - scores.max(axis=-1, keepdims=True)", ""),
        ("global-maximum", "scores.max(axis=-1, keepdims=True)", "scores.max()"),
        ("no-softmax", "return top / top.sum(axis=-1, keepdims=True)", "return scores"),
        ("rows-do-not-sum-to-1", "return top", "return 0.9 * top"),
        ("different", "/ temperature", "/ max(temperature, 1.0)"),
        ("in-place", "    scores = query", "    query /= 2\n    scores = 2 * query"),
    ),
)  # fmt: skip
