"""Rules: masks as functions of a query's and a key's position, written once for every length.

A `Rule` says whether a query may attend to a key. Rules are joined with ``&``, ``|`` and ``~``, and
make a mask of any size, or of any tile of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array, namespace, shape
from qkv_lib.formula.checks import check_count, check_integers

__all__ = ["Rule", "causal", "documents", "everything", "prefix", "tree", "within"]


class Rule:
    """A function of positions that says which keys a query may attend to.

    Parameters
    ----------
    allows : callable
        Takes integer arrays ``query`` of shape (n, 1) and ``key`` of shape (1, m), and returns a
        boolean array that broadcasts to (..., n, m).
    name : str
        What it is called.

    References
    ----------
    Dong et al. 2024, "Flex Attention", section 3.

    Examples
    --------
    >>> near = Rule(lambda query, key: abs(query - key) <= 1)
    >>> near.mask(3).astype(int)
    array([[1, 1, 0],
           [1, 1, 1],
           [0, 1, 1]])
    """

    def __init__(self, allows: Callable[[Array, Array], Array], name: str = "rule") -> None:
        self.allows, self.name = allows, name

    def __repr__(self) -> str:
        """Return the name."""
        return f"<rule: {self.name}>"

    def __call__(self, query: Array, key: Array) -> Array:
        """Return what the rule says for these positions."""
        return self.allows(query, key)

    def __and__(self, other: Rule) -> Rule:
        """Allow what both allow."""
        return Rule(lambda q, k: self(q, k) & other(q, k), f"({self.name} & {other.name})")

    def __or__(self, other: Rule) -> Rule:
        """Allow what one of them allows."""
        return Rule(lambda q, k: self(q, k) | other(q, k), f"({self.name} | {other.name})")

    def __invert__(self) -> Rule:
        """Allow what it forbids."""
        return Rule(lambda q, k: ~self(q, k), f"~{self.name}")

    def mask(
        self, n_queries: int, n_keys: int | None = None, *, offset: int = 0,
        like: Array | None = None,
    ) -> Array:  # fmt: skip
        """Return the rule as a mask.

        Parameters
        ----------
        n_queries, n_keys : int
            ``offset + n_queries`` keys by default.
        offset : int
            Position of the first query among the keys.
        like : array, optional
            The mask takes its library and device; NumPy by default.

        Returns
        -------
        boolean array of shape (..., n_queries, n_keys)

        Raises
        ------
        TypeError, ValueError
            A size is no integer, or negative.
        """
        n = check_count("n_queries", n_queries, least=0)
        offset = check_count("offset", offset)
        m = check_count("n_keys", offset + n if n_keys is None else n_keys, least=0)
        rows, columns = places(range(offset, offset + n), range(m), like)
        seen = self(rows, columns)
        return namespace(seen).broadcast_to(seen, (*shape(seen)[:-2], n, m))


def places(rows: range, columns: range, like: Array | None = None) -> tuple[Array, Array]:
    """Return the positions of queries as a column and those of keys as a row."""
    xp: Any = np if like is None else namespace(like)
    device = {} if like is None else {"device": like.device}
    query = xp.arange(rows.start, rows.stop, dtype=xp.int64, **device)
    key = xp.arange(columns.start, columns.stop, dtype=xp.int64, **device)
    return query[:, None], key[None, :]


everything = Rule(lambda query, key: (query >= 0) & (key >= 0), "everything")
"""Every query may attend to every key."""

causal = Rule(lambda query, key: key <= query, "causal")
"""No query may attend to a later key."""


def within(window: int) -> Rule:
    """Allow keys fewer than ``window`` places away.

    Parameters
    ----------
    window : int

    Returns
    -------
    Rule

    Raises
    ------
    TypeError, ValueError
        ``window`` is no integer of at least 1.

    Examples
    --------
    >>> (causal & within(2)).mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [0, 1, 1]])
    """
    window = check_count("window", window, least=1)
    return Rule(lambda query, key: abs(query - key) < window, f"within {window}")


def prefix(length: int) -> Rule:
    """Allow the first ``length`` keys: a prompt that all may see, or keys kept as sinks.

    Parameters
    ----------
    length : int

    Returns
    -------
    Rule

    Raises
    ------
    TypeError, ValueError
        ``length`` is no integer of at least 0.

    References
    ----------
    Raffel et al. 2020, "Exploring the Limits of Transfer Learning", section 3.2.1.

    Examples
    --------
    >>> (causal | prefix(2)).mask(3).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    length = check_count("length", length, least=0)
    return Rule(lambda query, key: (key < length) & (query >= 0), f"prefix {length}")


def documents(ids: Array) -> Rule:
    """Allow keys of the query's own document only: several texts packed into one row.

    Parameters
    ----------
    ids : integer array of shape (n,) or (batch, n)
        The document of each position. With a batch axis the mask is (batch, 1, n, n): the axis of
        the heads has to be there.

    Returns
    -------
    Rule

    Raises
    ------
    TypeError
        ``ids`` is no integer array.
    ValueError
        It has neither one axis nor two.

    Examples
    --------
    >>> import numpy as np
    >>> documents(np.array([0, 0, 1])).mask(3).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 1]])
    >>> documents(np.array([[0, 0, 1], [0, 1, 1]])).mask(3).shape
    (2, 1, 3, 3)
    """
    check_integers("ids", ids)
    if ids.ndim not in (1, 2):
        raise ValueError(f"ids has shape {shape(ids)}, needs (n,) or (batch, n)")
    rows = ids if ids.ndim == 1 else ids[:, None, :]  # one for all heads: (..., 1, n)
    return Rule(lambda query, key: rows[..., query] == rows[..., key], "documents")


def tree(parents: Array, *, start: int = 0) -> Rule:
    """Allow a drafted token its own ancestors, and all that stands before the draft.

    Several continuations share one row: each branch sees itself and no other. Speculative decoding
    checks them all in one pass.

    Parameters
    ----------
    parents : integer array of shape (n,)
        The token before each drafted token, as a place in the draft; −1: it follows the text.
        A parent stands before its children.
    start : int
        Position of the first drafted token.

    Returns
    -------
    Rule

    Raises
    ------
    TypeError, ValueError
        ``parents`` is no integer array of one axis, or names a parent that does not come before.

    References
    ----------
    Miao et al. 2024, "SpecInfer", section 4.2.

    Examples
    --------
    Two ways on from the first token: 0 → 1, and 0 → 2.

    >>> import numpy as np
    >>> tree(np.array([-1, 0, 0])).mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 0, 1]])
    """
    xp = check_integers("parents", parents)
    start = check_count("start", start, least=0)
    if parents.ndim != 1:
        raise ValueError(f"parents has shape {shape(parents)}, needs (n,)")
    seen = np.eye(len(parents), dtype=bool)
    for child, parent in enumerate(parents.tolist()):
        if not -1 <= parent < child:
            raise ValueError(f"parents holds {parent} at place {child}, needs −1 to {child - 1}")
        if parent >= 0:
            seen[child] |= seen[parent]
    ancestors = xp.asarray(seen, device=parents.device)

    def allows(query: Array, key: Array) -> Array:
        inside = ancestors[(query - start).clip(min=0), (key - start).clip(min=0)]
        return (key < start) & (query >= 0) | (key >= start) & inside

    return Rule(allows, "tree")
