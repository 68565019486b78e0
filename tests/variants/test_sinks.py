"""Sinks: scaled output = one more key = the definition."""

import math
from typing import Any

import numpy as np
import pytest

from qkv_lib import attention_steps
from qkv_lib.variants.sinks import sink_attention, sink_attention_by_key
from tests.arrays import LIBRARIES, array, operands, plain
from tests.refusals import says

MASK = np.random.default_rng(3).random((2, 1, 5, 7)) < 0.6
MASK[0, 0, 2] = False  # a query that may attend to nothing


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize("sink", [0.0, 2.5, -math.inf, [0.5, -1.0, 3.0]], ids=str)
@pytest.mark.parametrize("options", [{}, {"mask": MASK}, {"causal": True, "softcap": 2.0}])
def test_both_forms_are_the_definition(lib: str, sink: Any, options: dict[str, Any]) -> None:
    given = operands(lib)
    options = {k: array(lib, v, "bool") if isinstance(v, np.ndarray) else v
               for k, v in options.items()}  # fmt: skip
    beta = array(lib, sink) if isinstance(sink, list) else sink
    scores = plain(attention_steps(*given, **options).masked)
    powers = np.exp(scores)
    one = np.exp(np.array(sink))[:, None, None] if isinstance(sink, list) else math.exp(sink)
    total = one + powers.sum(axis=-1, keepdims=True)
    expected = powers / np.where(total == 0, 1, total) @ plain(given[2])
    for way in (sink_attention, sink_attention_by_key):
        found = plain(way(*given, sink=beta, **options))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_with_a_deep_sink_it_is_nothing() -> None:
    given = operands("numpy")
    for way in (sink_attention, sink_attention_by_key):
        assert np.abs(way(*given, sink=1e4)).max() == 0


def test_operands_without_heads() -> None:
    query, key, value = (x[0, 0] for x in operands("numpy"))
    np.testing.assert_allclose(
        sink_attention(query, key, value, sink=np.array([1.0])),
        sink_attention(query, key, value, sink=1.0),
    )


@pytest.mark.parametrize("way", [sink_attention, sink_attention_by_key])
def test_refuses(way: Any) -> None:
    given = operands("numpy")
    with says(ValueError, "sink has shape (2,), needs (3,): one number per head"):
        way(*given, sink=np.zeros(2))
    with says(ValueError, "sink is inf, needs a number or −∞"):
        way(*given, sink=math.inf)
    with says(ValueError, "sink holds NaN or +∞, needs numbers or −∞"):
        way(*given, sink=np.array([0.0, np.nan, 1.0]))
