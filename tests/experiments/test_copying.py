"""The experiment of chapter 1: what its models may look at."""

import numpy as np
import pytest
import torch

from qkv_lib.experiments import copying
from qkv_lib.models.seq2seq import copy_accuracy

DIGITS = torch.arange(10)[None]


@pytest.mark.parametrize("kind", copying.KINDS)
def test_a_decoder_looks_at_what_its_kind_allows(kind: str) -> None:
    model = copying.train(kind, seed=0, n_updates=3)
    weights = model.generate(DIGITS)[1]
    assert weights.shape == (1, 10, 10 if copying.KINDS[kind].attends else 1)
    even = torch.full_like(weights, 1 / weights.shape[-1])
    assert torch.equal(weights, even) == (kind != "attention")


def test_the_kinds_differ_in_one_thing_each() -> None:
    def size(kind: str) -> int:
        return sum(p.numel() for p in copying.train(kind, seed=0, n_updates=1).parameters())

    one, wide, even, attention = map(size, copying.KINDS)
    assert one == even == attention
    assert 3.5 < wide / one < 4


def test_training_teaches_and_repeats() -> None:
    one, two = (copying.train("attention", seed=1, n_updates=60) for _ in range(2))
    found = [copy_accuracy(model, [2], np.random.default_rng(0)) for model in (one, two)]
    assert found[0] > 0.5
    assert np.array_equal(*found)
