"""Exercise 5.4: right answers in several styles, and edits with one mistake each."""

from qkv_lib.practice.exercises.chapter_5.exercise_5_4_decoder_attention import EXERCISE
from tests.practice.answers.source import Answers

ANSWERS = Answers(
    right={
        "numpy": EXERCISE.solution,
        "torch": """
def decoder_attention(x, memory, real):
    own = F.scaled_dot_product_attention(x, x, x, is_causal=True)
    mask = real[..., None, :].expand(*real.shape[:-1], x.shape[-2], -1)
    return own, F.scaled_dot_product_attention(own, memory, memory, attn_mask=mask)
""",
        "library": """
def decoder_attention(x, memory, real):
    own = qkv_lib.attention(x, x, x, causal=True)
    crossed = qkv_lib.attention(own, memory, memory, mask=real[..., None, :])
    return own, crossed
""",
    },
    edits=(
        ("sees-the-future", ", causal=True", "", "library"),
        ("causal-memory", "mask=real", "causal=True, mask=real", "library"),
        ("padding-attended", ", mask=real[..., None, :]", "", "library"),
        ("inverted-mask", "mask=real", "mask=~real", "library"),
        ("asks-with-x", "attention(own, memory", "attention(x, memory", "library"),
        ("memory-asks", "attention(own, memory, memory, mask=real[..., None, :])",
         "attention(memory, own, own)", "library"),
        ("own-values", "attention(own, memory, memory, mask=real[..., None, :])",
         "attention(own, own, own, causal=True)", "library"),
        ("swapped-outputs", "return own, crossed", "return crossed, own", "library"),
        ("no-scaling", "real[..., None, :])", "real[..., None, :], scale=1.0)", "library"),
        ("fully-masked-nan", "np.maximum(top.sum(axis=-1, keepdims=True), 1e-30)",
         "top.sum(axis=-1, keepdims=True)"),
        ("different", "attention(own, memory, memory,", "attention(own, memory, 2 * memory,",
         "library"),
    ),
)  # fmt: skip
