"""Costs that docstrings tell: the formula is read from the text, and what it counts is counted."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from qkv_lib import attention_steps
from qkv_lib.exact.cache import KVCache
from qkv_lib.formula.gradients import attention_gradients
from qkv_lib.formula.steps import AttentionSteps
from qkv_lib.measures.cost import Block, crossover_length
from qkv_lib.models.mixers import CausalAttention, Convolution, Recurrence
from qkv_lib.models.seq2seq import EncoderDecoder
from qkv_lib.models.translator import RecurrentTranslator
from qkv_lib.variants.delta import delta_attention
from qkv_lib.variants.int8 import Int8Cache
from qkv_lib.variants.latent import LatentCache
from qkv_lib.variants.linear import linear_attention
from tests.equations.docstrings import docstrings

h, n, m, d_k, d_v = 2, 5, 7, 6, 11
Q, K, V = torch.randn(h, n, d_k), torch.randn(h, m, d_k), torch.randn(h, m, d_v)
SIZES = {"h": h, "n": n, "m": m, "d_k": d_k, "d_v": d_v, "d": d_k, "n_keys": m, "g": 3, "batch": 4,
         "capacity": 9, "d_c": 8, "d_r": 2, "s": 4, "d_model": 12}  # fmt: skip
Counted = tuple[dict[str, int], Any]


def said(formula: str, sizes: dict[str, int]) -> float:
    """Return the value of a cost as docstrings write it: ``3 n · d_k``, ``2 d² + d``."""
    text = formula.replace("·", "*").replace("²", "**2")
    text = re.sub(r"(\d|\b[a-z]\w*|\)) (?=[a-z(])", r"\1 * ", text)
    return float(eval(text, {"__builtins__": {}}, sizes))


def multiplications(function: Callable[..., Any], *operands: Any) -> int:
    """Return how many products of two numbers the matrix products of a call take."""
    with FlopCounterMode(display=False) as counter:
        function(*operands)
    return int(counter.get_total_flops() // 2)


def weights_of(module: torch.nn.Module) -> int:
    """Return how many numbers the matrices of a layer hold, its biases aside."""
    return sum(each.numel() for each in module.parameters() if each.ndim > 1)


def held() -> KVCache:
    cache = KVCache(9)
    cache.append(np.zeros((4, 3, 1, d_k)), np.zeros((4, 3, 1, d_v)))
    return cache


def idle(module: Any) -> int:
    return sum(each.numel() for each in (module.w_query, module.w_key, module.v))


def in_8_bits() -> Int8Cache:
    cache = Int8Cache()
    cache.append(np.zeros((3, 1, d_k), np.float32), np.zeros((3, 1, d_v), np.float32))
    return cache


def latent() -> LatentCache:
    cache = LatentCache(9)
    cache.append(np.zeros((1, 9, 8)), np.zeros((1, 9, 2)))
    return cache


def stages() -> int:
    """Return how many arrays of the shape of the scores are kept."""
    steps = attention_steps(Q, K, V)
    return sum(x.numel() for x in steps if x.shape == steps.scores.shape)


TOLD: dict[tuple[str, str], Callable[[], float]] = {
    ("attention.attention", "h · n · m · (d_k + d_v)"): lambda: multiplications(
        attention_steps, Q, K, V),
    ("attention.attention_steps", "5 · h · n · m"): stages,
    ("exact.cache.KVCache", "batch · g · capacity · (d_k + d_v)"): lambda: sum(
        9 * each[..., 0, :].size for each in (held().key, held().value)),
    ("variants.delta.delta_attention", "3 n · d_k · d_v"): lambda: multiplications(
        delta_attention, Q[0], Q[0], torch.randn(n, d_v), torch.rand(n)),
    ("variants.linear.linear_attention", "h · (n + m) · d · d_v"): lambda: multiplications(
        linear_attention, Q, K, V),
    ("variants.linear.linear_attention", "h · n · m · (d_k + d_v)"): lambda: multiplications(
        attention_steps, Q, K, V),
    ("variants.int8.Int8Cache", "g · (d_k + d_v)"): lambda: in_8_bits().nbytes - 2 * 3 * 4,
    ("variants.int8.Int8Cache", "2 g"): lambda: (in_8_bits().nbytes - 3 * (d_k + d_v)) // 4,
    ("variants.latent.LatentCache", "capacity · (d_c + d_r)"): lambda: latent().rows.size,
    ("models.mixers.Convolution", "4 d²"): lambda: weights_of(Convolution(d_k)),
    ("models.mixers.Recurrence", "4 d²"): lambda: weights_of(Recurrence(d_k)),
    ("models.mixers.Recurrence", "3 (d s + s²)"): lambda: weights_of(Recurrence(d_k).unit),
    ("models.mixers.Recurrence", "s d"): lambda: weights_of(Recurrence(d_k).output),
    ("models.mixers.CausalAttention", "4 d²"): lambda: weights_of(CausalAttention(d_k)),
    ("models.seq2seq.EncoderDecoder", "2 d² + d"): lambda: idle(
        EncoderDecoder(5, d_k, attends=False)),
    ("models.translator.RecurrentTranslator", "2 d² + d"): lambda: idle(
        RecurrentTranslator(5, 6, d=d_k)),
    ("formula.gradients.attention_gradients", "h · n · m · d"): lambda: multiplications(
        attention_gradients, Q, K, K, torch.randn(h, n, d_k)) / 6,
    ("measures.cost.crossover_length", "6 · d_model"): lambda: crossover_length(Block(12, 3)),
    ("measures.cost.crossover_length", "2 · d_model"): lambda: crossover_length(
        Block(12, 3, d_ff=0)),
}  # fmt: skip
"""What a docstring tells in backticks, and how much of it there is."""

UNCOUNTED = {
    ("variants.sparse.sparse_attention", "h · n · (m / block + n_chosen · block) · d_k"),
}  # the scores of gathered keys are no matrix products


@pytest.mark.parametrize("told", TOLD, ids=" ".join)
def test_the_cost_that_is_told_is_the_cost(told: tuple[str, str]) -> None:
    name, formula = told
    assert f"``{formula}``" in docstrings()[name], f"the docstring of {name} says so no more"
    assert TOLD[told]() == said(formula, SIZES)


def test_costs_are_read_as_they_are_written() -> None:
    sizes = {"n": 2, "d": 3, "s": 5}
    assert said("3 n · d", sizes) == 18
    assert said("2 d² + d", sizes) == 21
    assert said("3 (d s + s²)", sizes) == 120
    assert len(AttentionSteps._fields) > 5


def test_each_cost_that_begins_a_note_is_counted() -> None:
    notes = {
        (name, each)
        for name, text in docstrings().items()
        for each in re.findall(r"\b(?:Cost|Memory): ``([^`]+)``", " ".join(text.split()))
    }
    assert notes == (notes & TOLD.keys()) | UNCOUNTED, "count what these cost"
