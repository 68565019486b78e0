"""Measure what chapter 8 shows and cannot run while it is read: times, and training on seeds.

Run as ``python -m workshop.outlook_results [PART …]``, or ``make results``; the parts are
``times`` and ``depth``. Both take a few minutes on one core.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa
from tqdm import tqdm

from qkv_lib.data.digit_tasks import examples, reversal
from qkv_lib.layers import EncoderBlock, initialise
from qkv_lib.models.tagger import DigitTagger, tagging_accuracy, tagging_loss
from qkv_lib.models.training import fit
from workshop.pages import ROOT

TABLE = ROOT / "qkv_lib" / "experiments" / "measured" / "outlook.json"
D_MODEL, N_HEADS, ROUNDS = 128, 4, 9
LENGTHS = (64, 128, 256, 512, 768, 1024, 1536, 2048)
N_BLOCKS, DEPTH_SEEDS, DEPTH_LR, DEPTH_UPDATES = 6, (0, 1, 2), 3e-3, 300


def times() -> dict[str, Any]:
    """Return the seconds of one block's parts on one thread: the middle of turns they take.

    Processor time counts, not the clock on the wall: other programs do not add to it.
    """
    torch.set_num_threads(1)
    block = initialise(EncoderBlock(D_MODEL, N_HEADS), np.random.default_rng(0)).eval()
    found: dict[str, list[float]] = {"linear maps": [], "textbook": [], "fused": []}
    for n in tqdm(LENGTHS, desc="times"):
        for name, seconds in parts(block, n).items():
            found[name].append(float(f"{seconds:.3g}"))
    return {"d_model": D_MODEL, "n_heads": N_HEADS, "n": LENGTHS, "seconds": found}


def parts(block: EncoderBlock, n: int) -> dict[str, float]:
    """Return the seconds of the linear maps of a block, and of attention between them."""
    x = torch.from_numpy(np.random.default_rng(n).normal(size=(n, D_MODEL)).astype(np.float32))
    layer = block.attention
    with torch.no_grad():
        query, key, value = layer.project(x, x, x)

        def textbook() -> torch.Tensor:
            scores = query @ key.mT / query.shape[-1] ** 0.5
            return scores.softmax(dim=-1) @ value

        cases: dict[str, Callable[[], Any]] = {
            "linear maps": lambda: (layer.project(x, x, x), layer.output(x), block.feed_forward(x)),
            "textbook": textbook,
            "fused": lambda: sdpa(query[None], key[None], value[None]),
        }
        return middle(cases)


def middle(cases: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the median processor time of each case; they take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for run in cases.values():
        run()
    for _ in range(ROUNDS):
        for name, run in cases.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return {name: float(np.median(each)) for name, each in seconds.items()}


def depth() -> dict[str, Any]:
    """Return loss and accuracy of stacks with the norm first or last, with and without warm-up."""
    runs = []
    cases = [(first, warmup) for first in (True, False) for warmup in (0.0, 0.3)]
    for norm_first, warmup in tqdm(cases, desc="depth"):
        for seed in DEPTH_SEEDS:
            rng = np.random.default_rng(seed)
            model = initialise(DigitTagger(norm_first=norm_first, n_blocks=N_BLOCKS), rng)
            losses = fit(
                model, examples(reversal, 10, rng), n_updates=DEPTH_UPDATES, lr=DEPTH_LR,
                loss=tagging_loss, warmup=warmup,
            )  # fmt: skip
            runs.append({
                "norm_first": norm_first, "warmup": warmup, "seed": seed,
                "losses": [round(float(np.mean(losses[i : i + 10])), 3)
                           for i in range(0, DEPTH_UPDATES, 10)],
                "accuracy": round(tagging_accuracy(model, reversal, 10), 3),
            })  # fmt: skip
    return {"n_blocks": N_BLOCKS, "lr": DEPTH_LR, "runs": runs}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {"times": times, "depth": depth}


def main(chosen: list[str]) -> None:
    """Measure the parts named, or all, and keep what is stored of the others."""
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    torch.set_num_threads(1)
    for name in chosen or PARTS:
        table[name] = PARTS[name]()
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
