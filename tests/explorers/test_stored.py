"""The live figures in the notebooks carry the scripts of today, seen without running a cell."""

import re

import nbformat
import pytest

from qkv_lib.explorers._page import script
from workshop.pages import listed_pages

FIGURE = re.compile(r"<qkv-([a-z]+) id=")
STORED = [
    pytest.param(html, kind[1], id=f"{page.stem}:{cell.id}")
    for page in listed_pages()
    if page.suffix == ".ipynb"
    for cell in nbformat.read(page, as_version=4).cells
    for output in cell.get("outputs", [])
    if (kind := FIGURE.search(html := output.get("data", {}).get("text/html", "")))
]


def test_figures_of_most_kinds_are_stored() -> None:
    assert len({case.values[1] for case in STORED}) >= 6


@pytest.mark.parametrize(("html", "kind"), STORED)
def test_a_stored_figure_has_the_script_of_today(html: str, kind: str) -> None:
    assert html.endswith(f"<script>\n{script(kind, kind.capitalize())}</script>\n")
