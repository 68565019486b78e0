"""Greedy and beam search, against each other and against exhaustive search."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from qkv_lib.layers import initialise
from qkv_lib.models.decoding import END, START, beam_search, greedy, log_probability, shifted_right
from qkv_lib.models.translator import PAD, Memory, RecurrentTranslator
from tests.holds import holds

N_TARGET = 6
seeds = st.integers(0, 10_000)


def untrained(seed: int) -> tuple[RecurrentTranslator, Tensor]:
    """Return a model whose answers differ from source to source, and sources."""
    rng = np.random.default_rng(seed)
    model = initialise(RecurrentTranslator(7, N_TARGET, d=8), rng).double()
    with torch.no_grad():
        model.answer.weight *= 3
    lengths = rng.integers(1, 6, size=4)
    source = np.where(np.arange(5) < lengths[:, None], rng.integers(1, 7, size=(4, 5)), PAD)
    return model, torch.from_numpy(source)


class Table:
    """A model given by what follows what: for search whose answer is worked out by hand."""

    def __init__(self, following: dict[tuple[int, ...], dict[int, float]]) -> None:
        self.following = following

    def encode(self, source: Tensor) -> Memory:
        """Return nothing: the source does not matter."""
        return Memory(source, source, source)

    def decode(self, _: Memory, previous: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logarithms of the table's probabilities."""
        logits = torch.full((*previous.shape, N_TARGET), -torch.inf)
        for (row, place), _ in np.ndenumerate(previous.numpy()):
            before = tuple(previous[row, 1 : place + 1].tolist())
            for symbol, p in self.following.get(before, {END: 1.0}).items():
                logits[row, place, symbol] = np.log(p)
        return logits, logits


@holds("With $w = 1$ this is greedy search.")
@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_a_beam_of_width_one_is_greedy(seed: int) -> None:
    model, source = untrained(seed)
    written, _ = beam_search(model, source, width=1, longest=7)
    assert torch.equal(written[:, 0], greedy(model, source, longest=7))


@given(seed=seeds)
@settings(deadline=None, max_examples=10)
def test_a_full_beam_is_exhaustive_search(seed: int) -> None:
    model, source = untrained(seed)
    everything = [
        [*beginning, *[PAD] * (3 - len(beginning))]
        for n in range(4)
        for body in product([START, *range(3, N_TARGET)], repeat=n)
        for beginning in ([*body, END] if n < 3 else [*body],)
    ]
    target = torch.tensor(everything)
    best = [log_probability(model, row.expand(len(target), -1), target).max() for row in source]
    _, scores = beam_search(model, source, width=len(target), longest=3)
    torch.testing.assert_close(scores[:, 0], torch.stack(best))


@given(seed=seeds, width=st.integers(1, 5))
@settings(deadline=None, max_examples=20)
def test_scores_are_the_log_probabilities_and_fall(seed: int, width: int) -> None:
    model, source = untrained(seed)
    written, scores = beam_search(model, source, width=width, longest=6)
    assert (scores[:, 1:] <= scores[:, :-1]).all()
    for rank in range(width):
        found = log_probability(model, source, written[:, rank])
        torch.testing.assert_close(found, scores[:, rank])
    for row in written:
        assert len({tuple(each.tolist()) for each in row}) == width  # all different


def test_where_there_are_fewer_translations_than_the_beam_is_wide() -> None:
    model = Table({(): {3: 0.6, 4: 0.4}})  # two symbols, and then the end
    _, scores = beam_search(model, torch.ones(1, 2, dtype=torch.int64), width=4)
    torch.testing.assert_close(scores[0, :2].exp(), torch.tensor([0.6, 0.4]))
    assert (scores[0, 2:] == -torch.inf).all()


@holds("A translation that has ended stays as it is.")
@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_after_the_end_there_is_only_padding(seed: int) -> None:
    model, source = untrained(seed)
    for row in greedy(model, source, longest=9).tolist():
        before, after = row, []
        if END in row:
            before, after = row[: row.index(END)], row[row.index(END) + 1 :]
        assert PAD not in before
        assert set(after) <= {PAD}


@holds("the translation that is likeliest as a whole may begin with a less likely symbol.")
def test_a_beam_finds_what_greedy_misses() -> None:
    model = Table({(): {3: 0.6, 4: 0.4}, (3,): {3: 0.5, 4: 0.5}, (4,): {5: 1.0}})
    source = torch.ones(1, 1, dtype=torch.int64)
    assert greedy(model, source)[0, 0] == 3
    written, scores = beam_search(model, source, width=2)
    assert written[0, 0].tolist()[:2] == [4, 5]
    assert scores[0, 0].exp().item() == pytest.approx(0.4)


def test_a_wider_beam_can_do_worse() -> None:
    # Greedy goes 3, 3 with 0.5 · 0.34. A beam of two prefers both children of 4, 0.45 · 0.5 each,
    # and they fall apart a step later.
    model = Table({
        (): {3: 0.5, 4: 0.45, 5: 0.05},
        (3,): {3: 0.34, 4: 0.33, 5: 0.33},
        (3, 3): {END: 1.0},
        (4,): {3: 0.5, 4: 0.5},
        (4, 3): dict.fromkeys(range(1, 6), 0.2),
        (4, 4): dict.fromkeys(range(1, 6), 0.2),
    })  # fmt: skip
    source = torch.ones(1, 1, dtype=torch.int64)
    alone = log_probability(model, source, greedy(model, source))
    _, scores = beam_search(model, source, width=2)
    assert scores[0, 0] < alone[0] - 0.5


def test_shifted_right_puts_the_start_first() -> None:
    assert shifted_right(torch.tensor([[4, 5, END]])).tolist() == [[START, 4, 5]]


@pytest.mark.parametrize("bad", [0, -1, 1.5])
def test_a_width_that_is_no_count_is_refused(bad: float) -> None:
    model, source = untrained(0)
    with pytest.raises((TypeError, ValueError), match="width"):
        beam_search(model, source, width=bad)
    with pytest.raises((TypeError, ValueError), match="longest"):
        greedy(model, source, longest=bad)
