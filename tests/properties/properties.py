"""The columns of the table: what must hold for every implementation of attention."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib.exact.cache import KVCache
from qkv_lib.formula.gradients import attention_gradients
from tests.arrays import plain
from tests.properties.cases import (
    BATCH,
    Case,
    Cell,
    D,
    E,
    M,
    N,
    assert_close,
    exact,
    textbook,
    tolerance,
)
from tests.properties.implementations import NotOfferedError

Property = Callable[[Cell, Case], None]
PROPERTIES: dict[str, Property] = {}


def prop(function: Property) -> Property:
    PROPERTIES[function.__name__] = function
    return function


def rearranged(options: dict[str, Any], rows: Any, columns: Any) -> dict[str, Any]:
    """Return mask and bias with rows and columns in another order."""
    return {
        name: x[..., rows, :][..., columns] if name in ("mask", "bias") else x
        for name, x in options.items()
    }


@prop
def rows_of_weights_sum_to_one(cell: Cell, case: Case) -> None:
    query, key, value = case.operands(cell)
    options = case.options(cell)
    ones = np.ones_like(value)
    total = exact(query, key, ones, **options)  # 1, or 0 where everything is masked
    assert set(np.unique(total.round(9))) <= {0.0, 1.0}
    assert_close(
        cell.run(query, key, ones, **options), total, tolerance(cell, query, key, ones, **options)
    )


@prop
def a_constant_added_to_the_scores_of_a_row_changes_nothing(cell: Cell, case: Case) -> None:
    operands, options = case.operands(cell), case.options(cell)
    bias = options.pop("bias", np.zeros((1, 1)))
    shift = 4.0 * case.draw(cell, N, 1)
    before = cell.run(*operands, **options, bias=bias)
    after = cell.run(*operands, **options, bias=plain(cell.array(bias + shift)))
    slack = 8 * cell.eps * np.abs(operands[2]).max() * 12  # what rounding the bias may move
    assert_close(before, after, 2 * tolerance(cell, *operands, **options, bias=bias) + slack)


@prop
def keys_and_values_permuted_together_change_nothing(cell: Cell, case: Case) -> None:
    query, key, value = case.operands(cell)
    position_free = Case(case.seed, case.heads, case.chosen & {"mask", "bias", "scale", "softcap"})
    options = position_free.options(cell)
    order = case.numbers.permutation(M)
    assert_close(
        cell.run(query, key, value, **options),
        cell.run(
            query, key[:, :, order], value[:, :, order],
            **rearranged(options, slice(None), order),
        ),
        2 * tolerance(cell, query, key, value, **options),
    )  # fmt: skip


@prop
def queries_permuted_permute_the_output(cell: Cell, case: Case) -> None:
    query, key, value = case.operands(cell)
    free = case.chosen - {"causal", "window"}
    options = Case(case.seed, case.heads, free).options(cell)
    order = case.numbers.permutation(N)
    assert_close(
        cell.run(query, key, value, **options)[:, :, order],
        cell.run(query[:, :, order], key, value, **rearranged(options, order, slice(None))),
        2 * tolerance(cell, query, key, value, **options),
    )


@prop
def batch_elements_do_not_touch(cell: Cell, case: Case) -> None:
    operands, options = case.operands(cell), case.options(cell)
    others = tuple(x.copy() for x in operands)
    for x in others:
        x[1] = case.draw(cell, *x.shape[1:])
    before, after = cell.run(*operands, **options), cell.run(*others, **options)
    assert (before[0] == after[0]).all()


@prop
def later_tokens_change_no_earlier_output(cell: Cell, case: Case) -> None:
    case.n = case.m
    chosen = Case(case.seed, case.heads, case.chosen - {"key_lengths"}, case.n, case.m)
    operands = chosen.operands(cell)
    options = {**chosen.options(cell), "causal": True, "offset": 0}
    before = cell.run(*operands, **options)
    for t in (1, case.m // 2, case.m - 1):
        changed = tuple(x.copy() for x in operands)
        for x in changed:
            x[:, :, t:] = 3.0 * case.draw(cell, *x[:, :, t:].shape)
        assert (cell.run(*changed, **options)[:, :, :t] == before[:, :, :t]).all()
    if cell.library == "torch" and cell.implementation.differentiable:
        _no_gradient_from_the_future(cell, operands, options)


def _no_gradient_from_the_future(cell: Cell, operands: Any, options: dict[str, Any]) -> None:
    """∂out[i] / ∂in[j] = 0 for every j > i, and not 0 everywhere.

    All i at once: the batch is laid down anew for each, and each asks for the gradient of its own.
    """
    n = operands[0].shape[2]
    again = {
        name: np.concatenate([x] * n)
        if isinstance(x, np.ndarray) and x.shape[:1] == (BATCH,)
        else x
        for name, x in options.items()
    }
    leaves = [cell.array(np.concatenate([x] * n)).requires_grad_() for x in operands]
    output = cell.implementation.run(*leaves, **cell.arrays(again))
    asked = torch.arange(n).repeat_interleave(BATCH)
    output[torch.arange(n * BATCH), :, asked].sum().backward()
    later = (torch.arange(n) > asked[:, None])[:, None, :, None]
    gradients = [leaf.grad.cpu() for leaf in leaves]
    assert all((gradient.masked_fill(~later, 0) == 0).all() for gradient in gradients)
    assert (gradients[2].masked_fill(later, 0) != 0).any()


@prop
def appended_padding_changes_nothing(cell: Cell, case: Case) -> None:
    query, key, value = case.operands(cell)
    free = case.chosen - {"key_lengths", "mask", "bias"}
    options = Case(case.seed, case.heads, free).options(cell)
    g = case.heads[1]
    longer = [
        np.concatenate([x, 5.0 * case.draw(cell, BATCH, g, 4, x.shape[-1])], axis=2)
        for x in (key, value)
    ]
    before = cell.run(query, key, value, **options)
    within = 2 * tolerance(cell, query, key, value, **options)
    lengths = np.full(BATCH, M)
    assert_close(cell.run(query, *longer, key_lengths=lengths, **options), before, within)
    mask = np.arange(M + 4) < M
    assert_close(cell.run(query, *longer, mask=mask, **options), before, within)


@prop
def one_query_at_a_time_is_the_whole(cell: Cell, case: Case) -> None:
    """What generation relies on: query ``i`` with the keys so far and their number as offset."""
    case.n = case.m
    query, key, value = case.operands(cell)
    options: dict[str, Any] = {"causal": True}
    if "window" in case.chosen:
        options["window"] = 3
    whole = cell.run(query, key, value, **options)
    rows = [
        cell.run(query[:, :, i : i + 1], key[:, :, : i + 1], value[:, :, : i + 1],
                 offset=i, **options)
        for i in range(case.m)
    ]  # fmt: skip
    within = 2 * tolerance(cell, query, key, value, **options)
    assert_close(np.concatenate(rows, axis=2), whole, within)


@prop
def decoding_with_the_cache_is_the_whole(cell: Cell, case: Case) -> None:
    case.n = case.m
    query, key, value = case.operands(cell)
    whole = cell.run(query, key, value, causal=True)
    cache, rows = KVCache(capacity=case.m), []
    for i in range(case.m):
        token = [cell.array(x[:, :, i : i + 1]) for x in (query, key, value)]
        cache.append(*token[1:])
        rows.append(plain(cache.attend(token[0])))
    within = 2 * tolerance(cell, query, key, value, causal=True)
    assert_close(np.concatenate(rows, axis=2), whole, within)


@prop
def equals_the_loops(cell: Cell, case: Case) -> None:
    operands, options = case.operands(cell), case.options(cell)
    assert_close(
        cell.run(*operands, **options),
        exact(*operands, **options),
        tolerance(cell, *operands, **options),
    )


@prop
def gradients_are_those_written_by_hand(cell: Cell, case: Case) -> None:
    """Torch: autograd through the implementation. NumPy: finite differences, in float64."""
    operands, options = case.operands(cell), case.options(cell)
    d_output = case.draw(cell, BATCH, case.heads[0], N, E)
    hand = attention_gradients(*operands, d_output, **options)[:3]
    if cell.library == "torch" and not cell.implementation.differentiable:
        raise NotOfferedError("gradients do not flow")
    if cell.library == "torch":
        there = [*map(cell.array, operands)], cell.arrays(options), cell.array(d_output)
        mine = _autograd(cell.implementation.run, *there)
        rough = _autograd(textbook, *there)
        for operand, by_hand, found, measure in zip(operands, hand, mine, rough, strict=True):
            error = np.abs(measure - by_hand)
            # Seven steps round one after another: of 1,000 draws the textbook's own error is below
            # one rounding of the largest number in half, and another order of sums above two.
            floor = 2 * cell.eps * max(np.abs(by_hand).max(), np.abs(operand).max())
            within = (
                2
                * cell.implementation.detours
                * max(error[np.isfinite(error)].max(initial=0.0), floor)
            )
            assert_close(found, by_hand, within)
        return
    if cell.dtype != "float64":
        raise NotOfferedError("finite differences need float64")
    for k in range(3):
        direction = case.draw(cell, *operands[k].shape)
        moved = [
            [x + step * direction if i == k else x for i, x in enumerate(operands)]
            for step in (1e-5, -1e-5)
        ]
        above, below = ((cell.run(*x, **options) * d_output).sum() for x in moved)
        slope = (hand[k] * direction).sum()
        assert (above - below) / 2e-5 == pytest.approx(slope, rel=1e-5, abs=1e-6)


def _autograd(run: Any, operands: Any, options: Any, d_output: Any) -> list[Any]:
    leaves = [x.clone().requires_grad_() for x in operands]
    run(*leaves, **options).backward(d_output)
    return [plain(x.grad) for x in leaves]


@prop
def a_fully_masked_row_is_zero_forward_and_backward(cell: Cell, case: Case) -> None:
    operands = case.operands(cell)
    hidden = np.zeros((N, M), bool)
    hidden[3] = True
    for options in ({"mask": ~hidden}, {"bias": np.where(hidden, -np.inf, 0.0)}):
        output = cell.run(*operands, **options)
        assert (output[:, :, 3] == 0).all()
        assert np.isfinite(output).all()
        assert (output[:, :, [0, 1, 2, 4]] != 0).any()
        if cell.library == "torch" and cell.implementation.differentiable:
            there = [cell.array(x).requires_grad_() for x in operands]
            cell.implementation.run(*there, **cell.arrays(options)).sum().backward()
            assert all(bool(torch.isfinite(x.grad).all()) for x in there)
            assert (there[0].grad[:, :, 3] == 0).all()
    nothing = cell.run(*operands, key_lengths=np.zeros(BATCH, int))
    assert (nothing == 0).all()


@prop
def maps_returned_are_the_maps_used(cell: Cell, case: Case) -> None:
    operands, options = case.operands(cell), case.options(cell)
    weights, output = cell.maps(*operands, **options)
    (h, g), value = case.heads, operands[2]
    assert weights.shape == (BATCH, h, N, M)
    assert (weights >= 0).all()
    used = weights @ np.repeat(value, h // g, axis=1)
    assert_close(output, used, tolerance(cell, *operands, **options))
    unmasked = exact(*operands[:2], np.eye(M)[None, None].repeat(BATCH, 0).repeat(g, 1), **options)
    assert (weights[unmasked == 0] == 0).all()


@prop
def extreme_scores_stay_exact(cell: Cell, case: Case) -> None:
    """Scores of ±1e4: far beyond what ``exp`` can hold."""
    query, key, value = case.operands(cell)
    scores = np.abs(query @ np.repeat(key, case.heads[0] // case.heads[1], 1).swapaxes(-1, -2))
    factor = np.sqrt(1e4 * np.sqrt(D) / scores.max())
    query, key = (plain(cell.array(x * factor)) for x in (query, key))
    assert_close(
        cell.run(query, key, value), exact(query, key, value), tolerance(cell, query, key, value)
    )


@prop
def nan_never_becomes_a_plausible_number(cell: Cell, case: Case) -> None:
    for k in range(3):
        operands = list(case.operands(cell))
        operands[k][1, 0, 2, 4] = np.nan
        try:
            output = cell.run(*operands)
        except ValueError as error:
            assert "NaN" in str(error)  # noqa: PT017
            continue
        touched = [output[1, 0, 2], output[1, 0], output[1, 0, :, 4]][k]
        assert np.isnan(touched).all()


@prop
def output_lies_in_the_hull_of_the_values(cell: Cell, case: Case) -> None:
    query, key, value = case.operands(cell)
    options = Case(case.seed, case.heads, case.chosen - {"mask", "key_lengths", "window"})
    output = cell.run(query, key, value, **options.options(cell))
    served = np.repeat(value, case.heads[0] // case.heads[1], axis=1)
    slack = 2 * cell.eps * np.abs(value).max()
    assert (output >= served.min(axis=2, keepdims=True) - slack).all()
    assert (output <= served.max(axis=2, keepdims=True) + slack).all()


@prop
def inputs_are_left_as_they_were(cell: Cell, case: Case) -> None:
    given = [*map(cell.array, case.operands(cell))]
    options = cell.arrays(case.options(cell))
    arrays = [*given, *(x for x in options.values() if hasattr(x, "dtype"))]
    before = [plain(x).copy() for x in arrays]
    cell.implementation.run(*given, **options)
    assert all((plain(x) == y).all() for x, y in zip(arrays, before, strict=True))


@prop
def memory_layout_does_not_matter(cell: Cell, case: Case) -> None:
    operands, options = case.operands(cell), case.options(cell)
    strange = []
    for x in operands:
        transposed = cell.array(np.ascontiguousarray(x.swapaxes(1, 3))).swapaxes(1, 3)
        if cell.library == "numpy":
            transposed = transposed[..., ::-1].copy(order="K")[..., ::-1]  # torch cannot run back
            transposed.setflags(write=False)
        assert not (transposed.flags.contiguous if cell.library == "numpy"
                    else transposed.is_contiguous())  # fmt: skip
        strange.append(transposed)
    output = plain(cell.implementation.run(*strange, **cell.arrays(options)))
    assert_close(output, cell.run(*operands, **options), 2 * tolerance(cell, *operands, **options))


@prop
def smallest_sizes_work(cell: Cell, case: Case) -> None:
    query, key, value = case.operands(cell)
    h, g = case.heads
    assert (cell.run(query, key[:, :, :0], value[:, :, :0]) == 0).all()
    assert cell.run(query[:, :, :0], key, value).shape == (BATCH, h, 0, E)
    alone = cell.run(query[:, :, :1], key[:, :, :1], value[:, :, :1], causal=True)
    assert (alone == np.repeat(value[:, :, :1], h // g, axis=1)).all()
