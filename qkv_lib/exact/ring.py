r"""Context-parallel (ring) attention: one sequence spread over several processes, exactly.

Each rank holds a slice of the queries, keys and values. Keys and values travel round the ring;
each rank merges what it sees by the online softmax, `qkv_lib.exact.tiles.merge`. A rank holds two
slices of keys and values at a time, and never the scores of the whole sequence.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import torch
import torch.distributed as dist
from torch import Tensor

from qkv_lib.exact._layout import lay_out, part
from qkv_lib.exact._ranks import Ring
from qkv_lib.exact.tiles import Partial, merge, partial_result
from qkv_lib.formula._call import Call, without_overflow
from qkv_lib.formula._door import check_call
from qkv_lib.formula._numbers import bound, could_overflow
from qkv_lib.formula.arrays import accumulating, shape
from qkv_lib.formula.checks import check_count, check_flag
from qkv_lib.formula.steps import normalise

__all__ = ["held_by", "ring_attention"]


def held_by(rank: int, n: int, *, n_ranks: int, zigzag: bool = False) -> tuple[range, ...]:
    """Return the positions of a sequence that a rank holds.

    Parameters
    ----------
    rank : int
    n : int
        Length of the whole sequence; a multiple of ``n_ranks``, with ``zigzag`` of twice that.
    n_ranks : int
    zigzag : bool
        Cut into ``2 · n_ranks`` chunks and give each rank one from the front and its mirror
        image from the back, so that ``causal`` leaves every rank the same work.

    Returns
    -------
    tuple of range
        One range, or two with ``zigzag``.

    Raises
    ------
    TypeError, ValueError
        A size is no integer or too small, ``rank`` does not exist, or ``n`` cannot be shared.

    Examples
    --------
    >>> [held_by(rank, 12, n_ranks=3, zigzag=True) for rank in range(3)]
    [(range(0, 2), range(10, 12)), (range(2, 4), range(8, 10)), (range(4, 6), range(6, 8))]
    """
    n_ranks = check_count("n_ranks", n_ranks, least=1)
    rank, n = check_count("rank", rank, least=0), check_count("n", n, least=0)
    if rank >= n_ranks:
        raise ValueError(f"rank is {rank}, needs a number below n_ranks ({n_ranks})")
    n_chunks = 2 * n_ranks if zigzag else n_ranks
    if n % n_chunks:
        raise ValueError(f"n is {n}, needs a multiple of {n_chunks}: every slice is equally long")
    size = n // n_chunks
    chunks = (rank, n_chunks - 1 - rank) if zigzag else (rank,)
    return tuple(range(chunk * size, (chunk + 1) * size) for chunk in chunks)


def ring_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    causal: bool = False,
    zigzag: bool = False,
    scale: float | None = None,
    softcap: float | None = None,
    group: dist.ProcessGroup | None = None,
) -> Tensor:
    """Return this rank's slice of attention over a sequence that a process group holds together.

    Every rank of the group calls it at the same time, with its own slice (see `held_by`).

    Parameters
    ----------
    query : tensor of shape (..., h, n_queries, d_k)
    key : tensor of shape (..., g, n_keys, d_k)
    value : tensor of shape (..., g, n_keys, d_v)
        This rank's slices, equally long on every rank; shapes as in `qkv_lib.attention`.
    causal : bool
        Hide the keys after the query's own position; needs as many queries as keys.
    zigzag : bool
        The slices are dealt as `held_by` deals them with ``zigzag``; matters for ``causal``.
    scale, softcap : float, optional
        As in `qkv_lib.attention`; equal on every rank.
    group : torch.distributed.ProcessGroup, optional
        The default group of all processes if not given.

    Returns
    -------
    tensor of shape (..., h, n_queries, d_v)
        The rows of `qkv_lib.attention` over the whole sequence that belong to this rank's queries.

    Raises
    ------
    TypeError, ValueError
        Operands are not what `qkv_lib.attention` needs, no tensors, want a gradient, or are cut
        unequally; dtype, shapes or options differ between ranks. One rank's error is raised on
        all.

    Notes
    -----
    Exact, up to rounding. Each rank sends its keys and values ``P − 1`` times, while it computes;
    with P ranks its scores take ``1 / P²`` of the memory of the whole. Causal slices in order
    leave the first rank idle most of the time: ``zigzag`` evens that out. Forward only.

    References
    ----------
    Liu et al. 2023, "Ring Attention with Blockwise Transformers", section 3; the zigzag order:
    Llama Team 2024, "The Llama 3 Herd of Models", section 3.3.2.

    Examples
    --------
    One process is a ring too; several start the same way, each with its rank.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dist.init_process_group("gloo", f"file://{folder}/ring", rank=0, world_size=1)
    ...     x = torch.ones(2, 5, 3)
    ...     print(ring_attention(x, x, x).shape)
    ...     dist.destroy_process_group()
    torch.Size([2, 5, 3])
    """
    options = {"scale": scale, "softcap": softcap}
    return attend(Ring(group), query, key, value, causal=causal, zigzag=zigzag, **options)


def attend(
    ring: Ring,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    causal: bool,
    zigzag: bool,
    **options: float | None,
) -> Tensor:
    """Return this rank's slice, on a ring that is there and counts what it sends."""
    call = _agreed(ring, query, key, value, causal, zigzag, **options)
    if call.huge:
        output: Tensor = without_overflow(lambda small: _attended(ring, small, zigzag), call)
        return output
    return _attended(ring, call, zigzag)


