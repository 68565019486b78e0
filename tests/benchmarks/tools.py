"""How fast the tools of chapter 7 are beside each other: stores them with the library.

Run as ``python -m tests.benchmarks.tools [ROUNDS]``. Functions are compared with PyTorch's
function, layers (which also project) with PyTorch's layer, on one thread. The cases of a group
take turns, and the ratio of the median round counts.
"""

import json
import os
import platform
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from qkv_lib import attention
from qkv_lib.experiments.table import signed
from qkv_lib.formula.heads import merge_heads
from qkv_lib.layers import MultiHeadAttention
from qkv_lib.rosetta import elsewhere
from qkv_lib.rosetta._optional import optional
from tests.benchmarks.speed import Run, ratio, timed

RESULTS = Path(__file__).parents[2] / "qkv_lib" / "experiments" / "measured" / "tools.json"
HEADS, D, LENGTHS = 8, 64, (32, 1024)
PACKAGES = ("torch", "keras", "transformers", "onnx", "einops")
IMPORTS = {
    "torch": "import torch",
    "keras": "import keras",
    "transformers": "from transformers.models.bert.modeling_bert import BertSelfAttention",
    "onnx": "from onnx.reference import ReferenceEvaluator",
    "einops": "import einops",
}


def functions(n: int) -> dict[str, Run]:
    """Return attention of (1, 8, n, 64) with itself, each in the layout of its tool."""
    x = np.random.default_rng(0).standard_normal((1, HEADS, n, D), dtype=np.float32)
    t = torch.from_numpy(x)
    swapped = t.transpose(1, 2).contiguous()
    keras = optional("keras")
    return {
        "F.scaled_dot_product_attention": lambda: F.scaled_dot_product_attention(t, t, t),
        "qkv_lib.attention, torch": lambda: attention(t, t, t),
        "qkv_lib.attention, NumPy": lambda: attention(x, x, x),
        "keras.ops.dot_product_attention": lambda: keras.ops.dot_product_attention(*[swapped] * 3),
        "transformers, sdpa": bert("sdpa", t),
        "transformers, eager": bert("eager", t),
        "by hand, with einops": by_hand(merge_heads(t)),
        "ONNX Attention": onnx(x),
    }


def bert(name: str, t: torch.Tensor) -> Run:
    modeling = optional("transformers.models.bert.modeling_bert")
    config = modeling.BertConfig(hidden_size=HEADS * D, num_attention_heads=HEADS)
    layer = modeling.BertSelfAttention(config).eval()
    attend = modeling.ALL_ATTENTION_FUNCTIONS.get_interface(name, modeling.eager_attention_forward)
    return partial(attend, layer, t, t, t, None)


def by_hand(features: torch.Tensor) -> Run:
    x = features.numpy()
    return partial(elsewhere.by_hand, x, x, x, heads=HEADS)


def onnx(x: Any) -> Run:
    inputs = dict.fromkeys("QKV", x)
    model = elsewhere.one_node(optional("onnx").helper, inputs, ["Y"], {})
    evaluator = optional("onnx.reference").ReferenceEvaluator(model)
    return partial(evaluator.run, None, inputs)


def layers(n: int) -> dict[str, Run]:
    """Return self-attention of (1, n, 512) with eight heads and four maps."""
    width = HEADS * D
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((1, n, width), dtype=np.float32))
    theirs = nn.MultiheadAttention(width, HEADS, batch_first=True).eval()
    ours = MultiHeadAttention.from_torch(theirs).eval()
    keras = optional("keras").layers.MultiHeadAttention(HEADS, D)
    return {
        "nn.MultiheadAttention, need_weights=False": lambda: theirs(x, x, x, need_weights=False),
        "nn.MultiheadAttention": lambda: theirs(x, x, x),
        "qkv_lib.layers.MultiHeadAttention": lambda: ours(x),
        "keras.layers.MultiHeadAttention": lambda: keras(x, x),
    }


def ratios(cases: dict[str, Run], rounds: int) -> dict[str, float]:
    """Return how many times as long each case took as the first."""
    with torch.inference_mode():
        seconds = timed(cases, rounds)
    base = next(iter(seconds.values()))
    return {name: float(f"{ratio(each, base):.2g}") for name, each in seconds.items()}


def import_seconds(rounds: int) -> dict[str, float]:
    """Return how long each package takes to import in a fresh interpreter, torch being there."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["KERAS_BACKEND"] = "torch"

    def once(package: str) -> float:
        first = "" if package == "torch" else "import torch; "
        code = f"{first}import time; t = time.process_time(); {IMPORTS[package]}; "
        code += "print(time.process_time() - t)"
        command = [sys.executable, "-W", "ignore", "-c", code]
        return float(subprocess.run(command, capture_output=True, check=True, env=env).stdout)

    return {name: round(min(once(name) for _ in range(rounds)), 1) for name in PACKAGES}


def main(rounds: int = 15) -> None:
    torch.set_num_threads(1)
    made = {"functions": functions, "layers": layers}
    measured = {
        kind: {str(n): ratios(make(n), rounds) for n in LENGTHS} for kind, make in made.items()
    }
    setting = {
        "batch": 1, "heads": HEADS, "d": D, "dtype": "float32", "threads": 1,
        "python": platform.python_version(), **{name: version(name) for name in PACKAGES},
    }  # fmt: skip
    setting["torch"] = setting["torch"].partition("+")[0]
    results = signed({"setting": setting, **measured, "import_seconds": import_seconds(3)})
    text = json.dumps(results, indent=1, ensure_ascii=False)
    print(text)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
