"""Figures of attention: rows are queries, columns are keys, and both carry their labels.

Each function draws on the axes it is given, or on new ones, and returns them; none shows or
saves. Weights are always coloured from 0 to 1, scores symmetrically about 0, and masked cells
are hatched, so that a colour means the same in every figure.

Where matplotlib is missing, as in a page of the book before its first figure, the colours and
what `qkv_lib.drawings` needs are there all the same.

May import: every floor, language.
"""

from importlib.util import find_spec

if find_spec("matplotlib"):
    from qkv_lib.plots import style
    from qkv_lib.plots.curves import curves_with_spread, weights_against
    from qkv_lib.plots.frame import frame
    from qkv_lib.plots.heat import heatmap
    from qkv_lib.plots.plane import hull
    from qkv_lib.plots.projections import projections, side_by_side
    from qkv_lib.plots.regression import fits
    from qkv_lib.plots.shapes import mask_shapes, maskmap

    style.use()

__all__ = [
    "curves_with_spread",
    "fits",
    "frame",
    "heatmap",
    "hull",
    "mask_shapes",
    "maskmap",
    "projections",
    "side_by_side",
    "weights_against",
]


def __getattr__(name: str) -> object:
    """Say what is missing where a figure was asked for."""
    if name in __all__:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
