r"""Attention under a rule, and with scores changed by a function: as FlexAttention has it.

.. math:: o_i = \sum_{j:\, \mathrm{rule}(i, j)} \mathrm{softmax}_j\big(\mathrm{change}(s_{ij}, i, j)\big)\, v_j

Both are functions of positions. They are asked tile by tile, so that a tile in which the rule
allows nothing is never computed, and no mask of the whole is ever made.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce

from qkv_lib.exact._layout import as_slice, cut
from qkv_lib.exact.tiles import Partial, merge
from qkv_lib.formula._call import Call, without_overflow
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import Array, namespace
from qkv_lib.formula.checks import check_count
from qkv_lib.formula.heads import grouped_matmul
from qkv_lib.formula.rules import Rule, everything, places
from qkv_lib.formula.steps import dot_scores, exponentials, mask_scores, normalise

__all__ = ["Change", "flex_attention", "flex_attention_whole", "tiles_computed"]

Change = Callable[[Array, Array, Array], Array]
"""Takes scores (..., n, m), query positions (n, 1) and key positions (1, m); returns scores.

:meta hide-value:
"""


def flex_attention_whole(
    query: Array,
    key: Array,
    value: Array,
    *,
    rule: Rule = everything,
    change: Change | None = None,
    offset: int = 0,
    scale: float | None = None,
) -> Array:
    r"""Return attention under a rule with all scores at once, −∞ where the rule hides a key.

    .. math:: A = \mathrm{softmax}\big(\mathrm{change}(Q K^\top / \sqrt{d_k})\big)

    Parameters
    ----------
    query, key, value : array
        As in `qkv_lib.attention`.
    rule : Rule
        Which keys each query may attend to.
    change : callable, optional
        What becomes of the scores: ``change(scores, query, key)``.
    offset : int
        Position of the first query among the keys.
    scale : float, optional
        ``1 / √d_k`` by default.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        A query that may attend to no key gets 0.

    Raises
    ------
    TypeError, ValueError
        As `qkv_lib.attention`.

    References
    ----------
    Dong et al. 2024, "Flex Attention", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from qkv_lib.formula.rules import causal
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> flex_attention_whole(x, x, x, rule=causal)[0]
    array([1., 2.])
    """
    call = check_call(query, key, value, scale=scale)
    offset = check_count("offset", offset)
    n, m = call.sizes[-2:]
    return _rows(call, rule, change, range(n), offset=offset, key_block=max(m, 1), skip=False)


def flex_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    rule: Rule = everything,
    change: Change | None = None,
    offset: int = 0,
    scale: float | None = None,
    block: int = 128,
) -> Array:
    """Return the same tile by tile, without those in which the rule allows nothing.

    Parameters
    ----------
    query, key, value, rule, change, offset, scale
        Parameters, errors and conventions are those of `flex_attention_whole`.
    block : int
        Queries and keys of a tile.

    Returns
    -------
    array of shape (..., h, n_queries, d_v)
        What `flex_attention_whole` returns, to rounding.

    Examples
    --------
    ALiBi as a change of the scores, under the causal rule:

    >>> import numpy as np
    >>> from qkv_lib.formula.rules import causal
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> alibi = lambda scores, query, key: scores - (query - key)
    >>> flex_attention(x, x, x, rule=causal, change=alibi, block=2)[3].round(2)
    array([4., 5.])
    """
    call = check_call(query, key, value, scale=scale)
    block, offset = check_count("block", block, least=1), check_count("offset", offset)
    n = call.sizes[-2]
    rows = [
        _rows(call, rule, change, span, offset=offset, key_block=block)
        for span in cut(range(n), block)
    ]
    return namespace(query).concat(rows, axis=-2)


def tiles_computed(rule: Rule, n: int, *, block: int = 128) -> tuple[int, int]:
    """Return how many tiles of ``n`` queries × ``n`` keys are computed, and how many there are.

    Parameters
    ----------
    rule : Rule
    n : int
    block : int

    Returns
    -------
    tuple of two int

    Raises
    ------
    TypeError, ValueError
        A number is no integer of at least 1.

    Examples
    --------
    >>> from qkv_lib.formula.rules import causal
    >>> tiles_computed(causal, 512)
    (10, 16)
    """
    n, block = check_count("n", n, least=1), check_count("block", block, least=1)
    spans = list(cut(range(n), block))
    computed = sum(bool(rule(*places(rows, columns)).any()) for rows in spans for columns in spans)
    return computed, len(spans) ** 2


def _rows(
    call: Call, rule: Rule, change: Change | None, rows: range, *, offset: int, key_block: int,
    skip: bool = True,
) -> Array:  # fmt: skip
    """Return the output of some queries."""
    if call.huge:
        path = partial(
            _rows, rule=rule, change=change, rows=rows, offset=offset, key_block=key_block,
            skip=skip,
        )  # fmt: skip
        return without_overflow(path, call)
    xp = namespace(call.query)
    query = call.query[..., as_slice(rows), :] * call.scale
    moved = range(rows.start + offset, rows.stop + offset)
    found: list[Partial] = []
    for columns in cut(range(call.sizes[-1]), key_block):
        i, j = places(moved, columns, like=query)
        seen = rule(i, j)
        last = columns.stop >= call.sizes[-1]
        if skip and not bool(xp.any(seen)) and (found or not last):
            continue  # not computed; but one tile must say that there was nothing
        there = (..., as_slice(columns), slice(None))
        scores = dot_scores(query, call.key[there])
        scores = scores if change is None else change(scores, i, j)
        powers, total, peak = exponentials(mask_scores(scores, seen))
        found.append(Partial(grouped_matmul(powers, call.value[there]), total, peak))
    whole = reduce(merge, found)
    return xp.astype(normalise(whole.output, whole.total), call.dtype)
