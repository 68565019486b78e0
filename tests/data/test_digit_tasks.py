"""The tasks whose right map is known, and the small model that learns them."""

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
import torch

from qkv_lib.data.digit_tasks import (
    NO_ANSWER,
    Source,
    alignment,
    answers,
    examples,
    latest_small,
    reversal,
    three_back,
)
from qkv_lib.layers import recorded_weights
from qkv_lib.models.tagger import (
    POSITIONS,
    DigitTagger,
    tagging_accuracy,
    tagging_loss,
    train_tagger,
)

RULES: dict[Source, Callable[[list[int], int], int]] = {
    reversal: lambda digits, i: digits[len(digits) - 1 - i],
    three_back: lambda digits, i: digits[i - 3] if i >= 3 else NO_ANSWER,
    latest_small: lambda digits, i: next(
        (digit for digit in reversed(digits[: i + 1]) if digit < 5), NO_ANSWER
    ),
}


@pytest.mark.parametrize("source", RULES)
@pytest.mark.parametrize("n", [1, 2, 11])
def test_answers_follow_the_rule_of_the_task(source: Source, n: int) -> None:
    digits = np.random.default_rng(0).integers(10, size=(7, n))
    expected = [[RULES[source](row, i) for i in range(n)] for row in digits.tolist()]
    assert answers(digits, source).tolist() == expected


def test_examples_are_what_they_say_and_never_end() -> None:
    batches = list(islice(examples(three_back, 5, np.random.default_rng(0), batch_size=3), 4))
    for digits, targets in batches:
        assert digits.shape == targets.shape == (3, 5)
        assert np.array_equal(targets.numpy(), answers(digits.numpy(), three_back))
    assert not torch.equal(batches[0][0], batches[1][0])


def test_alignment_counts_the_queries_that_have_an_answer() -> None:
    places = np.array([[-1, 0, 2], [1, 1, -1]])
    assert alignment(torch.eye(3)[np.maximum(places, 0)], places) == 1.0
    assert alignment(np.eye(3)[(places + 1) % 3], places) == 0.0
    half = np.eye(3)[[[0, 0, 0], [1, 2, 2]]]
    assert alignment(half, places) == 0.5
    with pytest.raises(ValueError, match=r"weights has shape \(3, 3\) but places \(2, 3\)"):
        alignment(np.eye(3), places)


@pytest.mark.parametrize("positions", POSITIONS)
def test_every_choice_of_positions_starts_from_the_same_weights(positions: str) -> None:
    one, other = (
        train_tagger(DigitTagger(each), reversal, 5, seed=3, n_updates=1)  # type: ignore[arg-type]
        for each in (positions, "none")
    )
    names = [name for name, _ in one.named_parameters()]
    assert names == [name for name, _ in other.named_parameters()]
    moved = [(a - b).abs().max() for a, b in zip(one.parameters(), other.parameters(), strict=True)]
    assert max(moved) <= 2.1e-2  # one step of Adam moves a number by lr at most, either way


def test_order_is_seen_only_where_positions_are_given() -> None:
    digits = torch.tensor([[3, 1, 4, 1, 5]])
    torch.manual_seed(0)
    for positions in POSITIONS:
        model = DigitTagger(positions)
        same = torch.allclose(model(digits.flip(1)), model(digits).flip(1), atol=1e-5)
        mirrored = positions in (
            "none",
            "ALiBi",
        )  # distance without direction: a mirror is no change
        assert same == mirrored, positions
        swapped = torch.allclose(
            model(digits[:, [1, 0, 2, 3, 4]])[:, 4], model(digits)[:, 4], atol=1e-6
        )
        assert swapped == (positions == "none"), positions


def test_options_reach_every_attention_layer() -> None:
    model = DigitTagger(n_blocks=2, scale=0.0, causal=True)
    with recorded_weights(model) as maps:
        model(torch.tensor([[3, 1, 4]]))
    uniform = torch.tensor([[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]])
    for name in ("blocks.0.attention", "blocks.1.attention"):
        torch.testing.assert_close(maps[name][0], uniform.expand(1, 4, 3, 3))


def test_training_lowers_the_loss_and_accuracy_counts_right_answers() -> None:
    model = train_tagger(DigitTagger(n_heads=1), reversal, 3, seed=0, n_updates=1)
    batch = next(examples(reversal, 3, np.random.default_rng(1)))
    before = tagging_loss(model, *batch).item()
    train_tagger(model, reversal, 3, seed=0, n_updates=150)
    assert tagging_loss(model, *batch).item() < before / 10
    assert tagging_accuracy(model, reversal, 3) > 0.99
    at_home = tagging_accuracy(model, lambda digits: np.broadcast_to([0, 1, 2], digits.shape), 3)
    assert at_home == pytest.approx((1 + 0.1 + 0.1) / 3, abs=0.06)  # right in the middle only


def test_unknown_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="positions is 'rotary', needs one of none, sinusoidal"):
        DigitTagger("rotary")  # type: ignore[arg-type]
