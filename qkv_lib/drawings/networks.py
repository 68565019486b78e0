"""What attention is built into: heads, a block, an encoder with its decoder."""

from __future__ import annotations

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE
from qkv_lib.plots.vector import Layout

__all__ = ["block", "encoder_decoder", "heads"]

ROWS = 5  # words
SLICE = 2  # columns of a head
HEADS = 3


def heads() -> Drawing:
    """Draw three heads: queries, keys and values split by columns, and the outputs merged.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> heads()
    <drawing: heads, split and merged>
    """
    return Drawing("heads, split and merged", _heads_wide(), _heads_narrow())


def _heads_wide() -> Layout:
    sheet = Canvas(684, 330)
    cell, first, pitch, middle = 11, 66, 100, 166
    high = ROWS * cell
    for number in range(HEADS):
        y = first + pitch * number
        sheet.arrow((86, middle), (104, middle), (104, y), (122, y))
        _slices(sheet, 128, y - high / 2, number, cell)
        sheet.arrow((218, y), (244, y))
        _map(sheet, 252, y - high / 2, number, cell)
        sheet.arrow((314, y), (340, y))
        sheet.matrix(348, y - high / 2, ROWS, SLICE, cell=cell, colour=VALUE)
        sheet.text(359, y - high / 2 - 11, f"$H^{{({number + 1})}}$", size=13)
        sheet.line((378, y), (400, y), (400, middle))
        sheet.text(280, y + high / 2 + 13, f"head {number + 1}", size=12)
    sheet.arrow((400, middle), (424, middle))
    sheet.matrix(14, middle - high / 2, ROWS, 6, cell=cell)
    sheet.text(47, middle - high / 2 - 14, "$X$", size=15)
    sheet.text(47, middle + high / 2 + 14, "$n × d_{model}$", size=12, faint=True)
    _merged(sheet, 432, middle, cell)
    sheet.arrow((506, middle), (524, middle))
    sheet.box(526, middle - 22, 46, 44, "$W_O$", size=15)
    sheet.arrow((574, middle), (594, middle))
    sheet.matrix(600, middle - high / 2, ROWS, 6, cell=cell)
    sheet.text(633, middle - high / 2 - 14, "output")
    sheet.text(633, middle + high / 2 + 14, "$n × d_{model}$", size=12, faint=True)
    return sheet.layout()


def _slices(sheet: Canvas, left: float, top: float, number: int, cell: float) -> None:
    """Draw the columns of Q, K and V that belong to one head."""
    for place, (letter, colour) in enumerate((("Q", QUERY), ("K", KEY), ("V", VALUE))):
        x = left + place * (SLICE * cell + 8)
        sheet.matrix(x, top, ROWS, SLICE, cell=cell, colour=colour)
        sheet.text(x + SLICE * cell / 2, top - 11, f"${letter}^{{({number + 1})}}$", size=13)


def _map(sheet: Canvas, left: float, top: float, number: int, cell: float) -> None:
    """Draw the weights of one head: each head looks elsewhere."""
    looks = (lambda i, j: i == j + 1, lambda i, j: i >= 0 == j, lambda i, j: abs(i - j) <= 1)

    def shade(i: int, j: int) -> float:
        return 0.75 if looks[number](i, j) else 0.06

    sheet.matrix(left, top, ROWS, ROWS, cell=cell, shade=shade)
    sheet.text(left + ROWS * cell / 2, top - 11, f"$A^{{({number + 1})}}$", size=13)


def _merged(sheet: Canvas, left: float, middle: float, cell: float) -> None:
    """Draw the outputs of the heads side by side."""
    top = middle - ROWS * cell / 2
    sheet.matrix(left, top, ROWS, SLICE * HEADS, cell=cell, colour=VALUE)
    for number in range(HEADS):
        sheet.frame(left + SLICE * cell * number, top, SLICE * cell, ROWS * cell, colour=VALUE)
    across = left + SLICE * HEADS * cell / 2
    sheet.text(across, top - 14, "side by side")
    sheet.text(across, middle + ROWS * cell / 2 + 14, "$n × d_{model}$", size=12, faint=True)


