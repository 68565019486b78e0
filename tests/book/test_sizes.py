"""The shapes that tables and sentences give to the arrays of attention are those of the library."""

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest

from qkv_lib import attention_steps, merge_heads
from workshop.pages import listed_pages, markdown_parts

ROW = re.compile(
    r"^\| \$(?P<symbol>[^$|=]+?)(?: = [^$|]+)?\$ \| .*\| \$(?P<shape>[^$|]*\\times[^$|]*)\$ \|"
    r"(?: `[^|]+` \|)?$",
    re.MULTILINE,
)
SAID = re.compile(
    r"\$(?P<symbol>[^$]+)\$ (?:is|has the shape|of shape) \$(?P<shape>[^$]*\\times[^$]*)\$"
)
CROSS = {"n_q": 2, "n_k": 3, "d_k": 5, "d_v": 7, r"d_{\text{model}}": 11, "h": 4}
ALONE = {"n": 3, "n_q": 3, "n_k": 3, "d_k": 5, "d_v": 7, r"d_{\text{model}}": 11, "h": 4}
"""Sizes with queries from elsewhere, and in self-attention."""

OF_THEIR_OWN = {
    ("02-concepts", "G", r"d_k \times d_k"): "any matrix that can be undone",
    ("04-mathematics", "W_{QK}", r"d_q \times d_k"): "between queries and keys of two widths",
    ("04-mathematics", "W^{(r)}", r"d_{\text{model}} \times d_{\text{model}}/h"): "of a head",
    ("04-mathematics", "W_O", r"d_{\text{model}} \times d_{\text{model}}"): "heads of d_model / h",
    ("04-mathematics", r"T_\Delta", r"d \times d"): "turns a row of sinusoids",
    ("05-practice", "X", r"4 \times 2"): "the example of the article",
    ("05-practice", "A", r"4 \times 4"): "its weights",
    ("05-practice", "O", r"4 \times 2"): "its output",
    ("05-practice", "u", r"1 \times d_k"): "the learned query of pooling",
    ("05-practice", "p", r"1 \times d_v"): "what it gathers",
    ("05-practice", "W_1", r"d_{\text{model}} \times 4 d_{\text{model}}"): "of the feed-forward",
    ("05-practice", "W_2", r"4 d_{\text{model}} \times d_{\text{model}}"): "of the feed-forward",
    ("06-1-images", "X", r"16 \times 49"): "patches of a digit",
    ("06-3-translation", "W_Q, W_K", r"d \times d"): "of a score",
    ("06-4-writing", "M", r"32 \times 32"): "token by token",
    ("07-tools", "W", r"(h\,d) \times d_{\text{model}}"): "as PyTorch stores it",
    ("07-tools", "C", r"d_{\text{model}} \times h \times d"): "as Keras stores it",
    ("08-outlook", "S", r"d_\phi \times d_v"): "a linear state",
    ("09-faq", "X", r"n_\text{pixels} \times c"): "an image",
    ("09-faq", r"A^{(\Delta)}", r"n_\text{pixels} \times n_\text{pixels}"): "a head per tap",
    ("09-faq", r"W_\Delta", r"c \times c'"): "a tap of a filter",
}
"""Symbols that mean something else than in the formula of attention, and what."""


def told() -> Iterator[tuple[str, str, str]]:
    """Yield page, symbol and shape wherever one stands beside the other."""
    for page in listed_pages():
        for text in markdown_parts(page):
            found = [*ROW.finditer(text), *SAID.finditer(text.replace("\n", " "))]
            yield from ((page.stem, each["symbol"], each["shape"]) for each in found)


def computed(sizes: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of attention."""
    rng = np.random.default_rng(0)
    n_q, n_k, d_k, d_v, d, h = (sizes[each] for each in CROSS)
    X, Y = rng.normal(size=(n_q, d)), rng.normal(size=(n_k, d))
    W_Q, W_K, W_V = (rng.normal(size=(d, width)) for width in (d_k, d_k, d_v))
    Q, K, V = X @ W_Q, Y @ W_K, Y @ W_V
    steps = attention_steps(Q, K, V)
    arrays = {
        "X": X, "Y": Y, "Q": Q, "K": K, "V": V, r"K^\top": K.T, "W_Q": W_Q, "W_K": W_K, "W_V": W_V,
        "W_Q, W_K": W_Q, r"Q K^\top": steps.scores, "S": steps.scaled, "M": steps.masked,
        "B": steps.scaled, "A": steps.weights, "O": steps.output, "I": np.eye(n_k),
        "J": np.eye(n_k), "W_O": np.zeros((merge_heads(np.stack([steps.output] * h)).shape[1], d)),
    }  # fmt: skip
    return {name: each.shape for name, each in arrays.items()}


def read(shape: str, sizes: dict[str, int]) -> tuple[int, ...] | None:
    """Return a printed shape in numbers, if its letters are sizes of attention."""
    axes = [axis.strip().split(r"\,") for axis in shape.split(r"\times")]
    if any(size not in sizes for axis in axes for size in axis):
        return None
    return tuple(math.prod(sizes[size] for size in axis) for axis in axes)


def fits(symbol: str, shape: str) -> bool:
    """Tell whether an array has that shape; in self-attention the length is ``n``."""
    alone = {name: size for name, size in ALONE.items() if name not in ("n_q", "n_k")}
    pairs = ((CROSS, CROSS), (alone, ALONE))
    return any(read(shape, told) == computed(sizes).get(symbol, ()) for told, sizes in pairs)


@pytest.mark.parametrize(("page", "symbol", "shape"), sorted(set(told()) - OF_THEIR_OWN.keys()))
def test_the_shape_beside_a_symbol_is_the_one_it_has(page: str, symbol: str, shape: str) -> None:
    assert fits(symbol, shape), (
        f"{page}: ${symbol}$ is no ${shape}$ in attention. If it means something else there, say "
        "so in OF_THEIR_OWN"
    )


def test_what_has_a_meaning_of_its_own_is_there() -> None:
    found = list(told())
    assert OF_THEIR_OWN.keys() <= set(found)
    assert len(found) > 60
    assert not fits("A", r"n_k \times n_q")
    assert not fits("V", r"n_k \times d_k")
    assert fits("A", r"n \times n")
