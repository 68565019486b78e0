"""What is said of a plot, in its alt text or caption, is so of the numbers that its picture shows.

The cell of the figure says it in its metadata, with an expression on what `shown` reads::

    "qkv": {"shows": {"With attention the curve stays close to 1": "y['attention'].min() > 0.9"}}

`y` is the first panel, `panels` are all of them; `maps` are the heat maps by title, `m` the first.
With two names of a legend exchanged, or two titles, something that is said must be wrong.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from tests.book.claims import plain
from tests.book.notebook_checks import figure_texts
from tests.book.shown import Shown, picture, shown
from workshop.pages import BOOK

FIGURES = [
    (f"{page.name}#{cell.id}", cell)
    for page in sorted(BOOK.glob("*.ipynb"))
    for cell in nbformat.read(page, as_version=4).cells
    if cell.cell_type == "code" and picture(cell)
]
SEEN = {place: shown(picture(cell)) for place, cell in FIGURES}
NAMED = [each for each in FIGURES if len(SEEN[each[0]].names()) > 1 or len(SEEN[each[0]].maps) > 1]
cells = pytest.mark.parametrize(("place", "cell"), FIGURES, ids=[place for place, _ in FIGURES])
named = pytest.mark.parametrize(("place", "cell"), NAMED, ids=[place for place, _ in NAMED])


def said(cell: NotebookNode) -> dict[str, str]:
    """Return what the metadata of a figure says that it shows."""
    return dict(cell.metadata.get("qkv", {}).get("shows", {}))


def untrue(cell: NotebookNode, seen: Shown) -> list[str]:
    """Return what is said of a picture and is not so."""
    world = {
        "np": np, "panels": seen.panels, "y": seen.panels[0] if seen.panels else {},
        "maps": dict(reversed(seen.maps)), "m": seen.maps[0][1] if seen.maps else None,
    }  # fmt: skip
    return [words for words, expression in said(cell).items() if not eval(expression, world)]


@cells
def test_what_is_said_of_a_figure_is_so(place: str, cell: NotebookNode) -> None:
    alt, figure = figure_texts(cell)
    text = plain(f"{alt} {figure.get('caption', '')}")
    strange = [words for words in said(cell) if plain(words) not in text]
    assert strange == [], (
        f"{place}: neither alt text nor caption says {strange}: repeat their words"
    )
    wrong = untrue(cell, SEEN[place])
    assert wrong == [], f"{place}: the numbers of the picture deny {wrong}: mend words or picture"


def exchanged(seen: Shown) -> Iterator[tuple[str, Shown]]:
    """Yield the picture with two names of its legend exchanged, or the titles of two maps."""
    for one, two in combinations(seen.names(), 2):
        swap = {one: two, two: one}
        panels = [{swap.get(n, n): y for n, y in panel.items()} for panel in seen.panels]
        if any(_differ(a, b) for a, b in zip(seen.panels, panels, strict=True)):
            yield f"{one} and {two}", seen._replace(panels=panels)
    for i, j in combinations(range(len(seen.maps)), 2):
        (one, a), (two, b) = seen.maps[i], seen.maps[j]
        if one != two and not np.array_equal(a.cells, b.cells, equal_nan=True):
            maps = [*seen.maps]
            maps[i], maps[j] = (two, a), (one, b)
            yield f"{one} and {two}", seen._replace(maps=maps)


def _differ(one: dict[str, Any], two: dict[str, Any]) -> bool:
    """Return whether curves of one name differ to the eye: by a twentieth of what all span."""
    every = np.concatenate(list(one.values()))
    return any(
        len(one[n]) != len(two[n]) or np.abs(one[n] - two[n]).mean() > 0.05 * np.ptp(every)
        for n in one.keys() & two.keys()
    )


UNTOLD = {
    "06-1-images.ipynb#ch06-1-show-failures": "the frame of the digit is not among the numbers",
    "08-outlook.ipynb#ch08-warmup-figure": "pre-norm does as well with warm-up as without",
    "06-1-images.ipynb#ch06-1-show-maps": "weights and rollout are named in one breath",
}
"""Figures of which no word tells some names apart, and why that is so."""


@named
def test_a_name_that_has_moved_to_another_curve_or_map_is_told(
    place: str, cell: NotebookNode
) -> None:
    unseen = [names for names, other in exchanged(SEEN[place]) if not _told(cell, other)]
    assert bool(unseen) is (place in UNTOLD), (
        f"{place}: nothing said in `shows` tells these apart: {unseen or 'none; all are told'}"
    )


def _told(cell: NotebookNode, other: Shown) -> bool:
    try:
        return bool(untrue(cell, other))
    except (KeyError, ValueError, IndexError):
        return True


def test_of_most_figures_something_is_said() -> None:
    assert sum(bool(said(cell)) for _, cell in FIGURES) > 0.6 * len(FIGURES)
