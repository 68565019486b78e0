r"""The front door: `attention` for the output, `attention_steps` for everything on the way.

.. math:: \mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V
"""

from __future__ import annotations

from typing import Unpack

from qkv_lib.exact._choose import cheapest
from qkv_lib.formula._call import Keywords
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import Array
from qkv_lib.formula.steps import AttentionSteps, plain

__all__ = ["attention", "attention_steps"]


def attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    bias: Array | None = None,
    causal: bool = False,
    offset: int | Array = 0,
    window: int | None = None,
    key_lengths: Array | None = None,
    scale: float | None = None,
    softcap: float | None = None,
) -> Array:
    r"""Return the values, averaged for each query by how well its keys match.

    .. math:: \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d_k)
        NumPy array or torch tensor, floating point. Leading axes may be absent.
    key : array of shape (..., g, n_keys, d_k)
        The heads ``g`` divide ``h``: key head ``i`` serves ``h / g`` consecutive query heads.
    value : array of shape (..., g, n_keys, d_v)
        One value for every key; ``d_v`` is free.
    mask : boolean array that broadcasts to (..., h, n_queries, n_keys), optional
        ``True`` = may attend.
    bias : floating-point array that broadcasts to (..., h, n_queries, n_keys), optional
        Added to the scores; −∞ masks.
    causal : bool
        Hide the keys after the query's own position: ``j > i + offset``.
    offset : int or integer array of shape (batch,)
        How many keys came before the first query, or before that of each batch element; for
        ``causal`` and ``window``. Below 0, ``causal`` hides every key from the first queries.
    window : int, optional
        Hide the keys ``window`` or more positions away from the query's own.
    key_lengths : integer array of shape (batch,), optional
        The real keys of each batch element; the rest is padding. Operands of three axes are
        (batch, length, d) here.
    scale : float, optional
        Factor on the scores, ``1 / √d_k`` by default.
    softcap : float, optional
        Bound the scaled scores to ``±softcap``, before bias and masks.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        In the library, dtype and device of ``query``. A query that may attend to no key gets 0.

    Raises
    ------
    TypeError
        An operand is no floating-point array; libraries or dtypes differ; ``mask`` is not
        boolean or ``bias`` not floating point; a number has the wrong type.
    ValueError
        Shapes do not fit; an operand holds NaN or infinity; a number is out of range; the
        scores could overflow; ``offset`` is given without ``causal`` or ``window``.

    Notes
    -----
    All the masks given hold together: a key is seen only where each of them allows it.
    Half precision is accumulated in float32. Cost: ``h · n · m · (d_k + d_v)`` multiplications.
    The cheapest exact way is taken: the formula as written where it is small, else blocks of
    queries (`qkv_lib.exact.tiles`) or PyTorch's own kernel (`qkv_lib.exact.fused`), which keep
    ``O(n)`` memory, backward too, and skip the keys that ``causal`` and ``window`` hide.
    `torch.func`, `torch.export` and `torch.compile` are taken; numbers are checked where there are
    any to look at. `torch.autocast` changes nothing.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", equation 1. Soft cap: Gemma Team 2024,
    "Gemma 2", section 2.

    Examples
    --------
    The running example of the book: row 0 ends close to the longest vector, [4, 5].

    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> attention(x, x, x)[0].round(4)
    array([3.8646, 4.8646])
    """
    call = check_call(
        query, key, value, mask=mask, bias=bias, causal=causal, offset=offset, window=window,
        key_lengths=key_lengths, scale=scale, softcap=softcap,
    )  # fmt: skip
    return cheapest(call)


def attention_steps(
    query: Array, key: Array, value: Array, **options: Unpack[Keywords]
) -> AttentionSteps:
    """Return every stage of attention: scores, scaled, capped, masked, weights, output, logsumexp.

    Operands, options, errors and conventions are those of `attention`.

    Parameters
    ----------
    **options
        ``mask``, ``bias``, ``causal``, … as in `attention`.

    Returns
    -------
    AttentionSteps
        A named tuple. ``output`` has the dtype of ``query``; the other stages are in the dtype
        that sums are kept in (float32 for half precision).

    Notes
    -----
    Every stage is kept: memory is ``5 · h · n · m`` numbers.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> steps = attention_steps(x, x, x)
    >>> steps.scores[0]
    array([ 5.,  8., 11., 14.])
    >>> steps.weights[0].round(4)
    array([0.0015, 0.0126, 0.1055, 0.8803])
    """
    return plain(check_call(query, key, value, **options))
