"""Drawings are SVG that a page takes in: text as text, the colours of the page, two layouts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from qkv_lib import drawings
from qkv_lib.drawings.canvas import Canvas
from qkv_lib.plots.colours import COLOURS, css
from tests.holds import holds

WHOLE = {"lookup": (["apple", "pear"], [0.7, 0.3], [3, 4])}  # a drawing of what it is given
NAMES = sorted(set(drawings.__all__) - {"Drawing"})
SVG = "{http://www.w3.org/2000/svg}"
PHONE = 340  # pixels that a page of 360 gives a picture
SMALLEST = 8.5  # pixels of the letters of a script; those of words have 11


def draw(name: str) -> str:
    return str(getattr(drawings, name)(*WHOLE.get(name, ()))._repr_svg_())


def layouts(name: str) -> list[ET.Element]:
    return ET.fromstring(draw(name)).findall(f"{SVG}svg")


@holds("The drawings of the book, made by code as SVG")
@pytest.mark.parametrize("name", NAMES)
def test_it_is_svg_with_its_words_as_text(name: str) -> None:
    shown = layouts(name)
    assert shown
    for each in shown:
        assert sum(1 for text in each.iter(f"{SVG}text") if "".join(text.itertext()).strip())
        assert not list(each.iter(f"{SVG}image"))


@pytest.mark.parametrize("name", NAMES)
def test_colours_follow_the_page(name: str) -> None:
    """Whatever is inside the layouts has the colour of the text, or one with a name."""
    named = {css(colour) for colour in COLOURS}
    for each in layouts(name):
        for element in each.iter():
            style = element.get("style", "") + str(element.get("fill", ""))
            for colour in re.findall(r"(?:fill|stroke): ([^;]+)", style):
                assert colour in named | {"none", "currentColor"}


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_shows_it_at_full_size(name: str) -> None:
    assert float(layouts(name)[-1].attrib["width"]) <= PHONE


@pytest.mark.parametrize("name", NAMES)
def test_no_letter_is_too_small(name: str) -> None:
    for size, parent in re.findall(r'font-size: ([\d.]+)px[^"]*"(>[^<]*)', draw(name)):
        assert float(size) >= SMALLEST, parent
    for size in re.findall(r"<text [^>]*font-size: ([\d.]+)px", draw(name)):
        assert float(size) >= 11


def test_two_processes_write_the_same_bytes() -> None:
    code = f"from tests.drawings.test_drawings import draw; print([draw(n) for n in {NAMES}])"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert b"<svg" in runs[0]


def test_a_formula_has_its_letters_coloured_and_its_scripts_lowered() -> None:
    sheet = Canvas(10, 10)
    sheet.text(0, 0, "a < $W_Q$ and $K^⊤$ but $x_i$")
    (text,) = ET.fromstring(f"<svg>{sheet.layout().body}</svg>")
    assert "".join(text.itertext()) == "a < WQ and K⊤ but xi"
    styles = {span.text: span.attrib for span in text}
    assert css(COLOURS[0]) in styles["Q"]["style"]
    assert css(COLOURS[1]) in styles["K"]["style"]
    assert "fill" not in styles["x"]["style"]
    assert float(styles["Q"]["dy"]) > 0 > float(styles["⊤"]["dy"])
    moves = [float(span.get("dy", 0)) for span in text]
    assert sum(moves[:-1]) == pytest.approx(0, abs=0.1)  # back on the line after each script


def test_a_lookup_shows_the_values_and_their_average() -> None:
    written = str(drawings.lookup(["a", "b"], [0.75, 0.25], values=[3, 7])._repr_svg_())
    shown = ["".join(text.itertext()) for text in ET.fromstring(written).iter(f"{SVG}text")]
    for words in ("0.75 · 3", "0.25 · 7", "1.00 · 3", "0.00 · 7", "4.00", "3.00"):
        assert shown.count(words) == 2, words  # in each of two layouts


def test_a_lookup_shows_the_words_it_was_given() -> None:
    written = str(drawings.lookup(*WHOLE["lookup"], query="$q$")._repr_svg_())
    shown = ["".join(text.itertext()) for text in ET.fromstring(written).iter(f"{SVG}text")]
    for word in ("apple", "pear"):
        assert shown.count(word) == 4, word  # twice in each of two layouts
    assert shown.count('"apple"') == shown.count("q") == 2


@pytest.mark.parametrize(
    ("weights", "values", "wrong"),
    [
        ([1.0], [3, 4], "weights has 1 numbers but words has 2 names"),
        ([0.7, 0.3], [3, 4, 5], "values has 3 numbers but words has 2 names"),
    ],
)
def test_a_lookup_needs_one_number_of_each_kind_per_word(weights, values, wrong) -> None:
    with pytest.raises(ValueError, match=wrong):
        drawings.lookup(["apple", "pear"], weights, values)
