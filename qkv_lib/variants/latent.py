r"""Multi-head latent attention (MLA): keys and values of all heads, kept as one short row a token.

.. math:: k_j^{(i)} = c_j W_{UK}^{(i)}, \qquad v_j^{(i)} = c_j W_{UV}^{(i)}

Only the latent ``c_j`` is stored. What each head makes of it can be moved to the side of the query
and of the output, so that no key and no value is ever built.
"""

from __future__ import annotations

from typing import Any

from qkv_lib.attention import attention
from qkv_lib.exact.cache import KVCache, offset_of_newest
from qkv_lib.formula.arrays import Array, accumulating, heads, matmul, namespace, shape
from qkv_lib.formula.checks import check_kinds

__all__ = ["LatentCache", "absorbed_attention", "latent_attention"]


def latent_attention(
    query: Array,
    latent: Array,
    up_key: Array,
    up_value: Array,
    *,
    query_turned: Array | None = None,
    key_turned: Array | None = None,
    **options: Any,
) -> Array:
    r"""Return MLA as it is defined: build the keys and values of every head, then attend.

    .. math::
        \begin{aligned}
        s_{ij} &= \frac{q_i (c_j W_{UK})^\top + r_i\, t_j^\top}{\sqrt{d_k + d_r}} \\
        o_i &= \sum_j a_{ij}\, c_j W_{UV}
        \end{aligned}

    Parameters
    ----------
    query : array of shape (..., h, n_queries, d_k)
        ``q``, without positions.
    latent : array of shape (..., 1, n_keys, d_c)
        ``c``: one row a token, shared by all heads.
    up_key : array of shape (h, d_c, d_k)
        ``W_UK`` of each head.
    up_value : array of shape (h, d_c, d_v)
        ``W_UV`` of each head.
    query_turned : array of shape (..., h, n_queries, d_r), optional
        ``r``: the part of the query that RoPE has turned.
    key_turned : array of shape (..., 1, n_keys, d_r), optional
        ``t``: the turned part of the key, one for all heads.
    **options
        ``mask``, ``bias``, ``causal``, … as in `qkv_lib.attention`; ``scale`` is
        ``1 / √(d_k + d_r)`` by default.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        In the dtype of ``query``.

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`; the maps do not fit the query and the latent; one of the turned
        parts is given without the other.

    Notes
    -----
    Keys and values are ``h · n_keys · (d_k + d_v)`` numbers. `absorbed_attention` makes none.

    References
    ----------
    DeepSeek-AI 2024, "DeepSeek-V2", section 2.1 and appendix C.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> query, latent = rng.normal(size=(8, 5, 16)), rng.normal(size=(1, 5, 6))
    >>> up_key, up_value = rng.normal(size=(2, 8, 6, 16))
    >>> latent_attention(query, latent, up_key, up_value, causal=True).shape
    (8, 5, 16)
    """
    q, c, w_k, w_v = _checked(query, latent, up_key, up_value)
    key, value = matmul(c, w_k), matmul(c, w_v)  # (..., h, m, d_k), (..., h, m, d_v)
    scale = options.pop("scale", None)
    q, key, scale = _with_turned(q, key, query_turned, key_turned, scale, q.shape[-1])
    return namespace(q).astype(attention(q, key, value, scale=scale, **options), query.dtype)


def absorbed_attention(
    query: Array,
    latent: Array,
    up_key: Array,
    up_value: Array,
    *,
    query_turned: Array | None = None,
    key_turned: Array | None = None,
    **options: Any,
) -> Array:
    r"""Return MLA with its maps absorbed: attend to the latents themselves.

    .. math::
        \begin{aligned}
        q\,(c\, W_{UK})^\top &= (q\, W_{UK}^\top)\, c^\top \\
        \sum_j a_j (c_j W_{UV}) &= \Big(\sum_j a_j c_j\Big) W_{UV}
        \end{aligned}

    Parameters
    ----------
    query, latent, up_key, up_value, query_turned, key_turned
        Parameters, errors and conventions are those of `latent_attention`.
    **options
        As there.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        What `latent_attention` returns, to rounding.

    Notes
    -----
    This is multi-query attention with one key head of width ``d_c + d_r``, whose values are the
    first ``d_c`` features of its keys. A key turned by its position between ``q`` and ``c`` could
    not be absorbed: the angle stands between the two maps. That is why the turned parts are apart.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> query, latent = rng.normal(size=(8, 5, 16)), rng.normal(size=(1, 5, 6))
    >>> maps = rng.normal(size=(2, 8, 6, 16))
    >>> built = latent_attention(query, latent, *maps)
    >>> np.allclose(absorbed_attention(query, latent, *maps), built)
    True
    """
    q, c, w_k, w_v = _checked(query, latent, up_key, up_value)
    d_k = q.shape[-1]
    absorbed = matmul(q, w_k.mT)  # (..., h, n, d_c)
    scale = options.pop("scale", None)
    absorbed, key, scale = _with_turned(absorbed, c, query_turned, key_turned, scale, d_k)
    mixed = attention(absorbed, key, c, scale=scale, **options)  # (..., h, n, d_c)
    return namespace(q).astype(matmul(mixed, w_v), query.dtype)


