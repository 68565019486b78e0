"""What chapter 6 builds with attention: an image read in patches, a date read by a translator."""

from __future__ import annotations

from itertools import pairwise

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE

__all__ = ["translator", "vision_transformer"]

DIGIT = (  # a three, 12 by 12
    "............",
    "............",
    "....####....",
    "...##..##...",
    ".......##...",
    ".....###....",
    ".......##...",
    "........##..",
    "...#....##..",
    "....#####...",
    "............",
    "............",
)
SOURCE, WEIGHTS = "5 mars", (0.02, 0.02, 0.75, 0.15, 0.04, 0.02)


def vision_transformer() -> Drawing:
    """Draw a Vision Transformer: an image cut into patches, tokens, blocks, and the answer.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> vision_transformer()
    <drawing: a Vision Transformer>
    """
    sheet = Canvas(336, 452)
    _patches(sheet, 12, 30)
    sheet.arrow((122, 80), (168, 80))
    sheet.text(145, 68, "cut", size=12)
    sheet.matrix(177, 26, 16, 6, cell=7, shade=_tone)
    sheet.text(198, 14, "$X$", size=15)
    sheet.text(226, 80, "$16 × 49$\none row\nper patch", size=12, anchor="start", faint=True)
    sheet.arrow((198, 142), (198, 176))
    sheet.text(206, 159, "$W_E$, one for all", size=12, anchor="start")
    sheet.matrix(180.5, 190, 16, 5, cell=7, shade=_tone)
    sheet.matrix(180.5, 183, 1, 5, cell=7, shade=lambda *_: 0.9)
    sheet.text(156, 178, "class token", size=12, anchor="end", bold=True)
    sheet.arrow((160, 180), (178, 186))
    sheet.text(90, 236, "+ a learned position\nin every row", size=12)
    sheet.text(226, 244, "$17 × 64$", size=12, anchor="start", faint=True)
    sheet.arrow((198, 306), (198, 322))
    sheet.box(108, 324, 180, 26, "block 1", size=12.5)
    sheet.arrow((198, 350), (198, 364))
    sheet.box(108, 366, 180, 26, "block 2", size=12.5)
    sheet.text(100, 358, "all tokens\nattend to all", size=12, anchor="end", faint=True)
    sheet.arrow((198, 392), (198, 416))
    sheet.text(206, 406, "class token alone", size=12, anchor="start", bold=True)
    sheet.box(128, 418, 140, 26, "10 logits", size=12.5)
    return Drawing("a Vision Transformer", sheet.layout())


def _patches(sheet: Canvas, left: float, top: float) -> None:
    """Draw an image and the grid that cuts it."""
    cell = 8.5
    sheet.matrix(
        left, top, 12, 12, cell=cell, shade=lambda i, j: 0.85 if DIGIT[i][j] == "#" else 0.0
    )
    side = 3 * cell
    for number in range(16):
        sheet.frame(left + number % 4 * side, top + number // 4 * side, side, side)
    sheet.text(left + 6 * cell, top + 12 * cell + 14, "$28 × 28$ pixels", size=12, faint=True)


def _tone(row: int, column: int) -> float:
    return 0.1 + 0.5 * ((5 * row + 7 * column + row * column) % 9) / 9


def translator() -> Drawing:
    """Draw a recurrent translator with attention, while it writes the first English symbol.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> translator()
    <drawing: a recurrent translator with attention>
    """
    sheet = Canvas(340, 378)
    pitch, first, wide = 36, 30, 26
    middles = [first + pitch * j for j in range(len(SOURCE))]
    for j, (x, letter) in enumerate(zip(middles, SOURCE, strict=True)):
        sheet.text(x, 362, "␣" if letter == " " else letter, size=14)
        sheet.arrow((x, 350), (x, 328))
        sheet.box(x - wide / 2, 296, wide, 30, f"$h_{j + 1}$", size=12.5, radius=4)
        sheet.arrow((x, 296), (x, 246), colour=KEY)
        sheet.square(x - wide / 2, 218, wide, depth=WEIGHTS[j])
        sheet.line((x, 218), (x, 196), colour=VALUE)
    for left, right in pairwise(middles):
        sheet.arrow((left + wide / 2, 304), (right - wide / 2, 304))
        sheet.arrow((right - wide / 2, 318), (left + wide / 2, 318))
    sheet.text(234, 311, "encoder, read\nin both directions", size=12, anchor="start", faint=True)
    sheet.frame(middles[0] - 18, 213, middles[-1] - middles[0] + 36, wide + 10)
    sheet.text(232, 260, "weights $a_1$", size=12, anchor="start")
    sheet.text(middles[-1] + 8, 282, "keys", size=12, anchor="start", colour=KEY)
    across = middles[2]
    sheet.line((middles[0], 196), (middles[-1], 196), colour=VALUE)
    sheet.arrow((across, 196), (across, 162), colour=VALUE)
    sheet.text(across + 8, 180, "values, weighted and added", size=12, anchor="start", colour=VALUE)
    sheet.box(across - 24, 130, 48, 30, "$c_1$", size=14, colour=VALUE)
    sheet.box(268, 216, 44, 30, "$s_1$", size=14)
    sheet.text(290, 204, "decoder", size=12, faint=True)
    sheet.arrow((268, 231), (231, 231), colour=QUERY)
    sheet.text(248, 221, "query", size=12, colour=QUERY)
    sheet.line((312, 231), (328, 231), (328, 145), (328, 93))
    sheet.arrow((328, 93), (244, 93))
    sheet.arrow((across, 130), (across, 93), (132, 93))
    sheet.box(134, 76, 108, 34, "answer", size=13)
    sheet.arrow((188, 76), (188, 40))
    sheet.text(188, 26, "March", size=14, bold=True)
    return Drawing("a recurrent translator with attention", sheet.layout())
