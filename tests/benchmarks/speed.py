"""How fast the paths are, as ratios in one run: prints the table and stores it with the library.

Run as ``python -m tests.benchmarks.speed [ROUNDS]``. The cases of a group take turns, so that a
slow minute of the machine falls on all of them, and the ratio of the median round counts.
"""

import json
import os
import platform
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa
from tqdm import tqdm

from qkv_lib import attention, attention_steps, window_mask
from qkv_lib.exact.cache import KVCache
from qkv_lib.exact.tiles import blocked_attention, tiled_attention
from qkv_lib.experiments.table import signed

RESULTS = Path(__file__).parents[2] / "qkv_lib" / "experiments" / "measured" / "speed.json"
HEADS, D, WINDOW, TOKENS, MIB = 8, 64, 256, 512, 2**20

Run = Callable[[], Any]


class Row(NamedTuple):
    """One line of the table."""

    path: str
    n: int | None
    against: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    extra_mib: float | None = None

    @property
    def reached(self) -> bool:
        above = self.at_least is not None and self.measured < self.at_least
        below = self.at_most is not None and self.measured > self.at_most
        return not (above or below)


def operands(n: int) -> tuple[Any, Any]:
    """Return query, key and value of shape (1, 8, n, 64), in NumPy and in torch."""
    numbers = np.random.default_rng(0)
    arrays = [numbers.standard_normal((1, HEADS, n, D), dtype=np.float32) for _ in range(3)]
    return arrays, [torch.from_numpy(x) for x in arrays]


def timed(cases: dict[str, Run], rounds: int) -> dict[str, Any]:
    """Return the seconds that each case took in each round.

    The cases take turns, in another order each round: what ran before leaves memory and caches
    in a state that helps or hurts the next one.
    """
    order = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in cases}
    for run in cases.values():
        run()
    for _ in tqdm(range(rounds), desc=" · ".join(cases)[:60], leave=False):
        for name in order.permutation(list(cases)).tolist():
            start = time.perf_counter()
            cases[name]()
            times[name].append(time.perf_counter() - start)
    return {name: np.array(seconds) for name, seconds in times.items()}


def ratio(seconds: Any, base: Any) -> float:
    """Return how many times as long one case took as another, in the median round."""
    return float(np.median(seconds / base))


def extra_memory(run: Run) -> float | None:
    """Return the MiB that NumPy arrays need at the peak beyond the output; None for torch."""
    tracemalloc.start()
    try:
        output = run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return round((peak - output.nbytes) / MIB, 1) if isinstance(output, np.ndarray) else None


