"""A figure as SVG: text as text, the page's colours, a layout for a phone, the same bytes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from qkv_lib import causal_mask, plots, softmax
from qkv_lib.plots import curves_with_spread
from qkv_lib.plots.alignments import alignment_map
from qkv_lib.plots.colours import QUERY, css
from qkv_lib.plots.growth import growth
from qkv_lib.plots.heads import head_grid
from qkv_lib.plots.images import map_grid, picture_row
from qkv_lib.plots.saved import _of_the_page, as_svg

SVG = "{http://www.w3.org/2000/svg}"
PHONE = 336  # pixels: what a page of 360 gives a picture, and a hair
SMALLEST = 11  # pixels of letters
WORDS = ["the", "cat", "drank", "milk"]
RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 2))
WEIGHTS = softmax(RNG.normal(size=(4, 4)))
SIZES = np.array([64, 128, 256, 512, 1024, 2048, 4096])

FIGURES: dict[str, Callable[[], Figure]] = {
    "map": lambda: plots.heatmap(WEIGHTS, queries=WORDS, keys=WORDS).figure,
    "large map": lambda: (
        plots.heatmap(softmax(RNG.normal(size=(40, 40))), queries=range(40), keys=range(40)).figure
    ),
    "two maps": lambda: (
        plots.side_by_side({"one": WEIGHTS, "two": WEIGHTS}, queries=WORDS, keys=WORDS)[0].figure
    ),
    "projections": lambda: plots.projections(X, X, X, X, tokens=WORDS)[0].figure,
    "masks": lambda: (
        plots.mask_shapes({"causal": causal_mask(4), "all": causal_mask(4) | True})[0].figure
    ),
    "curves": lambda: (
        growth(
            SIZES, {"attention": SIZES**2.0, "scan": SIZES * 40.0}, xlabel="length n", ylabel="MiB"
        ).figure
    ),
    "spread": lambda: (
        curves_with_spread(
            SIZES, {"attention": RNG.random((3, 7))}, xlabel="examples", ylabel="accuracy", log=True
        ).figure
    ),
    "weights": lambda: (
        plots.weights_against(np.array([1, 2]), np.eye(2), keys=["a", "b"], xlabel="factor").figure
    ),
    "pictures": lambda: picture_row(np.tile(np.eye(28), (10, 1, 1)), ["a"] * 10),
    "maps over a picture": lambda: map_grid(
        np.eye(28), {f"head {i}": np.arange(16.0) for i in range(6)}, patch=7, box=(0, 0, 9, 9)
    ),
    "heads": lambda: head_grid({name: RNG.random((6, 12)) for name in "abc"}, label="score"),
    "hull": lambda: plots.hull(np.array([[0, 0], [1, 0], [0, 1]]), np.array([[0.2, 0.2]])).figure,
    "alignment": lambda: alignment_map(np.eye(4), target=WORDS, source=list("5月6日")).figure,
}


@pytest.fixture(autouse=True)
def drawing_without_a_screen() -> Iterator[None]:
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[Figure, list[float], str]]:
    """Return each figure with its size as it was drawn, and the SVG that it was then saved as."""
    plt.switch_backend("agg")
    figures = {name: draw() for name, draw in FIGURES.items()}
    return {
        name: (figure, figure.get_size_inches().tolist(), as_svg(figure))
        for name, figure in figures.items()
    }


@pytest.fixture(scope="module")
def saved(drawn: dict[str, tuple[Figure, list[float], str]]) -> dict[str, str]:
    return {name: svg for name, (_, _, svg) in drawn.items()}


def layouts(svg: str) -> list[ET.Element]:
    return ET.fromstring(svg).findall(f"{SVG}svg")


@pytest.mark.parametrize("name", FIGURES)
def test_text_is_text_and_large_enough_on_a_phone(name: str, saved: dict[str, str]) -> None:
    *_, last = layouts(saved[name])
    scale = float(last.attrib["width"]) / float(last.attrib["viewBox"].split()[2])
    shrunk = min(1.0, PHONE / float(last.attrib["width"]))
    sizes = [
        float(re.findall(r"font-size: ([\d.]+)px", text.attrib["style"])[0])
        for text in last.iter(f"{SVG}text")
    ]
    assert sizes
    assert min(sizes) * scale * shrunk >= SMALLEST


@pytest.mark.parametrize("name", FIGURES)
def test_every_colour_has_a_name_or_is_that_of_the_text(name: str, saved: dict[str, str]) -> None:
    for layout in layouts(saved[name]):
        body = ET.tostring(layout, encoding="unicode")
        without_data = re.sub(r'"data:[^"]*"', "", re.sub(r"var\([^)]*\)", "", body))
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:black|white|rgb)\b", without_data) == []


@pytest.mark.parametrize("name", FIGURES)
def test_ids_are_used_and_come_once(name: str, saved: dict[str, str]) -> None:
    for layout in layouts(saved[name]):
        body = ET.tostring(layout, encoding="unicode")
        ids = re.findall(r'\bid="([^"]*)"', body)
        assert len(ids) == len(set(ids))
        assert set(ids) == set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))


@pytest.mark.parametrize("name", FIGURES)
def test_no_style_of_a_figure_reaches_the_page(name: str, saved: dict[str, str]) -> None:
    assert "<style" not in saved[name]
    assert "<script" not in saved[name]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_stays_as_it_was(
    name: str, drawn: dict[str, tuple[Figure, list[float], str]]
) -> None:
    figure, size, _ = drawn[name]  # when it was saved first, its layout settled
    before, after = as_svg(figure), as_svg(figure)
    words, numbers = re.compile(r"[\d.]+"), re.compile(r"\d+\.?\d*")
    assert words.sub("", after) == words.sub("", before)
    places = [[float(x) for x in numbers.findall(svg)] for svg in (before, after)]
    np.testing.assert_allclose(*places, rtol=0, atol=0.5)
    assert figure.get_size_inches().tolist() == size


def test_panels_stand_under_each_other_on_a_phone(saved: dict[str, str]) -> None:
    wide, narrow = layouts(saved["two maps"])
    maps = ("one", "two")
    places = [
        [float(each.attrib[axis]) for each in layout.iter(f"{SVG}text") if each.text in maps]
        for layout in (wide, narrow)
        for axis in ("x", "y")
    ]  # fmt: skip
    (x1, x2), (y1, y2), (x3, x4), (y3, y4) = places
    assert x2 > x1 + 50
    assert y1 == y2
    assert x3 == x4
    assert y4 > y3 + 50


def test_a_cell_has_the_colour_of_its_level_in_both_themes(saved: dict[str, str]) -> None:
    assert re.search(r"fill: var\(--weight-\d+, #[0-9a-f]{6}\)", saved["map"])
    assert "<image" not in saved["map"]
    assert "<image" in saved["large map"]  # 1600 cells are lighter so, and as sharp
    assert "image-rendering: pixelated" in saved["large map"]


def test_a_formula_in_a_title_is_set_with_its_colours(saved: dict[str, str]) -> None:
    shown = re.sub(r"<metadata>.*</metadata>", "", saved["projections"])
    assert "$" not in shown
    assert "W_Q" not in shown
    assert css(QUERY) in shown


def test_two_processes_write_the_same_bytes() -> None:
    code = (
        "import numpy as np; from qkv_lib import plots; from qkv_lib.plots.saved import as_svg;"
        "ax = plots.heatmap(np.eye(3), queries=[1, 2, 3], keys='a b c'.split(),"
        "mask=np.tri(3, dtype=bool)); print(as_svg(ax.figure))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "MPLBACKEND": "agg"},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert b"qkv-plot" in runs[0]


def test_a_notebook_shows_figures_as_svg_alone() -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell as S\n"
        "shell = S.instance(); shell.run_cell('from qkv_lib import plots; import numpy as np')\n"
        "ax = shell.run_cell('plots.heatmap(np.eye(2), queries=[1, 2], keys=[1, 2])').result\n"
        "print(sorted(shell.display_formatter.format(ax.figure)[0]))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True,
        env=os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
    ).stdout  # fmt: skip
    assert shown.splitlines()[-1] == "['image/svg+xml', 'text/plain']"


def test_the_look_is_set_with_the_plots() -> None:
    assert not mpl.rcParams["axes.spines.top"]


def test_an_older_matplotlib_says_the_same_of_a_font() -> None:
    old = '<text style="font: italic 700 9px \'DejaVu Sans\', sans-serif; text-anchor: end" x="1">a'
    said = "font-size: 9px; font-style: italic; font-weight: 700; text-anchor: end"
    assert f'style="{said}"' in _of_the_page(f"{old}</text>", {})
