"""Without a GPU: what is joined with tensors that are elsewhere is made there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib.variants.rotary import frequencies, turned
from tests.on_a_device import CALLS, MODELS, B, D, H, N, to

# These look at numbers, to choose blocks or to check: only a GPU can tell (`test_cuda`).
LOOKS = {
    "turned", "sink", "sink by key", "documents", "prefix", "tree", "within, changed", "encoder",
    "translator, none", "translator, additive", "translator, dot", "translator, Transformer",
}  # fmt: skip


def on_meta(name: str, call: Callable[..., torch.Tensor], *inputs: Any, **options: Any) -> None:
    """Run a call with tensors that have a device and no numbers."""
    if name not in LOOKS:
        assert call(*to("meta", inputs), **to("meta", options)).device.type == "meta"
        return
    with pytest.raises((RuntimeError, NotImplementedError, TypeError), match="meta"):
        call(*to("meta", inputs), **to("meta", options))


@pytest.mark.parametrize("name", CALLS)
def test_calls_stay_where_their_operands_are(name: str) -> None:
    on_meta(name, CALLS[name], *(torch.empty(B, H, N, D) for _ in range(3)))


@pytest.mark.parametrize("name", MODELS)
def test_models_stay_where_their_inputs_are(name: str) -> None:
    make, inputs, options = MODELS[name]
    on_meta(name, make().to("meta"), *inputs, **options)


def test_positions_may_be_elsewhere_than_the_angles(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy reads no tensor of a GPU: they come to the processor first."""
    x, positions, came = torch.ones(3, 4), torch.arange(3), []
    there = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda t: came.append(t) or there(t))
    found = turned(x, frequencies(4), positions)
    assert came
    assert np.array_equal(found, turned(x, frequencies(4)))