def _heads_narrow() -> Layout:
    sheet = Canvas(336, 536)
    cell = 10
    high = ROWS * cell
    sheet.matrix(138, 28, ROWS, 6, cell=cell)
    sheet.text(168, 14, "$X$", size=15)
    sheet.text(204, 28 + high / 2, "$n × d_{model}$", size=12, anchor="start", faint=True)
    for number in range(HEADS):
        middle = 56 + 112 * number
        sheet.arrow((168, 34 + high), (168, 94), (middle, 94), (middle, 112))
        _slices(sheet, middle - 38, 138, number, cell)
        sheet.arrow((middle, 146 + high), (middle, 218))
        _map(sheet, middle - high / 2, 240, number, cell)
        sheet.text(middle, 240 + high + 13, f"head {number + 1}", size=12)
        sheet.arrow((middle, 240 + high + 22), (middle, 334))
        sheet.matrix(middle - cell, 340, ROWS, SLICE, cell=cell, colour=VALUE)
        name = f"$H^{{({number + 1})}}$"
        sheet.text(middle + cell + 6, 340 + high / 2, name, size=13, anchor="start")
        sheet.line((middle, 346 + high), (middle, 408), (168, 408))
    sheet.arrow((168, 408), (168, 424))
    _merged(sheet, 138, 478, cell)
    sheet.arrow((204, 478), (226, 478))
    sheet.box(228, 458, 40, 40, "$W_O$", size=14)
    sheet.arrow((270, 478), (287, 478))
    sheet.text(311, 478, "output", size=12.5)
    return sheet.layout()


def block() -> Drawing:
    """Draw a Transformer block: attention, then feed-forward, each beside a path straight through.

    The norms stand first, as in the blocks of this book.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> block()
    <drawing: a Transformer block>
    """
    sheet = Canvas(336, 438)
    line, path = 140, 254
    sheet.text(line, 14, "input, one row per word")
    sheet.box(18, 58, 300, 332, radius=12, dashed=True)
    sheet.line((line, 26), (line, 76))
    for top, name in ((82, "multi-head\nattention"), (250, "feed-forward")):
        sheet.arrow((line, top - 14), (line, top))
        sheet.box(line - 74, top, 148, 28, "norm")
        sheet.arrow((line, top + 28), (line, top + 46))
        sheet.box(line - 74, top + 46, 148, 38, name, size=12.5)
        sheet.arrow((line, top + 84), (line, top + 100))
        sheet.circle(line, top + 112, 12)
        sheet.text(line, top + 112, "+", size=16)
        sheet.arrow(
            (line, top - 14), (path, top - 14), (path, top + 112), (line + 13, top + 112)
        )  # fmt: skip
    sheet.line((line, 206), (line, 238))
    sheet.text(path + 6, 150, "residual\npath", anchor="start", size=12)
    sheet.arrow((line, 374), (line, 408))
    sheet.text(line, 424, "output, of the same shape")
    return Drawing("a Transformer block", sheet.layout())


def encoder_decoder() -> Drawing:
    """Draw an encoder and a decoder, and the three places where attention stands.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> encoder_decoder()
    <drawing: encoder and decoder, the three places of attention>
    """
    sheet = Canvas(340, 426)
    left, right, wide = 76, 262, 136
    sheet.text(left - 42, 118, "encoder", bold=True)
    sheet.text(right, 14, "next word")
    sheet.text(right - 38, 40, "decoder", bold=True)
    sheet.box(2, 132, 2 * left - 4, 188, radius=10, dashed=True)
    sheet.box(right - 74, 52, 148, 324, radius=10, dashed=True)
    _place(sheet, left, 248, "self-attention", "1", wide)
    sheet.box(left - wide / 2, 150, wide, 34, "feed-forward", size=12.5)
    sheet.arrow((left, 248), (left, 184))
    sheet.text(left, 408, "source words")
    sheet.arrow((left, 396), (left, 304))
    sheet.text(right, 408, "target words so far")
    sheet.arrow((right, 396), (right, 360))
    _place(sheet, right, 304, "self-attention,\ncausal", "2", wide)
    _place(sheet, right, 178, "cross-attention", "3", wide)
    sheet.arrow((right, 304), (right, 234), colour=QUERY)
    sheet.text(right + 13, 268, "$Q$", size=15)
    edge = right - wide / 2
    for shift, letter, colour in ((4, "K", KEY), (-4, "V", VALUE)):
        corner = 168 + shift
        sheet.arrow(
            (left - shift, 150), (left - shift, 100 - shift), (corner, 100 - shift),
            (corner, 206 - 1.5 * shift), (edge, 206 - 1.5 * shift), colour=colour,
        )  # fmt: skip
        sheet.text(112 + 5 * shift, 84, f"${letter}$", size=15)
    sheet.box(edge, 70, wide, 34, "feed-forward", size=12.5)
    sheet.arrow((right, 178), (right, 104))
    sheet.arrow((right, 70), (right, 26))
    return Drawing("encoder and decoder, the three places of attention", sheet.layout())


def _place(sheet: Canvas, middle: float, top: float, name: str, number: str, wide: float) -> None:
    """Draw one place of attention, with its number."""
    sheet.box(middle - wide / 2, top, wide, 56, name, size=12.5)
    sheet.circle(middle - wide / 2 + 12, top + 12, 8.5, opacity=0.6)
    sheet.text(middle - wide / 2 + 12, top + 12, number, size=11.5, bold=True)
