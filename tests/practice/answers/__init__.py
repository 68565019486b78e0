"""Answers that learners might hand in: right ones in several styles, and one edit from right."""

from tests.practice.answers import (
    algorithm,
    background,
    building,
    decoding,
    heads_and_masks,
    pooling,
)
from tests.practice.answers.source import Answers

ANSWERS: dict[str, Answers] = {
    **background.ANSWERS,
    **algorithm.ANSWERS,
    **heads_and_masks.ANSWERS,
    **building.ANSWERS,
    **decoding.ANSWERS,
    **pooling.ANSWERS,
}
