"""The notation card gives each array the shape that the library computes."""

import math
import re

import numpy as np

from qkv_lib import attention_steps, merge_heads
from tests.holds import holds
from workshop.pages import BOOK

SIZES = {"n": 13, "n_q": 2, "n_k": 3, "d_k": 5, "d_v": 7, "d_{\\text{model}}": 11, "h": 4}
CARD = (BOOK / "appendix" / "notation.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| [^|]+ \| [^|]+ \| \$(?P<shape>[^|]+)\$ \| (?P<names>`[^|]+`) \|$", re.MULTILINE
)


def computed() -> dict[str, np.ndarray]:
    """Return the arrays of the card by their names in code, each size another number."""
    n, n_q, n_k, d_k, d_v, d_model, h = SIZES.values()
    rng = np.random.default_rng(0)
    x, W_Q, W_K, W_V, W_O = (
        rng.normal(size=shape)
        for shape in ((n, d_model), *[(d_model, d_k)] * 2, (d_model, d_v), (h * d_v, d_model))
    )
    query, key, value = x[:n_q] @ W_Q, x[:n_k] @ W_K, x[:n_k] @ W_V
    mask, bias = rng.random((n_q, n_k)) < 0.9, rng.normal(size=(n_q, n_k))
    steps = attention_steps(query, key, value, mask=mask, bias=bias)
    assert (merge_heads(np.stack([steps.output] * h)) @ W_O).shape == (n_q, d_model)
    given = {
        "X": x,
        "x": x,
        "Q": query,
        "K": key,
        "V": value,
        "W_Q": W_Q,
        "W_K": W_K,
        "W_V": W_V,
        "W_O": W_O,
        "mask": mask,
        "bias": bias,
    }
    return given | {"query": query, "key": key, "value": value} | steps._asdict()


def read(shape: str) -> tuple[int, ...]:
    """Return a shape of the card in numbers."""
    return tuple(
        math.prod(SIZES[size] for size in axis.strip().split(r"\,"))
        for axis in shape.split(r"\times")
    )


@holds(
    "| $X$ | input, one row per word | $n \\times d_{\\text{model}}$ | X, x |",
    "| $W_Q, W_K$ | learned maps | $d_{\\text{model}} \\times d_k$ | W_Q, W_K |",
    "| $W_V$ | learned map | $d_{\\text{model}} \\times d_v$ | W_V |",
    "| $Q$ | queries, $X W_Q$ | $n_q \\times d_k$ | Q, query |",
    "| $K$ | keys, $X W_K$ | $n_k \\times d_k$ | K, key |",
    "| $V$ | values, $X W_V$ | $n_k \\times d_v$ | V, value |",
    "| $Q K^\\top$ | scores | $n_q \\times n_k$ | scores |",
    "| $S$ | scores divided by $\\sqrt{d_k}$ | $n_q \\times n_k$ | scaled |",
    "| $M$ | may query $i$ see key $j$? | $n_q \\times n_k$ | mask |",
    "| $B$ | added to the scaled scores | $n_q \\times n_k$ | bias |",
    "| $A$ | softmax of each row | $n_q \\times n_k$ | weights |",
    "| $L$ | log-sum-exp of each row | $n_q$ | logsumexp |",
    "| $O$ | $A V$ | $n_q \\times d_v$ | output |",
    "| $W_O$ | maps the outputs of the heads, side by side | "
    "$h\\,d_v \\times d_{\\text{model}}$ | W_O |",
)
def test_each_array_has_the_shape_that_stands_beside_it() -> None:
    arrays = computed()
    said = {
        name: read(row["shape"])
        for row in ROW.finditer(CARD)
        for name in re.findall(r"`(\w+)`", row["names"])
    }
    assert len(said) >= 18
    assert said == {name: arrays[name].shape for name in said}


def test_another_shape_is_told() -> None:
    assert read(r"n_k") != computed()["logsumexp"].shape
    assert read(r"h\,d_v \times d_{\text{model}}") == (28, 11)
