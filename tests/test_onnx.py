"""The cases that `onnx` ships for its operator Attention, with the outputs it expects.

They were written by others, for other implementations: masks shorter than the keys, caches
handed in, padding and positions of each batch element, windows, half precision.
"""

from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib import attention, attention_steps, merge_heads, split_heads
from qkv_lib.exact.tiles import tiled_attention
from tests.arrays import Array, plain

node = pytest.importorskip("onnx.backend.test.case.node")
pytest.importorskip("onnx.backend.test.case.node.attention")  # importing it registers the cases

PREFIX = "test_attention_"
CASES = {
    case.name.removeprefix(PREFIX): case
    for case in node._NodeTestCases
    if case.name.startswith(PREFIX) and "_expanded" not in case.name
}
OUTSIDE = {"bidirectional_window": "a window of two widths: `window` reaches equally far both ways"}
STAGES = ("scaled", "capped", "masked", "weights")  # what qk_matmul_output_mode counts through


def read(case: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return attributes, inputs and expected outputs by name, the arrays in NumPy."""
    (operator,) = case.model.graph.node
    settings = {a.name: a.f if a.type == a.FLOAT else a.i for a in operator.attribute}
    ((inputs, outputs),) = case.data_sets
    named = [
        dict(zip(filter(None, names), map(np.asarray, arrays), strict=True))
        for names, arrays in ((operator.input, inputs), (operator.output, outputs))
    ]
    return settings, named[0], named[1]


def in_library(library: str, x: Any) -> Array:
    """Return an array in this library; NumPy itself has no bfloat16, torch has."""
    if library == "numpy":
        return x
    if x.dtype.name == "bfloat16":
        return torch.from_numpy(x.astype(np.float32)).to(torch.bfloat16)
    return torch.from_numpy(x)


def operands(settings: dict[str, Any], given: dict[str, Array]) -> tuple[Array, Array, Array]:
    """Return query, key and value of four axes, past keys and values in front."""
    query, key, value = given["Q"], given["K"], given["V"]
    if query.ndim == 3:
        query = split_heads(query, settings["q_num_heads"])
        key, value = (split_heads(x, settings["kv_num_heads"]) for x in (key, value))
    if "past_key" in given:
        join = np.concatenate if isinstance(key, np.ndarray) else torch.cat
        key, value = join((given["past_key"], key), 2), join((given["past_value"], value), 2)
    return query, key, value


def options(settings: dict[str, Any], given: dict[str, Array], n: int, m: int) -> dict[str, Any]:
    """Return the options of `qkv_lib.attention` that say the same as ONNX's."""
    said: dict[str, Any] = {
        name: settings[name] for name in ("scale", "softcap") if settings.get(name)
    }
    said["causal"] = bool(settings.get("is_causal", 0))
    if settings.get("left_window_size", -1) >= 0:
        said["window"] = settings["left_window_size"] + 1
    lengths = given.get("nonpad_kv_seqlen")
    if lengths is not None:
        said["key_lengths"] = lengths
    if said["causal"]:
        past = given["past_key"].shape[2] if "past_key" in given else 0
        said["offset"] = past if lengths is None else lengths - n
    if "attn_mask" in given:
        mask = given["attn_mask"]
        boolean = "bool" in str(mask.dtype)
        said["mask" if boolean else "bias"] = longer(mask, m, False if boolean else -np.inf)
    return said


def longer(mask: Array, m: int, hidden: Any) -> Array:
    """Return a mask for all ``m`` keys: ONNX hides those that a shorter one does not name."""
    missing = m - mask.shape[-1]
    if isinstance(mask, np.ndarray):
        return np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, missing)], constant_values=hidden)
    return torch.nn.functional.pad(mask, (0, missing), value=hidden)


def close(got: Array, wanted: Any, case: Any) -> None:
    """Compare within the case's own tolerance, or the rounding of half precision."""
    half = {"float16": 2e-3, "bfloat16": 2e-2}.get(wanted.dtype.name, 0.0)
    wanted = wanted.astype(np.float64)
    np.testing.assert_allclose(plain(got), wanted, rtol=case.rtol, atol=max(case.atol, half))


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_attention_is_onnxs(name: str, library: str) -> None:
    if name in OUTSIDE:
        pytest.skip(OUTSIDE[name])
    settings, given, wanted = read(CASES[name])
    if library == "numpy" and given["Q"].dtype.name == "bfloat16":
        pytest.skip("NumPy has no bfloat16")
    given = {key: in_library(library, x) for key, x in given.items()}
    query, key, value = operands(settings, given)
    said = options(settings, given, query.shape[-2], key.shape[-2])
    steps = attention_steps(query, key, value, **said)
    outputs = [
        steps.output,
        attention(query, key, value, **said),
        tiled_attention(query, key, value, query_block=3, key_block=2, **said),
    ]
    for output in outputs:
        close(merge_heads(output) if given["Q"].ndim == 3 else output, wanted["Y"], CASES[name])
    if "qk_matmul_output" in wanted:
        stage = getattr(steps, STAGES[settings.get("qk_matmul_output_mode", 0)])
        close(stage, wanted["qk_matmul_output"], CASES[name])


def test_onnx_ships_cases_and_those_left_out_are_there() -> None:
    assert len(CASES) >= 93
    assert set(OUTSIDE) <= set(CASES)
