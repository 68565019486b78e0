"""References that an exercise writes itself, since the library's own needs torch."""

import numpy as np
import torch

from qkv_lib.models import encoder
from qkv_lib.practice.exercises import EXERCISES
from qkv_lib.practice.run import cases_of


def test_the_embedding_is_that_of_the_encoder() -> None:
    exercise = EXERCISES["unit-mean"]
    for case in cases_of(exercise):
        states, lengths = case.args
        expected = encoder.unit_mean(torch.from_numpy(states), torch.from_numpy(lengths))
        found = exercise.reference(states, lengths)
        assert found.dtype == states.dtype
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-6)
