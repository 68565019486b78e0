"""Heads made by hand: one looks back by one, one continues what repeats, and the scores say so."""

import numpy as np
import pytest
import torch

from qkv_lib.measures import induction
from qkv_lib.models.ablation import silenced
from qkv_lib.models.gpt import GPT


def test_what_repeats_repeats() -> None:
    ids = induction.repeated(50, 6, 4, np.random.default_rng(0))
    assert ids.shape == (4, 12)
    assert torch.equal(ids[:, :6], ids[:, 6:])
    with pytest.raises(ValueError, match="period"):
        induction.repeated(50, 1, 4, np.random.default_rng(0))


def scores_of(weights: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> induction.PairScores:
    """Score weights that are given, in place of those of a model."""
    from contextlib import contextmanager

    @contextmanager
    def given(_):
        yield {"": [torch.tensor(weights)[None, None]]}

    monkeypatch.setattr(induction, "recorded_weights", given)
    ids = torch.zeros(1, len(weights), dtype=torch.int64)
    return induction.head_scores(GPT(n_tokens=9, d_model=8, n_heads=2), ids)


def test_each_score_is_one_for_its_own_head_and_nothing_for_the_others(monkeypatch) -> None:
    n, p = 12, 6
    places = np.arange(n)
    for name, keys in {
        "induction": np.where(places >= p, places - p + 1, 2),
        "previous": np.maximum(places - 1, 0),
        "first": 0 * places,
    }.items():
        found = scores_of(np.eye(n)[keys], monkeypatch)
        for each in found._fields:
            assert getattr(found, each).item() == (each == name), (name, each)


def test_queries_of_the_second_half_count_but_for_the_last(monkeypatch) -> None:
    n, p = 12, 6
    weights = np.random.default_rng(0).dirichlet(np.ones(n), size=n)
    before = scores_of(weights, monkeypatch)
    for row in range(n):
        other = weights.copy()
        other[row] = np.roll(other[row], 1)
        found = scores_of(other, monkeypatch)
        for each in found._fields:
            same = getattr(found, each) == getattr(before, each)
            assert same.all() == (not p <= row < n - 1), (row, each)


def test_a_silenced_head_hands_nothing_on() -> None:
    torch.manual_seed(0)
    model = GPT(n_tokens=9, d_model=8, n_heads=2)
    ids = induction.repeated(9, 5, 2, np.random.default_rng(0))
    before = model(ids)
    with silenced(model, [(1, 0)]):
        silent = model(ids)
    other = GPT(n_tokens=9, d_model=8, n_heads=2)
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        other.stack[1].attention.output.weight[:, :4] = 0
    torch.testing.assert_close(silent, other(ids))
    assert not torch.allclose(silent, before)
    torch.testing.assert_close(model(ids), before)


def test_the_diagonal_is_counted_by_rows() -> None:
    assert induction.share_on_diagonal(np.eye(5)) == 1
    assert induction.share_on_diagonal(1 - np.eye(5)) == 0
    assert induction.share_on_diagonal(np.array([[1, 2, 0], [0, 3, 9], [0, 1, 2]])) == 1 / 3
