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
    gates,
    head_scores,
    heads_and_masks,
    kernels,
    lookups,
    maps,
    mathematics,
    patches,
    pooling,
    positions,
    projections,
    scorings,
    search,
    streams,
    translations,
)

CHAPTERS = (
    (lookups, kernels),
    (projections, concepts),
    (algorithm, heads_and_masks),
    (mathematics, scorings, positions),
    (building, pooling, decoding),
    (patches, maps, search, head_scores, gates, alignments),
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
