"""How all figures look, and in which form a notebook shows them: set once, here."""

from __future__ import annotations

import warnings
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

from qkv_lib.plots.colours import LINES
from qkv_lib.plots.saved import as_svg

__all__ = ["LOOK", "show_as_svg", "use"]

FAINT = "#00000066"  # black, which follows the page, and little of it
#: The settings of matplotlib, light axes without frames and letters of 12 pixels or more.
LOOK: Any = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlepad": 7,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "grid.color": "black",
    "grid.alpha": 0.13,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 1.9,
    "lines.markersize": 4.5,
    "axes.prop_cycle": cycler(color=[each.light for each in LINES]),
    "patch.facecolor": LINES[0].light,
}


def use() -> None:
    """Give the figures of this process the look of the book; a notebook shows them as SVG.

    Examples
    --------
    >>> use()
    >>> mpl.rcParams["axes.spines.top"]
    False
    """
    mpl.rcParams.update(LOOK)
    show_as_svg()


def show_as_svg() -> None:
    """Have the notebook that this runs in show figures as SVG; elsewhere, do nothing.

    Examples
    --------
    >>> show_as_svg()
    """
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    inline = "inline" in str(mpl.get_backend(auto_select=False))
    if not inline or shell is None or shell.display_formatter is None:
        return
    from matplotlib_inline import backend_inline  # chooses PNG, once, when it is first imported

    assert backend_inline
    # The reader's fonts draw the text; those of this machine only measure it.
    warnings.filterwarnings("ignore", "Glyph .* missing from")
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, as_svg)
