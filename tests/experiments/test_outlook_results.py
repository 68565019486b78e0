"""The stored results of chapter 8 are complete, and their settings those of the code here."""

import json

from qkv_lib.models.tagger import DigitTagger
from tests.refusals import says
from workshop import outlook_results as results

TABLE = json.loads(results.TABLE.read_text(encoding="utf-8"))


def test_the_times_are_there_for_each_length() -> None:
    times = TABLE["times"]
    assert (times["d_model"], times["n"]) == (results.D_MODEL, list(results.LENGTHS))
    for seconds in times["seconds"].values():
        assert len(seconds) == len(results.LENGTHS)
        assert min(seconds) > 0
        assert seconds[-1] > seconds[0]


def test_depth_holds_every_run_once() -> None:
    depth = TABLE["depth"]
    assert (depth["n_blocks"], depth["lr"]) == (results.N_BLOCKS, results.DEPTH_LR)
    found = [(run["norm_first"], run["warmup"], run["seed"]) for run in depth["runs"]]
    wanted = {(f, w, s) for f in (True, False) for w in (0.0, 0.3) for s in results.DEPTH_SEEDS}
    assert len(found) == len(wanted)
    assert set(found) == wanted
    assert all(len(run["losses"]) == results.DEPTH_UPDATES // 10 for run in depth["runs"])


def test_a_case_is_timed_by_its_middle_turn() -> None:
    turns = iter(range(1000))

    def wait() -> int:
        return sum(range(20_000)) if next(turns) == 3 else 0  # one slow turn does not count

    found = results.middle({"quick": wait, "slow": lambda: sum(range(200_000))})
    assert 0 <= found["quick"] < found["slow"]


def test_where_the_norm_stands_changes_no_size_but_the_output() -> None:
    first, last = (DigitTagger(norm_first=which, n_blocks=2) for which in (True, False))
    assert [p.shape for p in first.parameters()] == [p.shape for p in last.parameters()]
    last.load_state_dict(first.state_dict())
    digits = results.torch.tensor([[3, 1, 4]])
    assert not results.torch.allclose(first(digits), last(digits))


def test_a_rotation_of_its_own_replaces_rope_only() -> None:
    normed = DigitTagger(rotate=lambda x: 0 * x)  # all scores 0
    assert normed.blocks[0].attention.rotate is not None
    with says(ValueError, "rotate is given beside RoPE, which takes its place: leave one out"):
        DigitTagger("RoPE", rotate=lambda x: x)
