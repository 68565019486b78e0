"""Rings of real processes: equal to one process, and honest about what they sent and held."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import qkv_lib
from qkv_lib import attention
from qkv_lib.exact._ranks import NOTE
from qkv_lib.exact.processes import RankReport, attend_in_processes
from tests.arrays import normal
from tests.refusals import says

N = 16


def operands(dtype: str = "float64") -> Any:
    shapes = (2, 4, N, 3), (2, 2, N, 3), (2, 2, N, 5)  # grouped heads, d_v of its own
    return [normal("torch", *shape, seed=i, dtype=dtype) for i, shape in enumerate(shapes)]


@pytest.fixture(scope="module")
def reports() -> list[RankReport]:
    return attend_in_processes(*operands(), n_ranks=4, causal=True, zigzag=True)


def test_the_ranks_together_hold_each_position_once(reports: list[RankReport]) -> None:
    assert [len(report.positions) for report in reports] == [N // 4] * 4
    assert sorted(i for report in reports for i in report.positions) == list(range(N))
    assert reports[0].positions == [0, 1, 14, 15]


def test_each_rank_returns_its_rows_of_the_whole(reports: list[RankReport]) -> None:
    expected = attention(*operands(), causal=True)
    for report in reports:
        rows = expected[..., report.positions, :]
        torch.testing.assert_close(report.output, rows, rtol=1e-12, atol=1e-12)


def test_what_is_sent_grows_with_the_keys_and_not_with_the_queries() -> None:
    sent = []
    for n_queries_heads, n in ((1, 512), (4, 512), (1, 1024)):
        query = torch.ones(n_queries_heads, n, 16)
        key = value = torch.ones(1, n, 16)
        (first, second) = attend_in_processes(query, key, value, n_ranks=2)
        assert first.sent == second.sent
        sent.append(first.sent)
    few, more_queries, more_keys = sent
    assert few == more_queries == 256 * 2 * 16 * 4 + NOTE  # queries stay where they are
    assert more_keys - few == 256 * 2 * 16 * 4  # keys and values of 256 more positions a rank


def test_one_process_sends_nothing() -> None:
    query, key, value = operands()
    (report,) = attend_in_processes(query, key, value, n_ranks=1)
    torch.testing.assert_close(report.output, attention(query, key, value))
    assert report.sent == 0


def test_what_cannot_be_shared_is_refused_before_a_process_starts() -> None:
    query, key, value = operands()
    with says(ValueError, "n is 16, needs a multiple of 3: every slice is equally long"):
        attend_in_processes(query, key, value, n_ranks=3)
    with pytest.raises(ValueError, match=r"^query has 16 rows but key has 15: "):
        attend_in_processes(query, key[..., 1:, :], value[..., 1:, :], n_ranks=2)
    with says(TypeError, "query is a numpy array, needs a torch tensor"):
        attend_in_processes(query.numpy(), key.numpy(), value.numpy(), n_ranks=2)
    with says(TypeError, "query is a list, needs a NumPy array or a torch tensor: "
              "try numpy.asarray(query)"):  # fmt: skip
        attend_in_processes([1.0], key, value, n_ranks=2)
    with says(ValueError, "value holds NaN or infinity: every entry must be finite"):
        attend_in_processes(query, key, value * float("nan"), n_ranks=2)
    with says(TypeError, "causal is 'no', needs True or False"):
        attend_in_processes(query, key, value, n_ranks=2, causal="no")  # type: ignore[arg-type]
    with says(ValueError, "n_ranks is 0, needs an integer of at least 1"):
        attend_in_processes(query, key, value, n_ranks=0)


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "three_lines.py"
    script.write_text(
        "print('top')\n"
        "import torch; from qkv_lib.exact.processes import attend_in_processes\n"
        "print(len(attend_in_processes(*torch.ones(3, 4, 2), n_ranks=2)))\n"
    )
    root = str(Path(qkv_lib.__file__).parents[1])
    command = [sys.executable, "-W", "ignore", str(script)]
    env = {**os.environ, "PYTHONPATH": root}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=env, timeout=300)
    assert ran.stdout.split() == ["top", "2"]
