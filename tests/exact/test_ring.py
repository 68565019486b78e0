"""Ring attention on real processes, against attention in one."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from qkv_lib import attention
from qkv_lib.exact import processes, ring
from qkv_lib.exact._ranks import NOTE
from qkv_lib.exact.ring import held_by, ring_attention
from tests.arrays import normal
from tests.refusals import says

COUNTERS = Path("/proc/self/io")  # sockets included; on Linux alone
N = 24  # shared equally by 2 and by 4 ranks, and by twice as many chunks

CASES: dict[str, dict[str, Any]] = {
    "full": {},
    "causal": {"causal": True},
    "causal zigzag": {"causal": True, "zigzag": True},
    "zigzag": {"zigzag": True},
    "scale and cap": {"causal": True, "scale": 0.7, "softcap": 1.5},
}
HEADS = {"own": (3, 3), "grouped": (6, 3), "shared": (3, 1)}


def whole(heads: str, dtype: str = "float64") -> tuple[Any, ...]:
    h, g = HEADS[heads]
    shapes = (2, h, N, 11), (2, g, N, 11), (2, g, N, 13)
    return tuple(normal("torch", *shape, seed=i, dtype=dtype) for i, shape in enumerate(shapes))


def mine(x: Any, rank: int, size: int, *, zigzag: bool = False) -> Any:
    positions = [i for span in held_by(rank, N, n_ranks=size, zigzag=zigzag) for i in span]
    return x[..., positions, :]


def broadcasting() -> tuple[Any, ...]:
    """Return one query for three sets of keys, positions enough for four ranks."""
    shapes = (1, 2, 8, 3), (3, 2, 8, 3), (3, 2, 8, 5)
    return tuple(normal("torch", *shape, seed=i) for i, shape in enumerate(shapes))


def refused(*operands: Any, **options: Any) -> str:
    try:
        ring_attention(*operands, **options)
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def poisoned(like: Any) -> Any:
    """Return memory set aside, full of NaN: what was never received must not be read."""
    return torch.full_like(like, float("nan"))


def written() -> int:
    """Return the bytes that the system saw this process write; 0 where it does not count."""
    if not COUNTERS.exists():
        return 0
    lines = COUNTERS.read_text(encoding="utf-8").splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


def worker(rank: int, size: int, folder: str) -> None:
    """Run every case as one rank and store what it gives."""
    torch.set_num_threads(1)
    ring.torch.empty_like = lambda x: poisoned(x) if x.is_floating_point() else torch.zeros_like(x)  # type: ignore[attr-defined]
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=size)
    results: dict[Any, Any] = {}
    for name, options in CASES.items():
        for heads in HEADS:
            slices = [mine(x, rank, size, zigzag="zigzag" in options) for x in whole(heads)]
            before = [x.clone() for x in slices]
            results[name, heads] = ring_attention(*slices, **options)
            assert all(torch.equal(x, y) for x, y in zip(slices, before, strict=True))
    half = [mine(x, rank, size) for x in whole("own", "float16")]
    results["half"] = ring_attention(*half, causal=True)
    query, key, value = (mine(x, rank, size) for x in whole("own"))
    short = rank == size - 1
    results["uneven"] = refused(query, key[..., short:, :], value[..., short:, :])
    results["bad"] = refused(query * (float("nan") if short else 1.0), key, value)
    results["gradient"] = refused(query.requires_grad_(), key, value)
    results["lengths"] = refused(query.detach(), key[..., 1:, :], value[..., 1:, :], causal=True)
    results["odd"] = refused(query.detach()[..., 1:, :], key, value, zigzag=True)
    differing = {
        "dtype": ([x.to(torch.bfloat16 if short else torch.float16) for x in whole("own")], {}),
        "causal": (whole("own"), {"causal": short}),
        "zigzag": (whole("own"), {"zigzag": short}),
        "scale": (whole("own"), {"scale": 0.5 if short else 0.25}),
        "softcap": (whole("own"), {"softcap": 2.0 if short else None}),
    }
    for name, (slices, options) in differing.items():
        results["differing", name] = refused(*slices, **options)
    alien = [x.numpy() for x in whole("own")] if short else whole("own")
    results["alien"] = refused(*alien)
    results["flag"] = refused(*whole("own"), zigzag="no" if short else False)
    results["nothing"] = refused(*[None if short else x for x in whole("own")])
    one, *three = (x[..., rank * 2 : rank * 2 + 2, :] for x in broadcasting())
    results["broadcast"] = ring_attention(one, *three)
    huge = 1e36 if rank == 0 else 1.0  # only one rank sees that the sum over all could overflow
    zero = torch.zeros(1, 1, 300, 1)
    results["huge"] = ring_attention(zero, zero, zero + huge)
    before, wide = written(), torch.ones(1, 4096, 32)
    counting = ring.Ring(None)
    ring.attend(counting, wide[:, :2], wide, wide, causal=False, zigzag=False)
    results["sent"] = counting.sent, written() - before
    pair = dist.new_group([size - 2, size - 1])
    if rank >= size - 2:  # a group of its own, with other ranks than the whole
        slices = [mine(x, rank - (size - 2), 2) for x in whole("own")]
        results["pair"] = ring_attention(*slices, causal=True, group=pair)
    torch.save(results, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def rings(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Any]:
    """Run the rings, once each: a parametrised fixture would start anew in a shuffled order."""
    return {size: run(size, tmp_path_factory.mktemp("ring")) for size in (2, 4)}


def run(size: int, folder: Path) -> list[Any]:
    processes.start(worker, size, str(folder))
    return [torch.load(folder / f"{rank}.pt") for rank in range(size)]


@pytest.fixture(params=[2, 4])
def ranks(request: pytest.FixtureRequest, rings: dict[int, Any]) -> Any:
    return rings[request.param]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("heads", HEADS)
def test_every_rank_has_its_rows_of_the_whole(ranks: Any, name: str, heads: str) -> None:
    options = dict(CASES[name])
    zigzag = options.pop("zigzag", False)
    expected = attention(*whole(heads), **options)
    for rank, results in enumerate(ranks):
        rows = mine(expected, rank, len(ranks), zigzag=zigzag)
        torch.testing.assert_close(results[name, heads], rows, rtol=1e-12, atol=1e-12)


@pytest.mark.skipif(not COUNTERS.exists(), reason="the system does not count what is written")
def test_a_ring_counts_what_the_system_sees_it_send(ranks: Any) -> None:
    for results in ranks:
        counted, seen = results["sent"]
        assert counted == (len(ranks) - 1) * (2 * 4096 * 32 * 4 + NOTE)
        assert counted <= seen < 1.2 * counted


def test_half_precision_is_kept_and_merged_in_float32(ranks: Any) -> None:
    exact = attention(*(x.double() for x in whole("own", "float16")), causal=True)
    for rank, results in enumerate(ranks):
        assert results["half"].dtype == torch.float16
        rows = mine(exact, rank, len(ranks))
        assert (results["half"].double() - rows).abs().max() <= 2**-10 * rows.abs().max()


def test_some_of_the_processes_can_form_a_ring(ranks: Any) -> None:
    expected = attention(*whole("own"), causal=True)
    for rank, results in enumerate(ranks[-2:]):
        torch.testing.assert_close(results["pair"], mine(expected, rank, 2), rtol=1e-12, atol=1e-12)


def test_uneven_slices_are_refused_on_every_rank(ranks: Any) -> None:
    for rank, results in enumerate(ranks):
        assert results["uneven"].startswith("ValueError: key differs between ranks: ")
        assert f" on rank {rank} but " in results["uneven"]


@pytest.mark.parametrize("name", ["dtype", "causal", "zigzag", "scale", "softcap"])
def test_ranks_that_want_different_things_are_refused(ranks: Any, name: str) -> None:
    for rank, results in enumerate(ranks):
        message = results["differing", name]
        assert message.startswith(f"ValueError: {name} differs between ranks: ")
        assert f" on rank {rank} but " in message


def test_what_is_no_tensor_on_one_rank_stops_all(ranks: Any) -> None:
    last = len(ranks) - 1
    reasons = {
        "alien": "query is a numpy array, needs a torch tensor",
        "flag": "zigzag is 'no', needs True or False",
        "nothing": "query is a NoneType, needs a NumPy array or a torch tensor: "
        "try numpy.asarray(query)",
    }
    for rank, results in enumerate(ranks):
        for name, reason in reasons.items():
            assert results[name] == (
                f"TypeError: {reason}"
                if rank == last
                else f"ValueError: rank {last} refused what it was given: {reason}"
            )


def test_batch_axes_broadcast_as_everywhere(ranks: Any) -> None:
    n = 2 * len(ranks)
    expected = attention(*(x[..., :n, :] for x in broadcasting()))
    for rank, results in enumerate(ranks):
        rows = expected[..., rank * 2 : rank * 2 + 2, :]
        torch.testing.assert_close(results["broadcast"], rows, rtol=1e-12, atol=1e-12)


def test_values_that_are_huge_on_one_rank_are_averaged(ranks: Any) -> None:
    for results in ranks:
        torch.testing.assert_close(
            results["huge"], torch.full((1, 1, 300, 1), 1e36 / len(ranks)), rtol=1e-5, atol=0
        )


def test_what_one_rank_refuses_stops_all(ranks: Any) -> None:
    last = len(ranks) - 1
    for rank, results in enumerate(ranks):
        assert results["bad"] == (
            "ValueError: query holds NaN or infinity: every entry must be finite"
            if rank == last
            else f"ValueError: rank {last} refused what it was given: query holds NaN or infinity: "
            "every entry must be finite"
        )


def test_what_every_rank_refuses(ranks: Any) -> None:
    n = N // len(ranks)
    for results in ranks:
        assert results["gradient"] == (
            "ValueError: an operand requires a gradient, which does not flow round the ring"
        )
        assert results["lengths"] == (
            f"ValueError: query has {n} rows but key has {n - 1}: shapes (2, 3, {n}, 11) and "
            f"(2, 3, {n - 1}, 11); causal needs as many queries as keys"
        )
        assert results["odd"] == (
            f"ValueError: query has {n - 1} rows, needs an even number for zigzag"
        )


@pytest.mark.parametrize("zigzag", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_each_position_is_held_once(size: int, zigzag: bool) -> None:
    held = [held_by(rank, N, n_ranks=size, zigzag=zigzag) for rank in range(size)]
    assert sorted(i for spans in held for span in spans for i in span) == list(range(N))


def test_zigzag_gives_every_rank_the_same_causal_work() -> None:
    def work(rank: int, *, zigzag: bool) -> int:
        held = held_by(rank, N, n_ranks=4, zigzag=zigzag)
        return sum(i + 1 for span in held for i in span)

    assert len({work(rank, zigzag=True) for rank in range(4)}) == 1
    assert len({work(rank, zigzag=False) for rank in range(4)}) == 4


def test_in_zigzag_a_causal_mask_hides_half_of_the_pairs_of_each_later_step() -> None:
    held = [[i for span in held_by(rank, N, n_ranks=4, zigzag=True) for i in span]
            for rank in range(4)]  # fmt: skip
    for mine in range(4):
        for theirs in {0, 1, 2, 3} - {mine}:
            seen = [j <= i for i in held[mine] for j in held[theirs]]
            assert 2 * sum(seen) == len(seen)


def test_held_by_refuses() -> None:
    with says(ValueError, "rank is 2, needs a number below n_ranks (2)"):
        held_by(2, N, n_ranks=2)
    with says(ValueError, "n is 7, needs a multiple of 4: every slice is equally long"):
        held_by(0, 7, n_ranks=2, zigzag=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    meeting = tmp_path_factory.mktemp("alone") / "meeting"
    dist.init_process_group("gloo", f"file://{meeting}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("heads", HEADS)
def test_one_process_is_a_ring_too(name: str, heads: str) -> None:
    options = dict(CASES[name])
    output = ring_attention(*whole(heads), **options)
    options.pop("zigzag", None)
    torch.testing.assert_close(output, attention(*whole(heads), **options), rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("alone")
def test_one_process_refuses_too() -> None:
    query, key, value = whole("own")
    with says(ValueError, "query has 23 rows, needs an even number for zigzag"):
        ring_attention(query[..., 1:, :], key, value, zigzag=True)
    with says(ValueError, "an operand requires a gradient, which does not flow round the ring"):
        ring_attention(query, key.clone().requires_grad_(), value)
    with pytest.raises(ValueError, match=r"^query has 24 rows but key has 23: "):
        ring_attention(query, key[..., 1:, :], value[..., 1:, :], causal=True)
    with says(ValueError, "value holds NaN or infinity: every entry must be finite"):
        ring_attention(query, key, value * float("nan"))
