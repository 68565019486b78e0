"""All exercises by name, in the order of the chapters."""

from __future__ import annotations

from qkv_lib.practice.exercise import Exercise
from qkv_lib.practice.exercises import (
    algorithm,
    alignments,
    building,
    calls,
    concepts,
    convolutions,
    costs,
    decoding,
    depth,
    evidence,
    heads_and_masks,
    kernels,
    lookups,
    mathematics,
    pooling,
    positions,
    projections,
    scorings,
    streams,
    translations,
)

CHAPTERS = (
    (lookups, kernels),
    (projections, concepts),
    (algorithm, heads_and_masks),
    (mathematics, scorings, positions),
    (building, pooling, decoding),
    (alignments,),
    (translations, calls),
    (costs, streams, depth),
    (convolutions, evidence),
)

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for chapter in CHAPTERS
    for module in chapter
    for exercise in module.EXERCISES
}
