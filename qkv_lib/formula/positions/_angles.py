"""What sinusoidal positions and RoPE share: position times frequency, and the checks for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array, is_tensor, library, namespace
from qkv_lib.formula.checks import check_count, check_number


def angles(positions: Array, d: int, base: float) -> Array:
    """Return ``position · base^(−2i/d)`` for i = 0 … d/2 − 1: shape (..., n, d / 2), float64."""
    xp = namespace(positions)
    if is_tensor(positions):
        positions = positions.to(home(positions))
    doubled = xp.arange(0, d, 2, dtype=xp.float64, device=positions.device)
    return xp.astype(positions, xp.float64)[..., None] * base ** (-doubled / d)


def check_angles(d_name: str, d: int, base: float) -> tuple[int, float]:
    """Check a width that is cut into pairs, and the base of the frequencies."""
    d = check_count(d_name, d, least=2)
    if d % 2:
        raise ValueError(f"{d_name} is {d}, needs an even number: features turn in pairs")
    return d, check_number("base", base, positive=True)


def check_positions(positions: Array, like: Array | None = None) -> Array:
    """Check an integer array of position ids."""
    if not (isinstance(positions, np.ndarray) or is_tensor(positions)):
        raise TypeError(f"positions is a {type(positions).__name__}, needs an integer array")
    if like is not None and library(positions) != library(like):
        raise TypeError(f"positions is a {library(positions)} array, needs a {library(like)} one")
    xp = namespace(positions)
    if not xp.isdtype(positions.dtype, "integral"):
        raise TypeError(f"positions has dtype {positions.dtype}, needs an integer dtype")
    if positions.ndim == 0:
        raise ValueError("positions is a single number, needs one per row: shape (..., n)")
    return positions


NO_FLOAT64 = ("mps",)  # devices that have none: there angles are computed on the processor


def home(like: Array) -> Any:
    """Return the device on which float64 is computed for an array: its own, if that has any."""
    return "cpu" if getattr(like.device, "type", "") in NO_FLOAT64 else like.device


def rounded(wide: Array, like: Array) -> Array:
    """Return float64 numbers in the dtype and on the device of ``like``."""
    narrow = namespace(wide).astype(wide, like.dtype)
    return narrow.to(like.device) if is_tensor(narrow) else narrow


def consecutive(n: int, offset: int, like: Array | None) -> Array:
    """Return the positions ``offset`` to ``offset + n − 1``, in the library of ``like``.

    They lie where float64 can be computed; `rounded` brings what is made of them home.
    """
    xp: Any = np if like is None else namespace(like)
    device = {} if like is None else {"device": home(like)}
    return xp.arange(offset, offset + n, **device)
