"""What attention looked at, in numbers: maps over the keys, and what they are worth.

A *map* is one number per key, larger where a method says "this mattered". `rollout` and
`weighted_norms` make maps, `deletion_curve` tests them. Whether they point at a known place:
`qkv_lib.measures.pointing`. Shapes as everywhere: ``(..., h, n, m)`` weights, rows are queries,
columns are keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from qkv_lib.formula.arrays import Array, shape
from qkv_lib.formula.checks import check_arrays, check_count

__all__ = ["deletion_curve", "rollout", "weighted_norms"]


def rollout(weights: Sequence[Array], *, residual: float = 0.5) -> Array:
    r"""Follow attention through all layers, as if values were only mixed.

    .. math::
        \begin{aligned}
        R &= \tilde A^{(L)} \cdots \tilde A^{(1)} \\
        \tilde A^{(l)} &= \rho I + (1 - \rho)\, \tfrac{1}{h} \sum_i A^{(l)}_i
        \end{aligned}

    Parameters
    ----------
    weights : sequence of arrays of shape (..., h, n, n)
        Self-attention weights whose rows sum to 1, first layer first.
    residual : float
        The share ``ρ`` of a token that goes around attention, 0 to 1.

    Returns
    -------
    array of shape (..., n, n)
        Row ``i``: how far the last layer's token ``i`` comes from each input token. Rows sum to 1.

    Raises
    ------
    TypeError, ValueError
        There are no layers; they are no floating-point arrays of one square shape; ``residual``
        is outside 0 to 1.

    Notes
    -----
    Heads are averaged, and the value, output and feed-forward maps are left out.

    References
    ----------
    Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> layer = np.array([[[1.0, 0.0], [0.5, 0.5]]])     # one head: token 1 looks at both
    >>> rollout([layer, layer])
    array([[1.    , 0.    ],
           [0.4375, 0.5625]])
    """
    layers = {f"weights[{i}]": layer for i, layer in enumerate(weights)}
    if not layers:
        raise ValueError("weights holds no layer, needs at least one")
    if not 0 <= residual <= 1:
        raise ValueError(f"residual is {residual!r}, needs a number from 0 to 1")
    xp = check_arrays(**layers)
    for name, layer in layers.items():
        if layer.ndim < 3 or layer.shape[-1] != layer.shape[-2] or layer.shape != weights[0].shape:
            raise ValueError(
                f"{name} has shape {shape(layer)}, needs (..., heads, n, n), "
                "the same in every layer"
            )
    n = weights[0].shape[-1]
    device = array_api_compat.device(weights[0])
    around = residual * xp.eye(n, dtype=weights[0].dtype, device=device)
    flow = xp.eye(n, dtype=weights[0].dtype, device=device)
    for layer in weights:
        flow = (around + (1 - residual) * xp.mean(layer, axis=-3)) @ flow  # (..., n, n)
    return flow


def weighted_norms(weights: Array, value: Array, w_o: Array) -> Array:
    r"""Return how long the vector is that each key adds to each query's output.

    .. math:: \lVert A_{ij}\, v_j W_O \rVert = A_{ij}\, \lVert v_j W_O \rVert

    Parameters
    ----------
    weights : array of shape (..., h, n, m)
    value : array of shape (..., h, m, e)
        The values of each head.
    w_o : array of shape (h · e, d_model)
        The output projection; head ``i`` owns rows ``i · e`` to ``(i + 1) · e``.

    Returns
    -------
    array of shape (..., h, n, m)

    Raises
    ------
    TypeError, ValueError
        An operand is no floating-point array, or their shapes do not fit.

    References
    ----------
    Kobayashi et al. 2020, "Attention is Not Only a Weight".

    Examples
    --------
    A key with a high weight and a short value adds little:

    >>> import numpy as np
    >>> weighted_norms(np.array([[[0.9, 0.1]]]), np.array([[[0.1], [9.0]]]), np.eye(1))
    array([[[0.09, 0.9 ]]])
    """
    xp = check_arrays(weights=weights, value=value, w_o=w_o)
    if weights.ndim < 3 or value.ndim < 3 or weights.shape[-1] != value.shape[-2]:
        raise ValueError(
            f"weights has shape {shape(weights)} and value {shape(value)}, need "
            "(..., heads, n_queries, n_keys) and (..., heads, n_keys, d_v)"
        )
    h, e = value.shape[-3], value.shape[-1]
    if w_o.ndim != 2 or w_o.shape[0] != h * e:
        raise ValueError(f"w_o has shape {shape(w_o)}, needs ({h} · {e}, d_model): heads times d_v")
    added = value @ xp.reshape(w_o, (h, e, -1))  # (..., h, m, d_model)
    lengths = xp.sqrt(xp.sum(added**2, axis=-1))  # (..., h, m)
    return weights * lengths[..., None, :]


def deletion_curve(
    score: Callable[[NDArray[np.bool_]], NDArray[Any]],
    maps: NDArray[Any],
    counts: Sequence[int],
) -> NDArray[np.float64]:
    """Hide the patches a map ranks highest, more and more of them, and follow a score.

    The faster the score falls, the better the map has found what the score rests on.

    Parameters
    ----------
    score : callable
        From ``visible``, a boolean array of shape (n, n_patches), to n scores, for example the
        probability of each image's class.
    maps : array of shape (n, n_patches)
        One map per image; ties are hidden from the left.
    counts : sequence of int
        How many patches to hide, for each point of the curve.

    Returns
    -------
    array of shape (len(counts), n)

    Raises
    ------
    ValueError
        A count is negative or larger than the number of patches.

    References
    ----------
    Petsiuk et al. 2018, "RISE: Randomized Input Sampling for Explanation of Black-box Models"
    (deletion and insertion).

    Examples
    --------
    A score that is the sum of what is seen of ``[5, 3, 1]``:

    >>> import numpy as np
    >>> x = np.array([[5.0, 3.0, 1.0]])
    >>> deletion_curve(lambda visible: (x * visible).sum(axis=-1), x, [0, 1, 2, 3]).ravel()
    array([9., 4., 1., 0.])
    """
    maps = np.asarray(maps)
    if maps.ndim != 2:
        raise ValueError(f"maps has shape {shape(maps)}, needs (n, n_patches)")
    rank = (-maps).argsort(axis=-1, kind="stable").argsort(axis=-1)  # 0 = hidden first
    for count in counts:
        if check_count("counts", count, least=0) > maps.shape[-1]:
            raise ValueError(f"counts holds {count}, needs at most {maps.shape[-1]} patches")
    return np.stack([np.asarray(score(rank >= count), dtype=np.float64) for count in counts])
