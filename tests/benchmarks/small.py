"""Where the time of a small call goes: print its steps, in microseconds and in fused calls.

Run as ``python -m tests.benchmarks.small [ROUNDS]``. The steps take turns, ten calls at a time, and
the fastest round counts: what else the machine does only ever adds.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

from qkv_lib import attention
from qkv_lib.exact._choose import cheapest
from qkv_lib.formula._door import check_call, check_form
from qkv_lib.formula._numbers import bound
from tests.benchmarks.speed import bare, operands

AT_A_TIME = 10


def steps(n: int) -> dict[str, Callable[[], Any]]:
    """Return the steps of a call in either library, and what they are compared with."""
    arrays, tensors = operands(n)
    found: dict[str, Callable[[], Any]] = {"PyTorch SDPA": partial(sdpa, *tensors)}
    for name, each, exp in (("torch", tensors, torch.exp), ("NumPy", arrays, np.exp)):
        call = check_call(*each)
        found |= {
            f"{name}, the whole call": partial(attention, *each),
            f"{name}, its checks of kinds, shapes and options": partial(check_form, *each),
            f"{name}, its look at every number": partial(look_at, each),
            f"{name}, its way to the output": partial(cheapest, call),
            f"{name}, the bare formula": partial(bare, *each, exp),
        }
    return found


def look_at(operands: list[Any]) -> None:
    """Read every number, as the door does."""
    for x in operands:
        bound("x", x)


def fastest(cases: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the seconds of each case in its fastest round."""
    best = dict.fromkeys(cases, float("inf"))
    order = np.random.default_rng(0)
    for _ in range(rounds):
        for name in order.permutation(list(cases)).tolist():
            cases[name]()
            start = time.perf_counter()
            for _ in range(AT_A_TIME):
                cases[name]()
            best[name] = min(best[name], (time.perf_counter() - start) / AT_A_TIME)
    return best


def main(rounds: int = 300) -> None:
    """Print a line a step."""
    best = fastest(steps(32), rounds)
    base = best["PyTorch SDPA"]
    for name, seconds in best.items():
        print(f"{name:50} {seconds * 1e6:6.1f} µs {seconds / base:6.2f} fused calls")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
