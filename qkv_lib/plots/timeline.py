"""A timeline: what came when, on a true scale of years."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from qkv_lib.formula._checks import check_count
from qkv_lib.plots.curves import COLOURS
from qkv_lib.plots.inputs import check_labels

__all__ = ["timeline"]


def timeline(years: Sequence[int], labels: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw events down the page, each at its year, from the earliest to the latest.

    Parameters
    ----------
    years : sequence of n int
        In any order; events of one year keep theirs.
    labels : sequence of n str
        Written beside the events, on the side where there is more room.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        A year is no integer, or ``labels`` is one string.
    ValueError
        There are no events, or not as many labels as years.

    Examples
    --------
    >>> ax = timeline([2017, 1964], ["Transformer", "kernel regression"])
    >>> [text.get_text() for text in ax.texts]
    ['1964  kernel regression', 'Transformer  2017']
    """
    if not years:
        raise ValueError("years is empty, needs at least one event")
    texts = check_labels("labels", labels, len(years), "year")
    times = [check_count("years", year, least=0) for year in years]
    events = sorted(zip(times, texts, strict=True), key=lambda event: event[0])
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 0.7 + 0.3 * len(events)), layout="constrained")
    ax.plot([year for year, _ in events], range(len(events)), "o", color=COLOURS[0])
    for row, (year, text) in enumerate(events):
        _write(ax, row, year, text, on_the_left=2 * year > events[0][0] + events[-1][0])
    ax.set(xlabel="year", yticks=[], ylim=(len(events) - 0.5, -0.5))
    ax.margins(x=0.04)
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    return ax


def _write(ax: Axes, row: int, year: int, text: str, *, on_the_left: bool) -> None:
    side, words = ("right", f"{text}  {year}") if on_the_left else ("left", f"{year}  {text}")
    ax.annotate(
        words, (year, row), xytext=(-9 if on_the_left else 9, 0), textcoords="offset points",
        ha=side, va="center", fontsize=9,
    )  # fmt: skip
