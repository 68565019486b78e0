"""Start a ring of real processes, let it attend, and report what each of them sent and held."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import NamedTuple

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch import Tensor

from qkv_lib.exact._ranks import Ring
from qkv_lib.exact.ring import attend, check_tensors, held_by, ring_attention
from qkv_lib.formula._door import check_call
from qkv_lib.formula.arrays import shape
from qkv_lib.formula.checks import check_count, check_flag

__all__ = ["RankReport", "attend_in_processes"]

OPERANDS, MEETING = "operands.safetensors", "meeting"


class RankReport(NamedTuple):
    """What one process of the ring did.

    Attributes
    ----------
    positions : list of int
        The positions of the sequence that it held.
    output : tensor of shape (..., h, n / n_ranks, d_v)
        Their rows of the output.
    sent : int
        Bytes that it sent: keys, values, and the notes in which the ranks tell each other before
        what they were given.
    grown : int or None
        Bytes by which the most memory it ever held grew while it attended. None on Windows, where
        Python cannot ask.
    """

    positions: list[int]
    output: Tensor
    sent: int
    grown: int | None


def attend_in_processes(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    n_ranks: int,
    causal: bool = False,
    zigzag: bool = False,
) -> list[RankReport]:
    """Spread a sequence over new processes, run `qkv_lib.exact.ring.ring_attention`, and collect.

    Parameters
    ----------
    query : tensor of shape (..., h, n, d_k)
    key : tensor of shape (..., g, n, d_k)
    value : tensor of shape (..., g, n, d_v)
        The whole sequence; each process keeps its own slice only.
    n_ranks : int
        How many processes; `qkv_lib.exact.ring.held_by` says which lengths they can share.
    causal, zigzag : bool
        As in `qkv_lib.exact.ring.ring_attention`.

    Returns
    -------
    list of RankReport
        One a rank, in order.

    Raises
    ------
    TypeError, ValueError
        As `held_by` and `ring_attention`; queries and keys differ in number.

    Notes
    -----
    The processes are no threads and share no memory: they talk over local sockets (gloo) and
    find each other through a file in a temporary folder, so that many rings can run at once.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])
    >>> for report in attend_in_processes(x, x, x, n_ranks=2):
    ...     print(report.positions)
    [0, 1]
    [2, 3]
    """
    n_ranks = check_count("n_ranks", n_ranks, least=1)
    call = check_call(query, key, value, causal=causal)
    n = query.shape[-2]
    if key.shape[-2] != n:
        raise ValueError(
            f"query has {n} rows but key has {key.shape[-2]}: shapes {shape(query)} and "
            f"{shape(key)}; a sequence attends to itself here"
        )
    held_by(0, n, n_ranks=n_ranks, zigzag=check_flag("zigzag", zigzag))
    check_tensors(call)
    operands = {"query": query, "key": key, "value": value}
    with tempfile.TemporaryDirectory() as folder:
        whole = {
            name: x.detach().clone().contiguous() for name, x in operands.items()
        }  # none shared
        save_file(whole, f"{folder}/{OPERANDS}")
        start(_rank, n_ranks, folder, causal, zigzag)
        return [_report(f"{folder}/{rank}.safetensors") for rank in range(n_ranks)]


def _report(file: str) -> RankReport:
    """Return what a rank stored; growth that the system does not tell is -1 there."""
    found = load_file(file)
    sent, grown = found["counts"].tolist()
    return RankReport(
        found["positions"].tolist(), found["output"], sent, None if grown < 0 else grown
    )


def start(run: Callable[..., None], n_ranks: int, *arguments: object) -> None:
    """Run ``run(rank, n_ranks, *arguments)`` in new processes, one a rank.

    Where the system can, one process imports torch for all of them.
    """
    method = "spawn"
    if "forkserver" in multiprocessing.get_all_start_methods():
        method = "forkserver"
        multiprocessing.get_context(method).set_forkserver_preload([__name__])
    with _another_main():
        torch.multiprocessing.start_processes(  # type: ignore[attr-defined, no-untyped-call]
            run, (n_ranks, *arguments), nprocs=n_ranks, start_method=method
        )


@contextmanager
def _another_main() -> Iterator[None]:
    """Let new processes find nothing to run again: they would run the script that starts them.

    They need none of it, so that a script here needs no ``if __name__ == "__main__":``.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _rank(rank: int, n_ranks: int, folder: str, causal: bool, zigzag: bool) -> None:
    """Attend as one rank and store the report."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{folder}/{MEETING}", rank=rank, world_size=n_ranks)
    operands = load_file(f"{folder}/{OPERANDS}")
    n = operands["query"].shape[-2]
    positions = [i for span in held_by(rank, n, n_ranks=n_ranks, zigzag=zigzag) for i in span]
    slices = [operands[name][..., positions, :] for name in ("query", "key", "value")]
    del operands
    ring_attention(*(x[..., :2, :1] for x in slices))  # what is set up once is set up now
    dist.barrier()
    ring, peak = Ring(None), _peak()
    output = attend(ring, *slices, causal=causal, zigzag=zigzag)
    counts = [ring.sent, _since(peak, _peak())]
    report = {"positions": torch.tensor(positions), "counts": torch.tensor(counts)}
    save_file({**report, "output": output.contiguous()}, f"{folder}/{rank}.safetensors")
    dist.barrier()
    dist.destroy_process_group()


def _since(before: int | None, after: int | None) -> int:
    return -1 if before is None or after is None else after - before


def _peak() -> int | None:
    """Return the most memory this process ever held; macOS counts bytes, Linux KiB."""
    if sys.platform == "win32":
        return None
    usage = importlib.import_module("resource")
    most: int = usage.getrusage(usage.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
