"""Exercise 8.3.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8_3.exercise_8_3_1_delta_step import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "einsum": """
def delta_step(state, query, key, value, strength):
    has = np.einsum("...d,...de->...e", key, state)
    written = np.einsum("...,...d,...e->...de", strength, key, value - has)
    new = state + written
    return np.einsum("...d,...de->...e", query, new), new
""",
        "matrix": """
def delta_step(state, query, key, value, strength):
    outer = strength[..., None, None] * key[..., :, None]
    forget = np.eye(key.shape[-1], dtype=key.dtype) - outer * key[..., None, :]
    new = forget @ state + outer * value[..., None, :]
    return (query[..., None, :] @ new)[..., 0, :], new
""",
        "torch": """
def delta_step(state, query, key, value, strength):
    has = (key.unsqueeze(-2) @ state).squeeze(-2)
    error = strength.unsqueeze(-1) * (value - has)
    new = state + key.unsqueeze(-1) * error.unsqueeze(-2)
    return (query.unsqueeze(-2) @ new).squeeze(-2), new
""",
    },
    edits=(
        ("only-added", "value - has", "value", "einsum"),
        ("strength-forgotten", "strength[..., None] * (value - has)", "value - has"),
        ("strength-on-the-value-only", "strength[..., None] * (value - has)",
         "strength[..., None] * value - has"),
        ("strength-on-the-old-only", "outer * value[..., None, :]",
         "key[..., :, None] * value[..., None, :]", "matrix"),
        ("strength-twice", "strength.unsqueeze(-1) *", "strength.unsqueeze(-1) ** 2 *", "torch"),
        ("past-forgotten", "state + written", "written", "einsum"),
        ("error-negated", "(value - has)", "(has - value)", "torch"),
        ("old-value-added", "value - has", "value + has", "einsum"),
        ("read-before-writing", "query, new), new", "query, state), new", "einsum"),
        ("error-of-the-query", "key, state)", "query, state)", "einsum"),
        ("read-with-the-key", "(query[..., None, :] @ new)", "(key[..., None, :] @ new)", "matrix"),
        ("different", "state + written", "state + 2 * written", "einsum"),
    ),
)  # fmt: skip
