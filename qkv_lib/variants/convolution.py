r"""A convolution, written as multi-head attention: one head a tap of the filter.

Give each head one relative position to look at, all its weight on that place, and the filter's
matrix for that tap as its value map; the sum over heads is the convolution. So attention with
relative positions can do what a convolution does. That it does not look so from the start, but
has to learn it, is the difference.
"""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from qkv_lib.attention import attention
from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays, check_count

__all__ = ["convolve", "offset_mask", "offset_scores"]


def offset_mask(height: int, width: int, offset: tuple[int, int]) -> np.ndarray:
    r"""Return a mask by which each pixel may attend to one pixel: the one ``offset`` away.

    .. math:: M_{ij} = [\, p_j = p_i + \Delta \,]

    Parameters
    ----------
    height, width : int
        The image's sides; its pixels are numbered like a page.
    offset : pair of int
        ``Δ``: rows down and columns to the right.

    Returns
    -------
    boolean array of shape (height · width, height · width)
        A pixel whose ``p + Δ`` lies outside the image has a row of ``False``.

    Raises
    ------
    TypeError, ValueError
        A side is no integer of at least 1.

    Examples
    --------
    >>> offset_mask(1, 3, (0, 1)).astype(int)
    array([[0, 1, 0],
           [0, 0, 1],
           [0, 0, 0]])
    """
    return np.asarray((_between(height, width) == np.asarray(offset)).all(axis=-1))


def offset_scores(
    height: int, width: int, offset: tuple[int, int], *, strength: float
) -> np.ndarray:
    r"""Return scores that prefer the pixel ``offset`` away, the more so the greater ``strength``.

    .. math:: S_{ij} = -\alpha\, \lVert p_j - p_i - \Delta \rVert^2

    Parameters
    ----------
    height, width, offset
        As in `offset_mask`.
    strength : float
        ``α``. As it grows, the softmax of a row tends to the row of `offset_mask`, if that has
        a pixel in it.

    Returns
    -------
    array of shape (height · width, height · width)

    Raises
    ------
    TypeError, ValueError
        A side is no integer of at least 1.

    Notes
    -----
    Multiplied out, it is a product of three features of the relative position,
    ``(‖δ‖², δ₁, δ₂)``, and three numbers a head learns: a relative position encoding.

    References
    ----------
    Cordonnier et al. 2020, "On the Relationship between Self-Attention and Convolutional Layers",
    equation 9.

    Examples
    --------
    >>> offset_scores(1, 3, (0, 1), strength=2.0)
    array([[ -2.,  -0.,  -2.],
           [ -8.,  -2.,  -0.],
           [-18.,  -8.,  -2.]])
    """
    gaps = _between(height, width) - np.asarray(offset, dtype=np.float64)
    return np.asarray(-strength * (gaps**2).sum(axis=-1))


def convolve(image: Array, kernel: Array) -> Array:
    r"""Convolve an image by attention, one head a tap, with zeros around the image.

    .. math::
        \begin{aligned}
        Y &= \sum_{\Delta} A^{(\Delta)}\, X\, W_\Delta \\
        A^{(\Delta)}_{ij} &= [\, p_j = p_i + \Delta \,]
        \end{aligned}

    Parameters
    ----------
    image : array of shape (height, width, c_in)
    kernel : array of shape (k, k, c_in, c_out)
        ``k`` odd; tap ``(r, s)`` looks ``r − k // 2`` rows down and ``s − k // 2`` columns right.

    Returns
    -------
    array of shape (height, width, c_out)

    Raises
    ------
    TypeError, ValueError
        The shapes do not fit, or ``k`` is even.

    Notes
    -----
    ``k²`` heads with weights of shape (n, n), ``n = height · width``: a proof, not a fast
    convolution. Where a tap reaches over the edge the row of its mask is empty, and by this
    library's rule its output is 0: what a convolution calls zero padding.

    References
    ----------
    Cordonnier et al. 2020, theorem 1.

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.zeros((3, 3, 1, 1))
    >>> kernel[1, 2] = 1.0                                    # take what is on the right
    >>> convolve(np.arange(6.0).reshape(2, 3, 1), kernel)[..., 0]
    array([[1., 2., 0.],
           [4., 5., 0.]])
    """
    xp: Any = check_arrays(image=image, kernel=kernel)
    if image.ndim != 3 or kernel.ndim != 4 or kernel.shape[2] != image.shape[-1]:
        raise ValueError(
            f"image has shape {shape(image)} and kernel {shape(kernel)}, need "
            "(height, width, c_in) and (k, k, c_in, c_out)"
        )
    k = kernel.shape[0]
    if kernel.shape[1] != k or k % 2 == 0:
        raise ValueError(f"kernel has shape {shape(kernel)}, needs k × k taps with k odd")
    height, width, c_in = image.shape
    taps = [(r - k // 2, s - k // 2) for r in range(k) for s in range(k)]
    masks = np.stack([offset_mask(height, width, tap) for tap in taps])  # (k², n, n)
    x = xp.reshape(image, (1, height * width, c_in))
    values = x @ xp.reshape(kernel, (k * k, c_in, -1))  # (k², n, c_out): X W_Δ of each head
    nothing = xp.zeros_like(values[..., :1])  # what a pixel holds plays no part in the scores
    device = array_api_compat.device(image)
    heads = attention(nothing, nothing, values, mask=xp.asarray(masks, device=device))
    return xp.reshape(xp.sum(heads, axis=0), (height, width, -1))


def _between(height: int, width: int) -> np.ndarray:
    """Return ``p_j − p_i`` for all pixels, of shape (n, n, 2)."""
    sides = check_count("height", height, least=1), check_count("width", width, least=1)
    places = np.argwhere(np.ones(sides))
    return np.asarray(places[None, :] - places[:, None])
