"""Exercise 8.2: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_8.exercise_8_2_online_merge import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "shifted": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    a_wins = p_a >= p_b
    shift = np.where(p_a == p_b, 0.0, -np.abs(p_a - p_b))
    small = np.exp(shift)
    a, b = np.where(a_wins, 1.0, small), np.where(a_wins, small, 1.0)
    dtype = u_a.dtype
    p = np.where(a_wins, p_a, p_b)
    return (u_a * a + u_b * b).astype(dtype), (t_a * a + t_b * b).astype(dtype), p
""",
        "torch": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    p = torch.maximum(p_a, p_b)
    top = torch.where(torch.isinf(p), torch.zeros_like(p), p)
    a, b = (p_a - top).exp(), (p_b - top).exp()
    return u_a * a + u_b * b, t_a * a + t_b * b, p
""",
        "library": """
def online_merge(u_a, t_a, p_a, u_b, t_b, p_b):
    from qkv_lib.exact.tiles import Partial, merge
    return tuple(merge(Partial(u_a, t_a, p_a), Partial(u_b, t_b, p_b)))
""",
    },
    edits=(
        ("not-rescaled", "np.exp(p_a - top), np.exp(p_b - top)", "1.0, 1.0"),
        ("one-side-rescaled", "np.exp(p_b - top)", "1.0"),
        ("one-side-rescaled", "np.exp(p_a - top)", "1.0"),
        ("factors-swapped", "a, b =", "b, a ="),
        ("factor-inverted", "np.exp(p_a - top), np.exp(p_b - top)",
         "np.exp(top - p_a), np.exp(top - p_b)"),
        ("total-not-rescaled", "t_a * a + t_b * b", "t_a + t_b"),
        ("output-not-rescaled", "u_a * a + u_b * b", "u_a + u_b"),
        ("smaller-peak", "np.maximum", "np.minimum"),
        ("newest-peak", "np.maximum(p_a, p_b)", "p_b"),
        ("nothing-seen-nan", "np.where(p == -np.inf, 0.0, p)", "p"),
        ("nothing-seen-nan", "torch.where(torch.isinf(p), torch.zeros_like(p), p)", "p", "torch"),
        ("different", "u_b * b", "2 * u_b * b"),
    ),
)  # fmt: skip
