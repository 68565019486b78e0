"""Answers that learners might hand in: right ones in several styles, and one edit from right."""

from tests.practice.answers import (
    algorithm,
    alignments,
    background,
    building,
    concepts,
    decoding,
    faq,
    heads_and_masks,
    images,
    language,
    mathematics,
    outlook,
    pooling,
    positions,
    tools,
)
from tests.practice.answers.source import Answers

ANSWERS: dict[str, Answers] = {
    **background.ANSWERS,
    **concepts.ANSWERS,
    **algorithm.ANSWERS,
    **heads_and_masks.ANSWERS,
    **mathematics.ANSWERS,
    **positions.ANSWERS,
    **building.ANSWERS,
    **decoding.ANSWERS,
    **pooling.ANSWERS,
    **tools.ANSWERS,
    **faq.ANSWERS,
    **outlook.ANSWERS,
    **images.ANSWERS,
    **language.ANSWERS,
    **alignments.ANSWERS,
}
