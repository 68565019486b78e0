"""A saved heat map carries its numbers, and they are those that were drawn."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from qkv_lib import plots
from qkv_lib.plots.images import picture
from qkv_lib.plots.saved import as_svg

WEIGHTS = np.array([[0.25, 0.75, 0.0], [1 / 3, 1 / 3, 1 / 3]])


@pytest.fixture(autouse=True)
def drawing_without_a_screen() -> Any:
    with mpl.rc_context(), plt.ioff():
        plt.switch_backend("agg")
        yield
        plt.close("all")


def carried(figure: Figure) -> list[dict[str, Any]]:
    """Save a figure as a notebook does, and read its numbers from the picture."""
    metadata = ET.fromstring(as_svg(figure)).find("{http://www.w3.org/2000/svg}metadata")
    return [] if metadata is None else list(json.loads(str(metadata.text)))


def test_the_picture_carries_what_is_drawn() -> None:
    mask = np.array([[True, True, False], [True, True, True]])
    ax = plots.heatmap(WEIGHTS, queries=["a&b", "b"], keys=["c", "d", "e"], mask=mask)
    ax.set_title("given later")
    (table,) = carried(ax.figure)
    assert table["title"] == "given later"
    assert table["names"] == ["queries", "keys"]
    assert table["columns"] == ["c", "d", "e"]
    assert table["cells"] == [["0.250", "0.750", ""], ["0.333", "0.333", "0.333"]]


def test_a_figure_of_two_maps_carries_two_tables() -> None:
    maps = {"one": WEIGHTS, "two": WEIGHTS[::-1]}
    axes = plots.side_by_side(maps, queries=["a", "b"], keys=["c", "d", "e"])
    tables = carried(axes[0].figure)
    assert [table["title"] for table in tables] == ["one", "two"]
    assert tables[0]["cells"] == tables[1]["cells"][::-1]


def test_a_map_over_a_picture_carries_the_map_and_not_the_picture() -> None:
    (table,) = carried(picture(np.eye(4), patch=2, heat=np.array([0.1, 0.2, 0.3, 0.4])).figure)
    assert table["cells"] == [["0.100", "0.200"], ["0.300", "0.400"]]
    assert table["names"] == ["patches from top to bottom", "patches from left to right"]
    assert carried(picture(np.eye(4), patch=2).figure) == []


def test_of_a_large_map_each_row_tells_its_largest_cell() -> None:
    weights = np.eye(40)
    names = [f"t{i}" for i in range(40)]
    (table,) = carried(plots.heatmap(weights, queries=names, keys=names).figure)
    assert table["columns"] == ["largest of 40 keys", "its number"]
    assert table["cells"] == [[name, "1.000"] for name in names]


def test_other_figures_carry_nothing() -> None:
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    assert carried(figure) == []
