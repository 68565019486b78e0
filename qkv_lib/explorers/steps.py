"""Attention in five steps, on numbers that can be edited."""

from __future__ import annotations

from collections.abc import Sequence

from qkv_lib.attention import attention_steps
from qkv_lib.explorers._page import Explorer, check_matrix, check_tokens, table
from qkv_lib.formula.arrays import Array

__all__ = ["steps"]


def steps(
    query: Array,
    key: Array,
    value: Array,
    *,
    tokens: Sequence[str],
    name: str | None = None,
) -> Explorer:
    """Attention in five steps (scores, scale, mask, softmax, output), on editable numbers.

    Parameters
    ----------
    query, key : floating-point array of shape (n, d_k)
        NumPy array or torch tensor; one row per token. Four tokens fit a page well.
    value : floating-point array of shape (n, d_v)
    tokens : sequence of n strings
        The names of the rows.
    name : str, optional
        Makes the ``id`` of the figure; derived from the numbers by default.

    Returns
    -------
    Explorer
        A notebook shows it when a cell ends in it.

    Raises
    ------
    TypeError
        An operand is no floating-point array, or ``tokens`` are not strings.
    ValueError
        Shapes do not fit, an operand has not two axes or holds entries beyond a million, the
        number of tokens is not ``n``, or ``name`` is no word.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> steps(x, x, x, tokens=["word1", "word2", "word3", "word4"], name="example")
    <explorer steps-example>
    """
    attention_steps(query, key, value)  # the library's own checks of operands
    q, k, v = (
        check_matrix(argument, array)
        for argument, array in (("query", query), ("key", key), ("value", value))
    )
    if len(q) != len(k):
        raise ValueError(
            f"query has {len(q)} rows but key has {len(k)}: every token needs one of each"
        )
    names = check_tokens(tokens, len(q), of="query")
    results = attention_steps(q, k, v)._asdict()
    features = [str(j + 1) for j in range(v.shape[1])]
    fallback = "\n".join(
        table(
            f"{stage}: rows are queries, columns are {columns}",
            results[stage],
            row_names=names,
            column_names=features if stage == "output" else names,
        )
        for stage, columns in (
            ("scores", "keys"), ("scaled", "keys"), ("weights", "keys"), ("output", "features"),
        )
    )  # fmt: skip
    data = {"tokens": names, "query": q.tolist(), "key": k.tolist(), "value": v.tolist()}
    return Explorer("steps", "Steps", data, fallback, name)
