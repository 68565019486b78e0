"""The encoder-decoder of chapter 1: what each kind may look at, and that both can learn."""

import numpy as np
import pytest
import torch

from qkv_lib.layers import initialise
from qkv_lib.models.seq2seq import EncoderDecoder, copy_accuracy, copy_batches, symbol_loss
from qkv_lib.models.training import fit


def small(*, attends: bool, seed: int = 0) -> EncoderDecoder:
    return initialise(EncoderDecoder(5, 7, attends=attends), np.random.default_rng(seed))


@pytest.fixture
def source() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(5, size=(3, 11)))


def test_both_kinds_have_the_same_parameters() -> None:
    shapes = [
        {name: tuple(p.shape) for name, p in small(attends=attends).named_parameters()}
        for attends in (False, True)
    ]
    assert shapes[0] == shapes[1]


def test_without_attention_the_score_is_idle_and_with_it_it_learns(source: torch.Tensor) -> None:
    for attends in (False, True):
        model = small(attends=attends)
        symbol_loss(model, source, source).backward()
        for parameter in (model.w_query, model.w_key, model.v):
            assert bool((parameter.grad.abs() > 1e-6).any()) == attends


def test_weights_are_shares_of_what_may_be_looked_at(source: torch.Tensor) -> None:
    for attends, keys in ((False, 1), (True, 11)):
        symbols, weights = small(attends=attends).generate(source)
        assert symbols.shape == (3, 11)
        assert weights.shape == (3, 11, keys)
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 11))
        assert 0 <= symbols.min() <= symbols.max() < 5


def test_context_is_the_weighted_average_of_the_states_by_loops(source: torch.Tensor) -> None:
    model = small(attends=True).double()
    memory, first = model.encode(source)
    states, _ = model.decoder(model.embed(torch.full((3, 1), model.start)), first)
    logits, weights = model.read(states, memory)
    for b in range(3):
        scores = [
            torch.tanh(states[b, 0] @ model.w_query + memory[b, j] @ model.w_key) @ model.v
            for j in range(11)
        ]
        total = sum(torch.exp(score) for score in scores)
        context = sum(torch.exp(s) / total * memory[b, j] for j, s in enumerate(scores))
        expected = model.answer(torch.cat([states[b, 0], context]))
        torch.testing.assert_close(logits[b, 0], expected)
        torch.testing.assert_close(weights[b, 0], torch.stack(scores).softmax(0))


def test_without_attention_the_decoder_sees_the_last_state_alone(source: torch.Tensor) -> None:
    model = small(attends=False)
    memory, state = model.encode(source)
    torch.testing.assert_close(memory[:, 0], state[0])


@pytest.mark.parametrize("attends", [False, True])
def test_generating_is_the_forward_pass_one_symbol_at_a_time(
    source: torch.Tensor, attends: bool
) -> None:
    model = small(attends=attends)
    symbols, _ = model.generate(source)
    first = torch.full((3, 1), model.start)
    logits = model(source, torch.cat([first, symbols[:, :-1]], dim=1))
    assert torch.equal(logits.argmax(dim=-1), symbols)


def test_batches_repeat_the_source_and_have_every_length() -> None:
    batches = copy_batches(np.random.default_rng(0), longest=3, n_symbols=4, batch_size=2)
    drawn = [next(batches) for _ in range(60)]
    assert all(torch.equal(source, target) for source, target in drawn)
    assert {source.shape for source, _ in drawn} == {(2, 1), (2, 2), (2, 3)}
    assert set(torch.cat([source.flatten() for source, _ in drawn]).tolist()) == {0, 1, 2, 3}


def test_accuracy_counts_symbols_that_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(attends=True)

    def all_but_the_last(source: torch.Tensor) -> tuple[torch.Tensor, None]:
        wrong = source.clone()
        wrong[:, -1] = (wrong[:, -1] + 1) % 5
        return wrong, None

    monkeypatch.setattr(model, "generate", all_but_the_last)
    found = copy_accuracy(model, [1, 4], np.random.default_rng(0))
    np.testing.assert_allclose(found, [0.0, 0.75])


@pytest.mark.parametrize("attends", [False, True])
def test_both_kinds_learn_to_repeat_short_sequences(attends: bool) -> None:
    model = initialise(EncoderDecoder(4, 16, attends=attends), np.random.default_rng(0))
    batches = copy_batches(np.random.default_rng(1), longest=2, n_symbols=4)
    fit(model, batches, n_updates=150, lr=0.01, loss=symbol_loss)
    assert copy_accuracy(model, [1, 2], np.random.default_rng(2)).min() > 0.9


def test_weights_do_not_depend_on_torchs_generator() -> None:
    found = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        found.append(torch.cat([p.flatten() for p in small(attends=True).parameters()]))
    assert torch.equal(*found)