def whole(n: int, rounds: int) -> list[Row]:
    """Time attention to all keys, and causal attention against it."""
    arrays, tensors = operands(n)
    cases: dict[str, Run] = {
        "PyTorch SDPA": lambda: sdpa(*tensors),
        "torch": lambda: attention(*tensors),
        "torch, causal": lambda: attention(*tensors, causal=True),
        "torch in blocks": lambda: blocked_attention(*tensors),
        "torch in tiles": lambda: tiled_attention(*tensors),
        "NumPy": lambda: attention(*arrays),
        "NumPy, causal": lambda: attention(*arrays, causal=True),
        "NumPy in tiles": lambda: tiled_attention(*arrays),
    }
    textbook: dict[str, Run] = {  # apart: gigabytes of scores would slow down whatever is next
        "torch, textbook": lambda: attention_steps(*tensors).output,
        "NumPy, textbook": lambda: attention_steps(*arrays).output,
    }
    limits = {"torch": 1.05, "torch in blocks": 1.35, "NumPy": 1.25}
    seconds = timed(cases, rounds)
    slow = timed({"PyTorch SDPA": cases["PyTorch SDPA"], **textbook}, max(rounds // 3, 1))
    rows = []
    for name, run in cases.items():
        base = name.removesuffix(", causal") if name.endswith("causal") else "PyTorch SDPA"
        limit = 0.65 if name.endswith("causal") else limits.get(name)
        times = ratio(seconds[name], seconds[base])
        rows.append(Row(name, n, base, times, "×", at_most=limit, extra_mib=extra_memory(run)))
    for name, run in textbook.items():
        times = ratio(slow[name], slow["PyTorch SDPA"])
        rows.append(Row(name, n, "PyTorch SDPA", times, "×", extra_mib=extra_memory(run)))
    return rows


def small(n: int, rounds: int) -> list[Row]:
    """Time what the checks cost where there is little else to do: a call of some microseconds."""
    arrays, tensors = operands(n)
    cases: dict[str, Run] = {
        "PyTorch SDPA": lambda: sdpa(*tensors),
        "torch, a small call": lambda: attention(*tensors),
        "NumPy, a small call": lambda: attention(*arrays),
        "torch, the bare formula": lambda: bare(*tensors, torch.exp),
        "NumPy, the bare formula": lambda: bare(*arrays, np.exp),
    }
    seconds = timed(cases, 40 * rounds)
    base, *others = cases
    return [
        Row(name, n, base, ratio(seconds[name], seconds[base]), "×",
            at_most=2.5 if name.endswith("call") else None)
        for name in others
    ]  # fmt: skip


def bare(query: Any, key: Any, value: Any, exp: Callable[[Any], Any]) -> Any:
    """Compute softmax(Q Kᵀ / √d) V by hand: no mask, no check, no other dtype."""
    scores = query @ key.mT / D**0.5
    weights = exp(scores - (scores.max(-1, keepdims=True) if isinstance(scores, np.ndarray)
                            else scores.amax(-1, keepdim=True)))  # fmt: skip
    return weights / weights.sum(-1)[..., None] @ value


def long_memory(n: int) -> list[Row]:
    arrays, _ = operands(n)
    extra = extra_memory(lambda: attention(*arrays)) or 0.0
    return [Row("NumPy, memory", n, "its output", extra, "MiB", at_most=40.0, extra_mib=extra)]


def windows(n: int, rounds: int) -> list[Row]:
    """Time a window whose blocks are skipped against the same window handed over as a mask."""
    arrays, tensors = operands(n)
    mask = window_mask(n, window=WINDOW, like=tensors[0])
    cases: dict[str, Run] = {
        "SDPA, window as mask": lambda: sdpa(*tensors, attn_mask=mask),
        "torch, window": lambda: attention(*tensors, window=WINDOW),
        "NumPy, window": lambda: attention(*arrays, window=WINDOW),
    }
    seconds = timed(cases, rounds)
    base, *others = cases
    return [
        Row(name, n, base, ratio(seconds[base], seconds[name]), "× faster", at_least=5.0,
            extra_mib=extra_memory(cases[name]))
        for name in others
    ]  # fmt: skip


def decoding(rounds: int) -> list[Row]:
    """Decode with one attention layer: project and attend, with a cache and without."""
    numbers = np.random.default_rng(0)
    width = HEADS * D
    tokens = numbers.standard_normal((TOKENS, width), dtype=np.float32)
    weights = numbers.standard_normal((width, 3 * width), dtype=np.float32) / width**0.5
    rows = []
    for library, x, w in (
        ("torch", torch.from_numpy(tokens), torch.from_numpy(weights)),
        ("NumPy", tokens, weights),
    ):
        cases: dict[str, Run] = {
            "recomputing": lambda x=x, w=w: recomputed(x, w),
            "cache": lambda x=x, w=w: cached(x, w),
        }
        same = np.abs(np.asarray(cases["cache"]()) - np.asarray(cases["recomputing"]())).max()
        if not same < 1e-5:
            raise ArithmeticError(f"decoding with the cache differs by {same}")
        seconds = timed(cases, rounds)
        times = ratio(seconds["recomputing"], seconds["cache"])
        rows.append(
            Row(f"{library}, decoding with a cache", TOKENS, "recomputing", times, "× faster",
                at_least=10.0)
        )  # fmt: skip
    return rows


def projected(x: Any, w: Any) -> Any:
    """Return query, key and value of shape (3, heads, n, d)."""
    qkv = (x @ w).reshape(len(x), 3, HEADS, D)
    return qkv.transpose(1, 2, 0, 3) if isinstance(qkv, np.ndarray) else qkv.permute(1, 2, 0, 3)


def recomputed(x: Any, w: Any) -> Any:
    """Run the layer over the whole prefix for every token, and keep the last row."""
    rows = [attention(*projected(x[:t], w), causal=True)[:, -1:] for t in range(1, len(x) + 1)]
    return _joined(rows)


def cached(x: Any, w: Any) -> Any:
    """Run the layer over each token once."""
    cache, rows = KVCache(len(x)), []
    for t in range(len(x)):
        query, key, value = projected(x[t : t + 1], w)
        cache.append(key, value)
        rows.append(cache.attend(query))
    return _joined(rows)


def _joined(rows: list[Any]) -> Any:
    return np.concatenate(rows, 1) if isinstance(rows[0], np.ndarray) else torch.cat(rows, 1)


def imports(rounds: int) -> list[Row]:
    """Time ``import qkv_lib`` and ``import numpy`` in fresh interpreters."""
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    # Compiled once and kept, as Python does where nobody forbids it.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def seconds(name: str) -> float:
        command = [sys.executable, "-c", code.format(name)]
        return float(subprocess.run(command, capture_output=True, check=True, env=env).stdout)

    both = [(seconds("numpy"), seconds("qkv_lib")) for _ in range(2 * rounds)]
    numpy, ours = (min(times) for times in zip(*both, strict=True))
    return [Row("import qkv_lib", None, "import numpy", (ours - numpy) * 1e3, "ms more",
                at_most=20.0)]  # fmt: skip


def table(rows: list[Row]) -> str:
    """Return the rows as text."""
    lines = [
        f"{'path':32} {'n':>5}  {'against':22} {'measured':>15} {'needed':>8} {'extra MiB':>9}"
    ]
    for row in rows:
        limit = (
            f"≤ {row.at_most:g}" if row.at_most else f"≥ {row.at_least:g}" if row.at_least else ""
        )
        measured = f"{row.measured:.2f} {row.unit}"
        lines.append(
            f"{row.path:32} {row.n or '':>5}  {row.against:22} {measured:>15} {limit:>8} "
            f"{'' if row.extra_mib is None else row.extra_mib:>9} {'' if row.reached else '✗'}"
        )
    return "\n".join(lines)


def main(rounds: int = 15) -> None:
    rows = [
        *whole(4096, rounds), *small(32, rounds), *long_memory(8192), *windows(8192, rounds),
        *decoding(max(rounds // 2, 1)), *imports(rounds),
    ]  # fmt: skip
    setting = {
        "batch": 1, "heads": HEADS, "d": D, "dtype": "float32", "window": WINDOW,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(), "numpy": np.__version__,
        "torch": torch.__version__.partition("+")[0],
    }  # fmt: skip
    print(table(rows))
    found = [
        {**row._asdict(), "measured": float(f"{row.measured:.3g}"), "reached": row.reached}
        for row in rows
    ]
    RESULTS.parent.mkdir(exist_ok=True)
    results = signed({"setting": setting, "rows": found})
    text = json.dumps(results, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
