r"""A key-value cache in 8 bits: one scale for each row, and an error that can be bounded.

.. math::
    \begin{aligned}
    \hat x &= c \cdot \mathrm{round}(x / c) \\
    c &= \max_a |x_a| / 127 \\
    |\hat x_a - x_a| &\le c / 2
    \end{aligned}
"""

from __future__ import annotations

from typing import Any, NamedTuple

from qkv_lib.attention import attention
from qkv_lib.exact.cache import offset_of_newest
from qkv_lib.formula._fit import check_query_key_value
from qkv_lib.formula.arrays import Array, accumulating, namespace
from qkv_lib.formula.checks import check_arrays

__all__ = ["Int8Cache", "Rounded", "restored", "rounded"]

LARGEST = 127


class Rounded(NamedTuple):
    """Rows of numbers in 8 bits.

    Attributes
    ----------
    codes : int8 array of shape (..., n, d)
        From −127 to 127.
    scales : array of shape (..., n, 1)
        What a code of 1 stands for, in the dtype of the rows.
    """

    codes: Array
    scales: Array


def rounded(x: Array) -> Rounded:
    r"""Return rows in 8 bits, each with a scale of its own.

    .. math:: c = \max_a |x_a| / 127

    Parameters
    ----------
    x : array of shape (..., n, d)

    Returns
    -------
    Rounded
        ``d`` bytes a row, and one number.

    Raises
    ------
    TypeError, ValueError
        ``x`` is no floating-point array, or holds NaN or infinity.

    References
    ----------
    Dettmers et al. 2022, "LLM.int8()", section 2.1 (absmax quantisation, row by row).

    Examples
    --------
    >>> import numpy as np
    >>> rounded(np.array([[1.0, -0.5, 0.1]])).codes
    array([[127, -64,  13]], dtype=int8)
    """
    xp = check_arrays(x=x)
    wide = accumulating(x)
    scales = xp.max(xp.abs(wide), axis=-1, keepdims=True) / LARGEST
    codes = xp.round(wide / xp.where(scales == 0, 1.0, scales))
    return Rounded(xp.astype(codes, xp.int8), xp.astype(scales, x.dtype))


def restored(x: Rounded) -> Array:
    """Return the rows that the codes stand for.

    Parameters
    ----------
    x : Rounded

    Returns
    -------
    array of shape (..., n, d)
        In the dtype of the scales; at most half a scale from the rows that were rounded, and in
        half precision a rounding more.

    Examples
    --------
    >>> import numpy as np
    >>> restored(rounded(np.array([[1.0, -0.5, 0.1]]))).round(3)
    array([[ 1.   , -0.504,  0.102]])
    """
    xp = namespace(x.scales)
    wide = accumulating(x.scales)
    return xp.astype(xp.astype(x.codes, wide.dtype) * wide, x.scales.dtype)


class Int8Cache:
    """Keys and values of the tokens so far, in 8 bits.

    Notes
    -----
    Memory: ``g · (d_k + d_v)`` bytes and ``2 g`` scales a token.

    References
    ----------
    Sheng et al. 2023, "FlexGen" (a rounded cache; groups of 64 numbers there).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]])    # (heads, n, d)
    >>> cache = Int8Cache()
    >>> cache.append(x, x)
    >>> cache.attend(x[:, 2:]).round(2)
    array([[[2.98, 3.99]]])
    """

    def __init__(self) -> None:
        self._key: Rounded | None = None
        self._value: Rounded | None = None

    def __len__(self) -> int:
        """Return the number of tokens held."""
        return 0 if self._key is None else int(self._key.codes.shape[-2])

    @property
    def nbytes(self) -> int:
        """Bytes of all that is held."""
        held = [x for each in (self._key, self._value) if each is not None for x in each]
        return sum(int(x.nbytes) for x in held)

    def append(self, key: Array, value: Array) -> None:
        """Round the keys and values of new tokens, and keep them.

        Parameters
        ----------
        key : array of shape (..., g, n_new, d_k)
        value : array of shape (..., g, n_new, d_v)

        Raises
        ------
        TypeError, ValueError
            As `qkv_lib.attention`.
        """
        check_query_key_value(key[..., :0, :], key, value)
        self._key = _joined(self._key, rounded(key))
        self._value = _joined(self._value, rounded(value))

    def attend(self, query: Array, *, causal: bool = True, **options: Any) -> Array:
        """Return the output of the queries of the newest tokens, over all tokens held.

        Parameters
        ----------
        query : array of shape (..., h, n_queries, d_k)
        causal : bool
            True by default: with several new tokens, none sees those after it.
        **options
            As in `qkv_lib.attention`.

        Returns
        -------
        array of shape (..., h, n_queries, d_v)

        Raises
        ------
        TypeError, ValueError
            As `qkv_lib.attention`; the cache is empty.
        """
        if self._key is None or self._value is None:
            raise ValueError("the cache is empty: append keys and values first")
        if options.get("offset") is None:
            options["offset"] = offset_of_newest(
                len(self), query.shape[-2], causal=causal, window=options.get("window")
            )
        key, value = restored(self._key), restored(self._value)
        return attention(query, key, value, causal=causal, **options)


def _joined(held: Rounded | None, new: Rounded) -> Rounded:
    """Put new rows after those held."""
    if held is None:
        return new
    xp = namespace(new.scales)
    codes, scales = (xp.concat(pair, axis=-2) for pair in zip(held, new, strict=True))
    return Rounded(codes, scales)
