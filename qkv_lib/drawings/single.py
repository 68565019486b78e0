"""One attention: where queries, keys and values come from, and what is done with them."""

from __future__ import annotations

from qkv_lib.drawings.canvas import Canvas, Drawing
from qkv_lib.plots.colours import KEY, QUERY, VALUE, Colour
from qkv_lib.plots.vector import Layout

__all__ = ["flow", "three_maps"]

WORDS = ("the", "cat", "drank", "the", "milk", "because", "it", "was", "thirsty")
IT = WORDS.index("it")
MAPS = (
    ("Q", "k", QUERY, "what a word\nasks for"),
    ("K", "k", KEY, "what it is\nfound by"),
    ("V", "v", VALUE, "what it\nhands over"),
)
CELL = 14
WIDTHS = {"k": 3, "v": 4, "d": 5}  # columns of matrices that stand for any width


def three_maps() -> Drawing:
    """Draw one input, three matrices, and the queries, keys and values that come out.

    The row of *it* is framed: from one row of the input come one query, one key and one value.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> three_maps()
    <drawing: one input, three matrices>
    """
    return Drawing("one input, three matrices", _maps_wide(), _maps_narrow())


def _maps_wide() -> Layout:
    sheet = Canvas(640, 510)
    first, step, top = 98, 164, 199
    _words(sheet, 92, top, WIDTHS["d"])
    for number, (letter, small, colour, meaning) in enumerate(MAPS):
        middle = first + step * number
        left = 252
        trunk, start = 204, top + 4.5 * CELL
        sheet.arrow((170, start), (trunk, start), (trunk, middle), (left - 8, middle))
        width = WIDTHS[small] * CELL
        _weights(sheet, left, middle - 2.5 * CELL, letter, small, colour)
        sheet.arrow((left + width + 8, middle), (412, middle), colour=colour)
        _projected(sheet, 420, middle - 4.5 * CELL, letter, small, colour)
        sheet.text(508, middle, meaning, anchor="start", colour=colour)
    return sheet.layout()


def _maps_narrow() -> Layout:
    sheet = Canvas(336, 548)
    top = 28
    _words(sheet, 133, top, WIDTHS["d"])
    bottom = top + 9 * CELL + 28
    for number, (letter, small, colour, meaning) in enumerate(MAPS):
        middle, width = 60 + 108 * number, WIDTHS[small] * CELL
        turn, weights = bottom + 10, bottom + 52
        sheet.arrow((168, bottom), (168, turn), (middle, turn), (middle, weights - 24))
        _weights(sheet, middle - width / 2, weights, letter, small, colour)
        below = weights + 5 * CELL + 26
        sheet.arrow((middle, below), (middle, below + 18), colour=colour)
        _projected(sheet, middle - width / 2, below + 44, letter, small, colour)
        sheet.text(middle, below + 44 + 9 * CELL + 24, meaning, size=12, colour=colour)
    return sheet.layout()


def _words(sheet: Canvas, left: float, top: float, columns: int) -> None:
    """Draw the input: one row per word of the sentence."""
    for row, word in enumerate(WORDS):
        middle = top + (row + 0.5) * CELL
        sheet.text(left - 8, middle, word, anchor="end", size=12.5, bold=row == IT)
    sheet.matrix(left, top, len(WORDS), columns, cell=CELL)
    sheet.frame(left, top + IT * CELL, columns * CELL, CELL)
    sheet.text(left + columns * CELL / 2, top - 13, "$X$", size=15)
    sheet.text(
        left + columns * CELL / 2, top + 9 * CELL + 13, "$n × d_{model}$", size=12, faint=True
    )


def _weights(
    sheet: Canvas, left: float, top: float, letter: str, small: str, colour: Colour
) -> None:
    width = WIDTHS[small]
    sheet.matrix(left, top, WIDTHS["d"], width, cell=CELL, colour=colour)
    middle = left + width * CELL / 2
    sheet.text(middle, top - 12, f"$W_{letter}$", size=15)
    sheet.text(middle, top + 5 * CELL + 12, "$d_{model} × d_" + small + "$", size=12, faint=True)


def _projected(
    sheet: Canvas, left: float, top: float, letter: str, small: str, colour: Colour
) -> None:
    width = WIDTHS[small]
    sheet.matrix(left, top, len(WORDS), width, cell=CELL, colour=colour)
    sheet.frame(left, top + IT * CELL, width * CELL, CELL, colour=colour)
    sheet.text(left + width * CELL / 2, top - 12, f"${letter}$", size=15)


def flow() -> Drawing:
    """Draw one attention, from queries, keys and values to the output, with every shape.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> flow()
    <drawing: one attention, with every shape>
    """
    return Drawing("one attention, with every shape", _flow_wide(), _flow_narrow())


