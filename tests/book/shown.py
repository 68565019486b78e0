"""What a stored picture shows: its curves under their legend, its maps under their titles.

Both are read from the SVG itself: a heat map carries its numbers, and a curve is a path whose style
stands in the legend beside its name. So a name that has moved to another curve is another curve.
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any, NamedTuple

import numpy as np
from nbformat import NotebookNode

from workshop.pictures import PLOT, SVG

Points = np.ndarray[Any, Any]
NUMBER = r"-?\d+(?:\.\d+)?"
BOX = re.compile(
    rf'<clipPath id="(\w+)">\s*<rect x="{NUMBER}" y="({NUMBER})" '
    rf'width="{NUMBER}" height="({NUMBER})"'
)
PIECE = re.compile(
    r'<path d="(?P<d>[^"]*)"(?: clip-path="url\(#(?P<clip>\w+)\)")? style="(?P<style>[^"]*)"'
    rf'|<use xlink:href="#\w+" x="{NUMBER}" y="(?P<tick>{NUMBER})"'
    r'|<text style="(?P<font>[^"]*)"[^>]*>(?P<text>.*?)</text>',
    re.DOTALL,
)


class Map(NamedTuple):
    """A heat map: its cells (not a number where hidden), and the names of its rows and columns."""

    cells: Points
    rows: list[str]
    columns: list[str]

    def row(self, name: str) -> Points:
        return self.cells[self.rows.index(name)]

    def darkest(self, name: str) -> str:
        """Return the column of the largest cell of a row."""
        return self.columns[int(np.nanargmax(self.row(name)))]


class Shown(NamedTuple):
    """The maps of a picture by title, and for each panel the curves by name."""

    maps: list[tuple[str, Map]]
    panels: list[dict[str, Points]]

    def names(self) -> list[str]:
        """Return the names that stand in the legends, once each."""
        return list(dict.fromkeys(name for panel in self.panels for name in panel if name))


def picture(cell: NotebookNode) -> str:
    """Return the SVG of a plot that a cell shows, in its first layout, or nothing."""
    for output in cell.get("outputs", []):
        svg = str(output.get("data", {}).get(SVG, ""))
        if PLOT in svg:
            return svg
    return ""


def shown(svg: str) -> Shown:
    """Read a picture."""
    wide = svg[svg.index("<svg", 5) :]
    end = wide.find("<svg", 5)
    return Shown(_maps(svg), _panels(wide if end < 0 else wide[:end]))


def _maps(svg: str) -> list[tuple[str, Map]]:
    found = re.search(r"<metadata>(.*?)</metadata>", svg, re.DOTALL)
    tables = json.loads(unescape(found[1])) if found else []
    return [(table["title"], _map(table)) for table in tables]


def _map(table: dict[str, Any]) -> Map:
    rows, columns = ([str(each) for each in table[side]] for side in ("rows", "columns"))
    if columns[0].startswith("largest of "):  # of a large map: the largest cell of each row
        names = [str(row[0]) for row in table["cells"]]
        columns = list(dict.fromkeys([*rows, *names]))
        cells = np.full((len(rows), len(columns)), np.nan)
        for i, (name, number) in enumerate(table["cells"]):
            cells[i, columns.index(name)] = float(number)
        return Map(cells, rows, columns)
    cells = np.array([[float(x) if x else np.nan for x in row] for row in table["cells"]])
    return Map(cells, rows, columns)


def _panels(svg: str) -> list[dict[str, Points]]:
    """Return of each pair of axes the heights of its curves, by the names of the legend.

    A height is what the axis says, where its ticks are even; else the share of the axis.
    """
    boxes = {name: (float(y), float(h)) for name, y, h in BOX.findall(svg)}
    names: dict[str, str] = {}
    lines: dict[str, list[tuple[str, Points]]] = {name: [] for name in boxes}
    ticks: list[tuple[float, float]] = []
    scales: dict[str, list[tuple[float, float]]] = {}
    tick, handle = None, None
    for piece in PIECE.finditer(svg):
        if piece["tick"]:
            tick = float(piece["tick"])
        elif piece["text"] is not None:
            words = _words(piece["text"])
            if handle:
                names[handle], handle = words, None
            elif "text-anchor: end" in piece["font"] and tick is not None:
                ticks += [(tick, number)] if (number := _number(words)) is not None else []
        elif (style := _style(piece["style"])) and piece["clip"] in boxes:
            lines[piece["clip"]].append((style, _points(piece["d"])))
            if piece["clip"] not in scales:
                scales[piece["clip"]], ticks = ticks, []
        elif style and not piece["clip"]:
            handle = style
    return [
        {name: _heights(y, boxes[clip], scales[clip])
         for name, y in _together(found, names).items()}
        for clip, found in lines.items() if found
    ]  # fmt: skip


def _together(found: list[tuple[str, Points]], names: dict[str, str]) -> dict[str, Points]:
    """Return the curves that have a name at the same places: 101 where they have not their own."""
    curves = {names[style]: points for style, points in found if style in names}
    if len({len(points) for points in curves.values()}) <= 1:
        return {name: points[:, 1] for name, points in curves.items()}
    ends = np.array([points[[0, -1], 0] for points in curves.values()])
    at = np.linspace(ends[:, 0].min(), ends[:, 1].max(), 101)
    return {name: np.interp(at, *points.T) for name, points in curves.items()}


def _is_grid(style: str) -> bool:
    return "stroke-opacity: 0.13" in style


def _style(style: str) -> str:
    """Return what tells a curve from others: its colour and its dashes; nothing for other lines."""
    if "fill: none" not in style or _is_grid(style):
        return ""
    colour = re.search(r"stroke: var\(--([\w-]+)", style)
    dashes = re.search(r"stroke-dasharray: ([\d.,]+)", style)
    return f"{colour[1]} {dashes[1] if dashes else ''}" if colour else ""


def _points(path: str) -> Points:
    numbers = [float(x) for x in re.findall(NUMBER, path)]
    points = np.array(numbers[: len(numbers) // 2 * 2]).reshape(-1, 2)
    return points[points[:, 0].argsort(kind="stable")]


def _heights(y: Points, box: tuple[float, float], ticks: list[tuple[float, float]]) -> Points:
    if len(ticks) >= 2:
        at, numbers = np.array(sorted(ticks)).T
        slope, start = np.polyfit(at, numbers, 1)
        if np.allclose(slope * at + start, numbers, atol=0.02 * np.ptp(numbers)):
            return slope * y + start
    top, height = box
    return 1 - (y - top) / height


def _words(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", text)).strip()


def _number(words: str) -> float | None:
    try:
        return float(words.replace("−", "-").replace(",", ""))
    except ValueError:
        return None
