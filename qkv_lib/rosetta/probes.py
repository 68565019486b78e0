"""Probes: the conventions of a tool, read off what it returns.

Every answer is the one candidate under which the tool's numbers are those of the formula. Two
choices of operands make the weights visible: with ``V = I`` the output *is* the weights, and
with ``Q = 0`` all scores are equal, so that masks alone decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
import torch

from qkv_lib.attention import attention, attention_steps
from qkv_lib.formula.arrays import Array
from qkv_lib.rosetta.conventions import MASKS, ORDERS, SCALES, Conventions
from qkv_lib.rosetta.layouts import LAYOUTS
from qkv_lib.rosetta.tool import NotOfferedError, Tool

__all__ = ["probe"]

BATCH, HEADS, N, M, WIDTH = 2, 3, 5, 7, 11  # pairwise different: no swapped axis hides
TOLERANCE = 1e-5  # of float32 numbers near 1

NO_OPTION, REFUSED, OTHER = "no option", "refused", "something else"
_MARKED = {
    "may attend": np.array([1, 0, 0, 0]),
    "hidden": np.array([0, 1, 1, 1]) / 3,
    "counts as 1": np.array([math.e, 1, 1, 1]) / (math.e + 3),
    "ignored": np.ones(4) / 4,
}


def probe(tool: Tool) -> Conventions:
    """Return the conventions of a tool.

    Parameters
    ----------
    tool : Tool
        One of `TOOLS`, or a new one.

    Returns
    -------
    Conventions

    Raises
    ------
    ImportError
        The tool is not installed.
    ValueError
        Under no order, layout and scale known here does the tool give attention.

    Examples
    --------
    >>> from qkv_lib.rosetta import TOOLS
    >>> found = probe(TOOLS["nn.MultiheadAttention"])
    >>> found.inside, found.mask
    ('n b (h d)', 'hidden')
    """
    form = find_form(tool)
    mask = find_mask(tool, form)
    return Conventions(
        form.order, form.inside, form.outside, form.scale, mask,
        numbers=find_numbers(tool, form),
        causal=find_causal(tool, form),
        weights=find_weights(tool, form),
        dropout=find_dropout(tool, form),
        nothing=find_nothing(tool, form, mask),
    )  # fmt: skip


def find_form(tool: Tool) -> Conventions:
    """Find order, layouts and scale: the first combination that gives attention."""
    operands = _operands()
    expected = {name: _attention(*operands, name) for name in SCALES}
    for (order, places), inside in product(ORDERS.items(), LAYOUTS.values()):
        output = _tried(tool, *(inside.arrange(operands[place]) for place in places))
        for scale, outside in product(SCALES, LAYOUTS.values()):
            if output is not None and _same(output, outside.arrange(expected[scale])):
                return Conventions(order, inside.name, outside.name, scale)
    raise ValueError(f"{tool.name} gives attention under no order, layout and scale known here")


def find_mask(tool: Tool, form: Conventions) -> str:
    """Mark one key with True, at equal scores, and see what becomes of its weight."""
    mask = np.zeros((2, 4), dtype=bool)
    mask[:, 0] = True
    return _name(lambda: _even_weights(tool, form, mask=mask)[0], _MARKED)


def find_numbers(tool: Tool, form: Conventions) -> str:
    """Put log 2 in the place of the mask for one key: added to the score, it doubles the weight."""
    numbers = np.zeros((2, 4), dtype=np.float32)
    numbers[:, 0] = math.log(2)
    doubled = {"added": np.array([2, 1, 1, 1]) / 5}
    here = _name(lambda: _even_weights(tool, form, mask=numbers)[0], {
        **doubled, "not 0 = True": _MARKED["may attend"],
        "not 0 = hidden": _MARKED["hidden"],
    })  # fmt: skip
    there = _name(lambda: _even_weights(tool, form, bias=numbers)[0], doubled)
    return f"{here}; bias adds" if there == "added" else here


def find_causal(tool: Tool, form: Conventions) -> str:
    """Look which of four keys two queries see, and which a single query sees."""
    candidates = {
        "top-left": np.tri(2, 4), "bottom-right": np.tri(2, 4, 2), "ignored": np.ones((2, 4)),
    }  # fmt: skip
    found = _name(lambda: _even_weights(tool, form, causal=True) > 0, candidates)
    if found not in candidates:
        return found
    single = _even_weights(tool, form, n_queries=1, causal=True) > 0
    as_above = np.array_equal(single[0], candidates[found][-1 if found == "bottom-right" else 0])
    return found if as_above else f"{found}; one query sees all"


def find_weights(tool: Tool, form: Conventions) -> str:
    """Compare what comes back beside the output with the weights, and with their mean."""
    query, key, value = _operands()
    scale = SCALES[form.scale](WIDTH, HEADS)
    each = attention_steps(query, key, value, scale=scale).weights
    candidates = {
        "none": np.array(np.nan),
        "mean of the heads": each.mean(axis=1),
        "each head": each,
    }

    def returned(**options: Any) -> Array:
        weights = tool.call(*form.arrange(query, key, value), heads=HEADS, **options)[1]
        if weights is None:
            return candidates["none"]
        return weights.reshape(each.shape) if weights.size == each.size else weights

    default = _name(returned, candidates)
    on_request = _name(lambda: returned(each_head=True), candidates)
    more = on_request == "each head" != default
    return f"{default}; each head on request" if more else default


def find_dropout(tool: Tool, form: Conventions) -> str:
    """Run in training by default, and with half of the weights dropped in and out of training."""
    operands = _operands()
    expected = {"unchanged": _attention(*operands, form.scale)}

    def drops(**options: Any) -> bool | None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            found = _name(lambda: form.call(tool, *operands, **options), expected)
        return None if found == NO_OPTION else found != "unchanged"

    default = "some" if drops(training=True) else "0"
    if drops(training=True, dropout=0.5) is None:
        return f"{default}; {NO_OPTION}"
    return f"{default}; acts " + ("always" if drops(dropout=0.5) else "in training")


def find_nothing(tool: Tool, form: Conventions, mask: str) -> str:
    """Hide every key."""
    query, key, value = _operands()
    hidden = MASKS[mask](np.zeros((N, M), dtype=bool))
    shape = query.shape
    return _name(lambda: form.call(tool, query, key, value, mask=hidden), {
        "0": np.zeros(shape),
        "NaN": np.full(shape, np.nan),
        "mean of V": np.broadcast_to(value.mean(axis=-2, keepdims=True), shape),
        "as if unmasked": _attention(query, key, value, form.scale),
    })  # fmt: skip


def _operands() -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    sizes = ((BATCH, HEADS, n, WIDTH) for n in (N, M, M))
    query, key, value = (rng.standard_normal(size, dtype=np.float32) for size in sizes)
    return query, key, value


def _attention(query: Array, key: Array, value: Array, scale: str) -> Array:
    """Return what the formula gives, in float64."""
    wide = (x.astype(np.float64) for x in (query, key, value))
    return attention(*wide, scale=SCALES[scale](WIDTH, HEADS))


def _even_weights(tool: Tool, form: Conventions, n_queries: int = 2, **options: Any) -> Array:
    """Return the weights over four keys with equal scores: with ``V = I`` they are the output."""
    identity = np.eye(4, dtype=np.float32)[None, None]
    return form.call(tool, 0 * identity[..., :n_queries, :], identity, identity, **options)[0, 0]


def _tried(tool: Tool, *operands: Array) -> Array | None:
    try:
        return tool.call(*operands, heads=HEADS)[0]
    except ImportError:
        raise
    except Exception:  # tools refuse what does not fit them in many ways
        return None


def _name(found: Callable[[], Array], candidates: Mapping[str, Array]) -> str:
    """Return the name of the candidate that was found, or why none was."""
    try:
        numbers = found()
    except ImportError:
        raise
    except NotOfferedError:
        return NO_OPTION
    except Exception:  # as above
        return REFUSED
    return next((name for name, each in candidates.items() if _same(numbers, each)), OTHER)


def _same(found: Array, expected: Array) -> bool:
    return found.shape == expected.shape and bool(
        np.allclose(found, expected, rtol=0, atol=TOLERANCE, equal_nan=True)
    )
