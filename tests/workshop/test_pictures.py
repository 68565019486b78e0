"""A drawing is compared to the byte, a plot by its words and by what its colours name."""

from typing import Any

import pytest
from nbformat.v4 import new_output

from workshop.pictures import SVG, alike, settle

PLOT = (
    '<svg class="qkv-picture qkv-plot"><text x="1" style="fill: var(--qkv-q, #006aa6)">weights'
    '</text><text x="2"><tspan>key</tspan>s</text><text>0.25</text><path d="M0 0.5"/></svg>'
)
DRAWING = '<svg class="qkv-picture"><text x="1">scores</text></svg>'


@pytest.mark.parametrize(
    ("old", "new"), [("M0 0.5", "M0 0.51"), ('x="1"', 'x="9"'), (">0.25<", ">0.26<")]
)
def test_what_is_measured_may_differ_in_a_plot(old: str, new: str) -> None:
    assert old in PLOT
    assert alike(PLOT.replace(old, new), PLOT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weights", "scores"),
        (">key<", ">value<"),
        ("qkv-q", "qkv-k"),
        ("qkv-plot", ""),
        ("</svg>", "<text>more</text></svg>"),
    ],
)
def test_nothing_else_may(old: str, new: str) -> None:
    assert old in PLOT
    assert not alike(PLOT.replace(old, new), PLOT)


def test_a_drawing_is_the_same_to_the_byte() -> None:
    assert alike(DRAWING, DRAWING)
    assert not alike(DRAWING.replace('x="1"', 'x="1.0"'), DRAWING)


def shown(**data: Any) -> Any:
    return new_output("display_data", data={"text/plain": "<Figure>", **data})


def test_only_a_picture_that_counts_as_the_stored_one_gets_its_bytes() -> None:
    moved = PLOT.replace("M0", "M1")
    (kept,) = settle([shown(**{SVG: moved})], [shown(**{SVG: PLOT})])
    assert kept.data[SVG] == PLOT
    (other,) = settle([shown(**{SVG: DRAWING})], [shown(**{SVG: PLOT})])
    assert other.data[SVG] == DRAWING
    assert settle([], [shown(**{SVG: PLOT})]) == []