N_Q, N_K = 4, 5  # rows of queries, and of keys, in `flow`
BOX = 18  # its cells
ROW = 1  # the query that is followed
STRONG = ((1, 0, 0, 3, 0), (0, 4, 1, 0, 0), (2, 0, 0, 1, 1), (0, 0, 2, 0, 3))


def _score(i: int, j: int) -> float:
    return 0.06 + 0.16 * STRONG[i][j]


def _weight(i: int, j: int) -> float:
    return 0.04 + 0.92 * 2.0 ** STRONG[i][j] / sum(2.0**x for x in STRONG[i])


def _flow_wide() -> Layout:
    sheet = Canvas(680, 180)
    top = 54
    _named(sheet, 6, top, N_Q, 3, "$Q$", "$n_q × d_k$", QUERY)
    sheet.text(75, top + 2 * BOX, "·", size=20)
    _named(sheet, 90, top, 3, N_K, "$K^⊤$", "$d_k × n_k$", KEY)
    sheet.text(194, top + 2 * BOX, "=", size=15)
    _scores(sheet, 208, top)
    _softmax(sheet, (304, top + 2 * BOX), (390, top + 2 * BOX))
    _weights_of(sheet, 400, top)
    sheet.text(502, top + 2 * BOX, "·", size=20)
    _named(sheet, 516, top, N_K, 3, "$V$", "$n_k × d_v$", VALUE)
    sheet.text(586, top + 2 * BOX, "=", size=15)
    _output(sheet, 602, top)
    return sheet.layout()


def _flow_narrow() -> Layout:
    sheet = Canvas(336, 372)
    top, below = 50, 254
    _named(sheet, 22, top, N_Q, 3, "$Q$", "$n_q × d_k$", QUERY)
    sheet.text(92, top + 2 * BOX, "·", size=20)
    _named(sheet, 108, top, 3, N_K, "$K^⊤$", "$d_k × n_k$", KEY)
    sheet.text(211, top + 2 * BOX, "=", size=15)
    _scores(sheet, 226, top)
    down = top + 4 * BOX + 28
    sheet.arrow((271, down), (271, down + 36), (67, down + 36), (67, below - 34))
    sheet.text(169, down + 26, "divide by $√d_k$, mask, softmax", size=12)
    _weights_of(sheet, 22, below)
    sheet.text(126, below + 2 * BOX, "·", size=20)
    _named(sheet, 142, below, N_K, 3, "$V$", "$n_k × d_v$", VALUE)
    sheet.text(213, below + 2 * BOX, "=", size=15)
    _output(sheet, 232, below)
    return sheet.layout()


def _named(
    sheet: Canvas, left: float, top: float, rows: int, columns: int, name: str, shape: str,
    colour: Colour,
) -> None:  # fmt: skip
    sheet.matrix(left, top, rows, columns, cell=BOX, colour=colour)
    sheet.text(left + columns * BOX / 2, top - 13, name, size=15)
    sheet.text(left + columns * BOX / 2, top + rows * BOX + 14, shape, size=12, faint=True)
    if name == "$Q$":
        sheet.frame(left, top + ROW * BOX, columns * BOX, BOX, colour=colour)


def _scores(sheet: Canvas, left: float, top: float) -> None:
    sheet.matrix(left, top, N_Q, N_K, cell=BOX, shade=_score)
    sheet.frame(left, top + ROW * BOX, N_K * BOX, BOX)
    sheet.text(left + N_K * BOX / 2, top - 13, "scores")
    sheet.text(left + N_K * BOX / 2, top + N_Q * BOX + 14, "$n_q × n_k$", size=12, faint=True)


def _weights_of(sheet: Canvas, left: float, top: float) -> None:
    sheet.matrix(left, top, N_Q, N_K, cell=BOX, shade=_weight)
    sheet.frame(left, top + ROW * BOX, N_K * BOX, BOX)
    sheet.text(left + N_K * BOX / 2, top - 13, "weights $A$")
    sheet.text(left + N_K * BOX / 2, top + N_Q * BOX + 14, "$n_q × n_k$", size=12, faint=True)
    sheet.text(left + N_K * BOX / 2, top + N_Q * BOX + 32, "each row: sum 1", size=12, faint=True)


def _softmax(sheet: Canvas, start: tuple[float, float], end: tuple[float, float]) -> None:
    sheet.arrow(start, end)
    middle = (start[0] + end[0]) / 2 - 2
    sheet.text(middle, start[1] - 14, "divide by $√d_k$", size=12)
    sheet.text(middle, start[1] + 24, "mask,\nsoftmax", size=12)


def _output(sheet: Canvas, left: float, top: float) -> None:
    sheet.matrix(left, top, N_Q, 3, cell=BOX, colour=VALUE)
    sheet.frame(left, top + ROW * BOX, 3 * BOX, BOX, colour=VALUE)
    sheet.text(left + 1.5 * BOX, top - 13, "output $O$")
    sheet.text(left + 1.5 * BOX, top + N_Q * BOX + 14, "$n_q × d_v$", size=12, faint=True)
