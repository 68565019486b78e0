"""Exercise 8.5: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_5_linear_step import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "einsum": """
def linear_step(state, total, query, key, value):
    from qkv_lib.variants.linear import elu_plus_one as phi
    q, k = phi(query), phi(key)
    new = state + np.einsum("...d,...e->...de", k, value)
    seen = total + k
    above = np.einsum("...d,...de->...e", q, new)
    return above / np.einsum("...d,...d->...", q, seen)[..., None], new, seen
""",
        "torch": """
def linear_step(state, total, query, key, value):
    q, k = F.elu(query) + 1, F.elu(key) + 1
    state, total = state + k.unsqueeze(-1) * value.unsqueeze(-2), total + k
    output = (q.unsqueeze(-2) @ state).squeeze(-2)
    return output / (q * total).sum(-1, keepdim=True), state, total
""",
    },
    edits=(
        ("read-before-writing", """
    state = state + k[..., :, None] * value[..., None, :]
    total = total + k
    output = (q[..., None, :] @ state)[..., 0, :]
    return output / (q * total).sum(-1)[..., None], state, total""", """
    output = (q[..., None, :] @ state)[..., 0, :] / (q * total).sum(-1)[..., None]
    state = state + k[..., :, None] * value[..., None, :]
    return output, state, total + k"""),
        ("not-normalised", " / (q * total).sum(-1)[..., None]", ""),
        ("divided-by-the-sum", "(q * total)", "total"),
        ("divided-by-the-old-total", "q, seen)[", "q, total)[", "einsum"),
        ("query-without-features", "phi(query)", "query", "einsum"),
        ("key-without-features", "phi(key)", "key", "einsum"),
        ("no-features", "F.elu(query) + 1, F.elu(key) + 1", "query, key", "torch"),
        ("exponential-features", "F.elu(query) + 1, F.elu(key) + 1", "query.exp(), key.exp()",
         "torch"),
        ("past-forgotten", "state + k.unsqueeze(-1) * value.unsqueeze(-2), total + k",
         "k.unsqueeze(-1) * value.unsqueeze(-2), k", "torch"),
        ("total-not-updated", "total + k", "total", "torch"),
        ("query-in-the-state", "phi(key)", "phi(query)", "einsum"),
        ("query-key-swapped", "q, k =", "k, q =", "einsum"),
        ("in-place", "state = state + k", "state += k"),
        ("different", "return above", "return 2 * above", "einsum"),
    ),
)  # fmt: skip
