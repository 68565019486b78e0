"""An image as a sequence: square patches, read like a page, each one row of numbers."""

from __future__ import annotations

import array_api_compat

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_count

__all__ = ["to_patches"]


def to_patches(images: Array, size: int) -> Array:
    r"""Cut images into square patches, left to right and top to bottom.

    .. math:: X_{i,\, r s + c} = \mathrm{image}_{\lfloor i / w \rfloor s + r,\; (i \bmod w) s + c}

    with ``s`` the patch's side and ``w`` the number of patches in a row.

    Parameters
    ----------
    images : array of shape (..., height, width)
        NumPy array or torch tensor.
    size : int
        The side of a patch in pixels; it must divide height and width.

    Returns
    -------
    array of shape (..., n_patches, size · size)

    Raises
    ------
    TypeError, ValueError
        ``images`` is no array or has fewer than two axes; ``size`` is no integer, or does not
        divide the image.

    References
    ----------
    Dosovitskiy et al. 2020, "An Image is Worth 16x16 Words", section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> to_patches(np.arange(16).reshape(4, 4), 2)
    array([[ 0,  1,  4,  5],
           [ 2,  3,  6,  7],
           [ 8,  9, 12, 13],
           [10, 11, 14, 15]])
    """
    size = check_count("size", size, least=1)
    if not array_api_compat.is_array_api_obj(images):
        raise TypeError(
            f"images is a {type(images).__name__}, needs a NumPy array or a torch tensor"
        )
    if images.ndim < 2 or images.shape[-2] % size or images.shape[-1] % size:
        raise ValueError(
            f"images has shape {shape(images)}, needs (..., height, width) with sides that "
            f"patches of {size} pixels fill"
        )
    xp = array_api_compat.array_namespace(images)
    *batch, height, width = images.shape
    grid = xp.reshape(images, (*batch, height // size, size, width // size, size))
    rows = xp.moveaxis(grid, -2, -3)  # (..., patch row, patch column, size, size)
    return xp.reshape(rows, (*batch, (height * width) // size**2, size**2))
