"""Exercise 6.1.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_6_1.exercise_6_1_4_patches import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "loops": """
def patches(images, size):
    rows, columns = images.shape[-2] // size, images.shape[-1] // size
    found = []
    for i in range(rows):
        for j in range(columns):
            square = images[..., i * size : (i + 1) * size, j * size : (j + 1) * size]
            found.append(square.reshape(*images.shape[:-2], size * size))
    return np.stack(found, axis=-2)
""",
        "formula": """
def patches(images, size):
    w = images.shape[-1] // size
    i = np.arange(images.shape[-2] // size * w)[:, None]
    r, c = np.divmod(np.arange(size * size), size)
    return images[..., i // w * size + r, i % w * size + c]
""",
        "torch": """
def patches(images, size):
    cut = images.unfold(-2, size, size).unfold(-2, size, size)
    return cut.flatten(-2).flatten(-3, -2)
""",
        "unfold": """
def patches(images, size):
    one = images.reshape(-1, 1, *images.shape[-2:])
    columns = F.unfold(one, kernel_size=size, stride=size)
    return columns.mT.reshape(*images.shape[:-2], -1, size * size)
""",
    },
    edits=(
        ("only-reshaped", ".swapaxes(-3, -2)", ""),
        ("patches-down-first", "i // w * size + r, i % w * size + c",
         "i % (len(i) // w) * size + r, i // (len(i) // w) * size + c", "formula"),
        ("patches-down-first", "    for i in range(rows):\n        for j in range(columns):",
         "    for j in range(columns):\n        for i in range(rows):", "loops"),
        ("pixels-down-first", "r, c = ", "c, r = ", "formula"),
        ("pixels-down-first", "cut.flatten(-2)", "cut.mT.flatten(-2)", "torch"),
        ("image-transposed", "    *batch", "    images = images.swapaxes(-1, -2)\n    *batch"),
        ("every-nth-pixel", "i // w * size + r, i % w * size + c",
         "i // w + r * (images.shape[-2] // size), i % w + c * w", "formula"),
        ("patches-as-squares", "-1, size * size", "-1, size, size"),
        ("grid-kept", ".flatten(-3, -2)", "", "torch"),
        ("overlapping", "unfold(-2, size, size).unfold(-2, size, size)",
         "unfold(-2, size, 1).unfold(-2, size, 1)", "torch"),
        ("overlapping", "stride=size", "stride=1", "unfold"),
        ("pixels-first", "    return columns.mT.reshape(*images.shape[:-2], -1, size * size)",
         "    return columns.reshape(*images.shape[:-2], size * size, -1)", "unfold"),
        ("pixels-first", "axis=-2", "axis=-1", "loops"),
        ("means", "cut.flatten(-2).flatten(-3, -2)", "cut.mean((-2, -1)).flatten(-2)", "torch"),
        ("batch-merged", "reshape(*batch, -1, size * size)", "reshape(-1, size * size)"),
        ("bottom-up", "np.stack(found,", "np.stack(found[::-1],", "loops"),
        ("different", "swapaxes(-3, -2)", "swapaxes(-3, -1)"),
    ),
)  # fmt: skip