class LatentCache:
    """What MLA keeps while decoding: the latent and the turned key of each token, nothing else.

    Parameters
    ----------
    capacity : int
        The most tokens it can hold.

    Raises
    ------
    TypeError, ValueError
        ``capacity`` is no integer, or below 1.

    Notes
    -----
    Memory: ``capacity · (d_c + d_r)`` numbers for each sequence, whatever the number of heads.

    References
    ----------
    DeepSeek-AI 2024, "DeepSeek-V2", table 1.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> latent, turned = rng.normal(size=(1, 5, 6)), rng.normal(size=(1, 5, 2))
    >>> cache = LatentCache(capacity=5)
    >>> cache.append(latent, turned)
    >>> cache.rows.shape
    (1, 5, 8)
    """

    def __init__(self, capacity: int) -> None:
        self._held = KVCache(capacity)
        self._d_c = 0

    def __len__(self) -> int:
        """Return the number of tokens held."""
        return len(self._held)

    @property
    def rows(self) -> Array:
        """All that is kept, a view of shape (..., 1, length, d_c + d_r)."""
        return self._held.key

    def append(self, latent: Array, key_turned: Array) -> None:
        """Add new tokens after those held.

        Parameters
        ----------
        latent : array of shape (..., 1, n_new, d_c)
        key_turned : array of shape (..., 1, n_new, d_r)
            ``d_r`` may be 0.

        Raises
        ------
        TypeError, ValueError
            As `qkv_lib.exact.cache.KVCache.append`.
        """
        check_kinds(latent=latent, key_turned=key_turned)
        xp = namespace(latent)
        rows = xp.concat([latent, key_turned], axis=-1)
        self._held.append(rows, rows[..., :0])  # the values are the first features of the rows
        self._d_c = latent.shape[-1]

    def attend(
        self,
        query: Array,
        query_turned: Array,
        up_key: Array,
        up_value: Array,
        *,
        causal: bool = True,
        **options: Any,
    ) -> Array:
        """Return the output of the queries of the newest tokens, over all tokens held.

        Parameters
        ----------
        query, query_turned, up_key, up_value
            As in `latent_attention`.
        causal : bool
            True by default: with several new tokens, none sees those after it.
        **options
            As in `latent_attention`.

        Returns
        -------
        array of shape (..., h, n_queries, d_v)

        Raises
        ------
        TypeError, ValueError
            As `latent_attention`; the cache is empty.
        """
        if options.get("offset") is None:
            options["offset"] = offset_of_newest(
                len(self), query.shape[-2], causal=causal, window=options.get("window")
            )
        options["causal"] = causal
        latent, turned = self.rows[..., : self._d_c], self.rows[..., self._d_c :]
        return absorbed_attention(
            query, latent, up_key, up_value, query_turned=query_turned, key_turned=turned, **options
        )


def _checked(query: Array, latent: Array, up_key: Array, up_value: Array) -> list[Array]:
    """Check what attention itself will not see, and return all in the dtype of the sums."""
    check_kinds(query=query, latent=latent, up_key=up_key, up_value=up_value)
    d_c, d_k = latent.shape[-1], query.shape[-1]
    if shape(up_key) != (heads(query), d_c, d_k):
        raise ValueError(
            f"up_key has shape {shape(up_key)}, needs {(heads(query), d_c, d_k)}: the heads of "
            "query, the width of latent, the width of query"
        )
    if up_value.ndim != 3 or shape(up_value)[:-1] != (heads(query), d_c):
        raise ValueError(
            f"up_value has shape {shape(up_value)}, needs ({heads(query)}, {d_c}, d_v): the heads "
            "of query, the width of latent"
        )
    if heads(latent) != 1:
        raise ValueError(f"latent has shape {shape(latent)}, needs one head: (..., 1, n_keys, d_c)")
    return [accumulating(x) for x in (query, latent, up_key, up_value)]


def _with_turned(
    query: Array, key: Array, query_turned: Array | None, key_turned: Array | None,
    scale: float | None, d_k: int,
) -> tuple[Array, Array, float]:  # fmt: skip
    """Put the turned parts beside the others; return the scale too."""
    if (query_turned is None) != (key_turned is None):
        raise ValueError("query_turned and key_turned go together: give both or none")
    if query_turned is None:
        return query, key, d_k**-0.5 if scale is None else scale
    xp = namespace(query)
    turned_q, turned_k = accumulating(query_turned), accumulating(key_turned)
    turned_k = xp.broadcast_to(turned_k, (*shape(key)[:-1], turned_k.shape[-1]))
    d_r = turned_q.shape[-1]
    query = xp.concat([query, turned_q], axis=-1)
    key = xp.concat([key, turned_k], axis=-1)
    return query, key, (d_k + d_r) ** -0.5 if scale is None else scale
