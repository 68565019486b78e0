"""What drawings are made of: boxes, arrows, matrices and words with formulas in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qkv_lib.plots.colours import Colour, css
from qkv_lib.plots.vector import Layout, picture
from qkv_lib.plots.words import rich

__all__ = ["Canvas", "Drawing"]

LINE = 1.35  # of the size of the letters


class Drawing:
    """A drawing as a cell shows it: SVG, with a second layout for narrow pages.

    Parameters
    ----------
    name : str
        What is drawn.
    wide : Layout
        For a page.
    narrow : Layout, optional
        For a phone, where there is less room.
    """

    def __init__(self, name: str, wide: Layout, narrow: Layout | None = None) -> None:
        self.name, self.wide, self.narrow = name, wide, narrow

    def __repr__(self) -> str:
        """Return one line: the picture is in the other form of the output."""
        return f"<drawing: {self.name}>"

    def _repr_svg_(self) -> str:
        """Return the picture as SVG, for notebooks."""
        return picture(self.wide, self.narrow)


class Canvas:
    """A sheet to draw on: x runs to the right, y down, in CSS pixels.

    Parameters
    ----------
    width, height : float

    Examples
    --------
    >>> sheet = Canvas(100, 40)
    >>> sheet.box(10, 10, 80, 20, "scores")
    >>> sheet.layout().width
    100
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.drawn: list[str] = []

    def layout(self) -> Layout:
        """Return what was drawn."""
        return Layout(self.width, self.height, "\n".join(self.drawn))

    def text(
        self, x: float, y: float, words: str, *, size: float = 13, anchor: str = "middle",
        colour: Colour | None = None, bold: bool = False, faint: bool = False,
    ) -> None:  # fmt: skip
        """Write words around the height `y`; `$…$` is a formula, a newline a new line."""
        lines = words.split("\n")
        top = y + 0.35 * size - LINE * size * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            style = [f"font-size: {size:g}px"]
            style += [f"fill: {css(colour)}"] if colour else []
            style += ["font-weight: 600"] if bold else []
            style += ["opacity: 0.78"] if faint else []
            self.drawn.append(
                f'<text x="{x:g}" y="{top + number * LINE * size:.4g}" text-anchor="{anchor}" '
                f'style="{"; ".join(style)}">{rich(line, size)}</text>'
            )

    def box(
        self, x: float, y: float, width: float, height: float, words: str = "", *,
        colour: Colour | None = None, size: float = 13, radius: float = 6, bold: bool = False,
        dashed: bool = False,
    ) -> None:  # fmt: skip
        """Draw a box with words in its middle."""
        ink = css(colour) if colour else "currentColor"
        dashes = "; stroke-dasharray: 4 3" if dashed else ""
        self.drawn.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
            f'style="fill: {ink}; fill-opacity: {0.1 if colour else 0.05}; stroke: {ink}; '
            f'stroke-opacity: {0.9 if colour else 0.55}; stroke-width: 1.2{dashes}"/>'
        )
        if words:
            self.text(x + width / 2, y + height / 2, words, size=size, bold=bold)

    def arrow(self, *points: tuple[float, float], colour: Colour | None = None) -> None:
        """Draw an arrow along the points, with its head at the last one."""
        self.line(*points, colour=colour)
        (x0, y0), (x1, y1) = points[-2:]
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        left = f"{x1 - 7 * ux - 3.5 * uy:.4g} {y1 - 7 * uy + 3.5 * ux:.4g}"
        right = f"{x1 - 7 * ux + 3.5 * uy:.4g} {y1 - 7 * uy - 3.5 * ux:.4g}"
        ink = css(colour) if colour else "currentColor"
        self.drawn.append(
            f'<path d="M{x1:g} {y1:g}L{left}L{right}Z" style="fill: {ink}; stroke: none"/>'
        )

    def line(
        self, *points: tuple[float, float], colour: Colour | None = None, width: float = 1.4,
        opacity: float = 0.85, dashed: bool = False,
    ) -> None:  # fmt: skip
        """Draw a line along the points."""
        path = "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
        ink = css(colour) if colour else "currentColor"
        dashes = "; stroke-dasharray: 4 3" if dashed else ""
        self.drawn.append(
            f'<path d="M{path}" style="fill: none; stroke: {ink}; stroke-width: {width:g}; '
            f'stroke-opacity: {opacity:g}{dashes}"/>'
        )

    def matrix(
        self, x: float, y: float, rows: int, columns: int, *, cell: float = 16,
        colour: Colour | None = None, shade: Callable[[int, int], float] | None = None,
        hidden: Callable[[int, int], bool] | None = None,
    ) -> None:  # fmt: skip
        """Draw a matrix as a grid of cells, each as deep as `shade` says, from 0 to 1."""
        ink = css(colour) if colour else "currentColor"
        shade = shade or _grain
        self.drawn.append(f'<g style="fill: {ink}; stroke: {ink}; stroke-width: 1">')
        for i in range(rows):
            for j in range(columns):
                depth = 0.0 if hidden and hidden(i, j) else shade(i, j)
                place = f'x="{x + j * cell:g}" y="{y + i * cell:g}"'
                self.drawn.append(
                    f'<rect {place} width="{cell:g}" height="{cell:g}" '
                    f'style="fill-opacity: {depth:.2f}; stroke-opacity: 0.6"/>'
                )
                if hidden and hidden(i, j):
                    left, top = x + j * cell, y + i * cell
                    self.drawn.append(
                        f'<path d="M{left + 2:g} {top + cell - 2:g}L{left + cell - 2:g} '
                        f'{top + 2:g}" style="fill: none; stroke-opacity: 0.6"/>'
                    )
        self.drawn.append("</g>")

    def frame(
        self, x: float, y: float, width: float, height: float, *, colour: Colour | None = None
    ) -> None:
        """Draw a strong outline, to say: these."""
        ink = css(colour) if colour else "currentColor"
        self.drawn.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            f'style="fill: none; stroke: {ink}; stroke-width: 2.4"/>'
        )

    def square(
        self, x: float, y: float, size: float, *, colour: Colour | None = None, depth: float = 0.5
    ) -> None:
        """Draw one cell, as deep as it says, from 0 to 1."""
        ink = css(colour) if colour else "currentColor"
        self.drawn.append(
            f'<rect x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" style="fill: {ink}; '
            f'fill-opacity: {depth:g}; stroke: {ink}; stroke-width: 1.2"/>'
        )

    def circle(self, x: float, y: float, radius: float, **style: Any) -> None:
        """Draw a circle, by default its outline."""
        colour = style.get("colour")
        ink = css(colour) if colour else "currentColor"
        self.drawn.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" style="fill: {ink}; '
            f"fill-opacity: {style.get('depth', 0):g}; stroke: {ink}; "
            f'stroke-opacity: {style.get("opacity", 0.85):g}; stroke-width: 1.3"/>'
        )


def _grain(i: int, j: int) -> float:
    """Return how deep a cell is that stands for any number."""
    return 0.12 + 0.5 * ((7 * i + 5 * j + 3 * i * j) % 11) / 11
