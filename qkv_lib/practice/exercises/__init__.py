"""All exercises by name, in the order of the chapters."""

from __future__ import annotations

from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises import (
    algorithm,
    building,
    decoding,
    heads_and_masks,
    kernels,
    lookups,
    pooling,
)

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for chapter in (lookups, kernels, algorithm, heads_and_masks, building, pooling, decoding)
    for exercise in chapter.EXERCISES
}
