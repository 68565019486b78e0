"""What chapter 8 measured: times in turns, and stacks whose norm stands first or last."""

import torch

from qkv_lib.experiments import block_times, depth
from qkv_lib.experiments.table import stored_table
from qkv_lib.models.tagger import DigitTagger
from tests.holds import holds
from tests.refusals import says


def test_longer_takes_longer() -> None:
    first, *_, last = block_times.TABLE.runs
    for name, seconds in first["seconds"].items():
        assert 0 < seconds < last["seconds"][name]


def test_the_losses_of_a_stack_are_all_there() -> None:
    assert all(len(run["losses"]) == depth.N_UPDATES // depth.EVERY for run in depth.TABLE.runs)


def test_a_case_is_timed_by_its_middle_turn() -> None:
    turns = iter(range(1000))

    def wait() -> int:
        return sum(range(20_000)) if next(turns) == 3 else 0  # one slow turn does not count

    found = block_times.middle({"quick": wait, "slow": lambda: sum(range(200_000))})
    assert 0 <= found["quick"] < found["slow"]


def test_where_the_norm_stands_changes_no_size_but_the_output() -> None:
    first, last = (DigitTagger(norm_first=which, n_blocks=2) for which in (True, False))
    assert [p.shape for p in first.parameters()] == [p.shape for p in last.parameters()]
    last.load_state_dict(first.state_dict())
    digits = torch.tensor([[3, 1, 4]])
    assert not torch.allclose(first(digits), last(digits))


def test_a_rotation_of_its_own_replaces_rope_only() -> None:
    normed = DigitTagger(rotate=lambda x: 0 * x)  # all scores 0
    assert normed.blocks[0].attention.rotate is not None
    with says(ValueError, "rotate is given beside RoPE, which takes its place: leave one out"):
        DigitTagger("RoPE", rotate=lambda x: x)


def test_the_textbook_way_is_the_slow_one() -> None:
    took = {row["path"]: row["measured"] for row in stored_table("speed")["rows"]}
    for stores_all, others in {
        "torch, textbook": ("torch in blocks", "torch in tiles"),
        "NumPy, textbook": ("NumPy", "NumPy in tiles"),
    }.items():
        assert took[stores_all] > 1.5 * max(took[each] for each in others)  # 2 to 6 in five runs


@holds("A program may skip the scores that a causal mask hides.")
def test_hidden_scores_are_skipped() -> None:
    took = {row["path"]: row["measured"] for row in stored_table("speed")["rows"]}
    assert max(took["torch, causal"], took["NumPy, causal"]) < 0.7