def _attended(ring: Ring, call: Call, zigzag: bool) -> Tensor:
    """Attend to the slices of keys and values of all ranks, as they come round."""
    n, m = call.sizes[-2:]
    spans = [
        held_by(rank, m * ring.size, n_ranks=ring.size, zigzag=zigzag) for rank in range(ring.size)
    ]
    found: list[list[Partial]] = [[] for _ in spans[ring.rank]]
    held = tuple(x.to(call.dtype).contiguous() for x in (call.key, call.value))
    for step in range(ring.size):
        source = (ring.rank - step) % ring.size
        coming = ring.start_passing(held) if step < ring.size - 1 else None
        key, value = map(accumulating, held)
        whole = lay_out(call._replace(key=key, value=value))
        for partials, (rows, theirs) in zip(found, _placed(spans[ring.rank], n), strict=True):
            for columns, others in _placed(spans[source], m):
                if not call.band.causal or others.start <= theirs.start:
                    partials.append(_partial(whole, rows, columns, theirs.start - others.start))
        held = held if coming is None else coming.finish()
    merged = [reduce(merge, partials) for partials in found]
    output = torch.cat([normalise(each.output, each.total) for each in merged], dim=-2)
    return output.reshape(*call.sizes[:-1], output.shape[-1]).to(call.dtype)


def _partial(whole: Call, rows: range, columns: range, ahead: int) -> Partial:
    """Attend from some rows to some columns, the first row ``ahead`` of the first column."""
    box = tuple(slice(0, size) for size in whole.sizes[:-2])
    tile = part(whole, box, rows, columns)
    return partial_result(tile._replace(band=replace(whole.band, offset=ahead)))


def _placed(spans: tuple[range, ...], length: int) -> list[tuple[range, range]]:
    """Pair the rows of a slice with the positions they hold in the sequence."""
    size = length // len(spans)
    return [(range(i * size, (i + 1) * size), span) for i, span in enumerate(spans)]


def _agreed(
    ring: Ring,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    causal: bool,
    zigzag: bool,
    **options: float | None,
) -> Call:
    """Return this rank's checked call; raise on every rank if one rank's is refused or differs.

    A rank that raised alone would leave the others waiting for its keys and values.
    """
    call = _checked(ring.size, query, key, value, causal, zigzag, **options)
    mine = {"refused": str(call)} if isinstance(call, Exception) else _facts(call, zigzag)
    everyone = ring.tell(mine)
    if isinstance(call, Exception):
        raise call
    for rank, theirs in enumerate(everyone):
        if "refused" in theirs:
            raise ValueError(f"rank {rank} refused what it was given: {theirs['refused']}")
        for name in (name for name in mine if name != "huge" and mine[name] != theirs[name]):
            raise ValueError(
                f"{name} differs between ranks: {mine[name]} on rank {ring.rank} but "
                f"{theirs[name]} on rank {rank}; every rank needs slices of equal shape and "
                "dtype, and the same options"
            )
    return call._replace(huge=any(theirs["huge"] == "True" for theirs in everyone))


def _facts(call: Call, zigzag: bool) -> dict[str, str]:
    """Return what must be the same on every rank, and whether the values of this one are huge."""
    operands = {name: getattr(call, name) for name in ("query", "key", "value")}
    return {
        "dtype": str(call.dtype).removeprefix("torch."),
        **{name: str(shape(x)).replace(" ", "") for name, x in operands.items()},
        "causal": str(call.band.causal),
        "zigzag": str(bool(zigzag)),
        "scale": repr(call.scale),
        "softcap": repr(call.softcap),
        "huge": str(call.huge),
    }


def _checked(
    size: int,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    causal: bool,
    zigzag: bool,
    **options: float | None,
) -> Call | Exception:
    """Return one rank's call, or what is wrong with it, to be raised once all ranks know."""
    try:
        check_flag("zigzag", zigzag)
        call = check_call(query, key, value, causal=causal, **options)  # type: ignore[arg-type]
        check_tensors(call)
        _check_slices(query, key, value, causal=causal, zigzag=zigzag)
    except Exception as error:
        return error
    n_keys = call.sizes[-1] * size
    return call._replace(huge=could_overflow(value, bound("value", value) or 0.0, n_keys))


def check_tensors(call: Call) -> None:
    """Check that the operands are tensors: processes of torch know nothing else."""
    if call.library != "torch":
        raise TypeError(f"query is a {call.library} array, needs a torch tensor")


def _check_slices(query: Tensor, key: Tensor, value: Tensor, *, causal: bool, zigzag: bool) -> None:
    """Check what the ring needs beyond attention itself."""
    if torch.is_grad_enabled() and any(x.requires_grad for x in (query, key, value)):
        raise ValueError("an operand requires a gradient, which does not flow round the ring")
    if causal and query.shape[-2] != key.shape[-2]:
        raise ValueError(
            f"query has {query.shape[-2]} rows but key has {key.shape[-2]}: shapes "
            f"{shape(query)} and {shape(key)}; causal needs as many queries as keys"
        )
    for name, x in (("query", query), ("key", key)):
        if zigzag and x.shape[-2] % 2:
            raise ValueError(f"{name} has {x.shape[-2]} rows, needs an even number for zigzag")
