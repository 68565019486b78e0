"""What captions and descriptions of chapter 5's drawings say, tried on where their words stand."""

import re

from qkv_lib import drawings
from tests.holds import holds

Places = dict[str, tuple[float, float]]
WORDS = re.compile(r'<text x="([-\d.]+)" y="([-\d.]+)"[^>]*>(?:<tspan[^>]*>)?([^<]*)')


def places(drawing: drawings.Drawing) -> Places:
    """Return where each word of a drawing stands, the first of those that come twice."""
    found: Places = {}
    for x, y, words in WORDS.findall(str(drawing._repr_svg_())):
        found.setdefault(words, (float(x), float(y)))
    return found


@holds(
    "On the left the encoder: source words go up through self-attention, place 1, and "
    "feed-forward.",
    "On the right the decoder: the target words so far go up through causal self-attention, "
    "place 2, then cross-attention, place 3, and feed-forward to the next word.",
    "From the encoder's output two arrows lead to cross-attention, keys and values; the queries "
    "come from the decoder's place 2.",
    "Follow the arrows $K$ and $V$ from the encoder to place 3.",
    "Residual paths and norms are left out.",
)
def test_encoder_and_decoder() -> None:
    at = places(drawings.encoder_decoder())
    left = ["source words", "self-attention", "feed-forward", "encoder"]
    assert [at[each][1] for each in left] == sorted((at[each][1] for each in left), reverse=True)
    right = ["target words so far", "self-attention,", "cross-attention", "next word"]
    assert [at[each][1] for each in right] == sorted((at[each][1] for each in right), reverse=True)
    assert max(at[each][0] for each in left) < min(at[each][0] for each in right)
    beside = {number: min((abs(at[number][1] - at[part][1] + 12), part)
                          for part in ("self-attention", "self-attention,", "cross-attention"))[1]
              for number in "123"}  # fmt: skip
    assert list(beside.values()) == ["self-attention", "self-attention,", "cross-attention"]
    for letter in "KV":  # above the encoder, on the way to the right
        assert at[letter][1] < at["feed-forward"][1]
        assert at[letter][0] < at["cross-attention"][0]
    assert at["cross-attention"][1] < at["Q"][1] < at["self-attention,"][1]
    assert not {"norm", "+"} & set(at)


@holds(
    "A block with the norms first.",
    "The input, one row per word, enters a frame from above and follows a straight line to the "
    "output below.",
    "Before the first part the line branches: one branch goes through a norm and multi-head "
    "attention, the other past them, and a plus sign adds the two.",
)
def test_block() -> None:
    at = places(drawings.block())
    down = ["input, one row per word", "norm", "multi-head", "+", "feed-forward"]
    down += ["output, of the same shape"]
    assert [at[each][1] for each in down] == sorted(at[each][1] for each in down)
    assert len({at[each][0] for each in down}) == 1
    assert at["residual"][0] > at["norm"][0]
