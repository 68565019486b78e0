"""The colours of queries, keys and values can be read as text on every ground of the page."""

from itertools import combinations

import pytest
from matplotlib.colors import to_rgb

from qkv_lib.plots.colours import COLOURS, Colour
from qkv_lib.plots.heat import luminance
from qkv_lib.plots.scales import style_sheet

# The page, what is laid under code and tables, the title of a box (a colour of 12 % over the page).
LIGHT = ("#ffffff", "#f3f4f5", "#e1eded")
DARK = ("#121212", "#29313d", "#14181e", "#193332")


def contrast(one: str, other: str) -> float:
    low, high = sorted(luminance(to_rgb(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", COLOURS)
def test_text_in_a_colour_can_be_read(colour: Colour) -> None:
    for ground in LIGHT:
        assert contrast(colour.light, ground) >= 4.5
    for ground in DARK:
        assert contrast(colour.dark, ground) >= 4.5


def test_the_style_sheet_sets_each_colour_in_both_themes() -> None:
    light, dark = style_sheet().split('html[data-theme="dark"]')
    for colour in COLOURS:
        assert f"--{colour.name}: {colour.light};" in light
        assert f"--{colour.name}: {colour.dark};" in dark
        assert f".{colour.name}" in dark


def test_the_three_are_three() -> None:
    for one, other in combinations(COLOURS, 2):
        assert one.light != other.light
        assert one.name != other.name
