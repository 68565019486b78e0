"""All exercises by name, in the order of the chapters."""

from __future__ import annotations

from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises import algorithm, heads_and_masks

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for chapter in (algorithm.EXERCISES, heads_and_masks.EXERCISES)
    for exercise in chapter
}
