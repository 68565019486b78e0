"""Exercise 9.1: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_9.exercise_9_1_convolution_by_heads import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "attention": """
def convolve(x, kernel):
    n = x.shape[-2]
    back = np.arange(n)[:, None] - np.arange(n)
    masks = np.stack([back == r for r in range(len(kernel))])
    values = x[..., None, :, :] @ kernel
    scores = np.zeros_like(values[..., :1])
    return qkv_lib.attention(scores, scores, values, mask=masks).sum(axis=-3)
""",
        "loops": """
def convolve(x, kernel):
    y = np.zeros((*x.shape[:-1], kernel.shape[-1]), dtype=x.dtype)
    for i in range(x.shape[-2]):
        for r in range(len(kernel)):
            if i - r >= 0:
                y[..., i, :] += x[..., i - r, :] @ kernel[r]
    return y
""",
        "torch": """
def convolve(x, kernel):
    flat = x.reshape(-1, *x.shape[-2:]).mT
    padded = F.pad(flat, (len(kernel) - 1, 0))
    y = F.conv1d(padded, kernel.flip(0).permute(2, 1, 0)).mT
    return y.reshape(*x.shape[:-1], -1)
""",
    },
    edits=(
        ("flipped", ".flip(0)", "", "torch"),
        ("looks-ahead", "np.arange(n)[:, None] - np.arange(n)",
         "np.arange(n) - np.arange(n)[:, None]"),
        ("centred", "(back == r)", "(back == r - len(kernel) // 2)"),
        ("wraps-round", "(back == r)", "(back % n == r % n)"),
        ("repeats-the-first", "            if i - r >= 0:\n"
         "                y[..., i, :] += x[..., i - r, :] @ kernel[r]",
         "            y[..., i, :] += x[..., max(i - r, 0), :] @ kernel[r]", "loops"),
        ("one-too-far", "back == r", "back == r + 1"),
        ("averaged", ".sum(axis=-3)", ".mean(axis=-3)", "attention"),
        ("one-matrix", "kernel[r]", "kernel[0]"),
        ("no-shift", "back == r", "back == 0"),
        ("first-tap-only", "range(len(kernel))", "range(1)"),
        ("last-tap-missing", "range(len(kernel))", "range(len(kernel) - 1)"),
        ("transposed-kernel", "@ kernel[r]", "@ kernel[r].T"),
        ("different", "weights @ x", "0.999 * weights @ x"),
    ),
)  # fmt: skip
