"""Chapter 6, what heads do: the score for a relation, and how even a row is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.measures import relations
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

WORDS_LOOK = "asked are the words 2, …, n − 2: each has a word before it, and the key is that word"
ENTROPY_LOOK = "minus the sum over the keys of A ln A, divided by ln n, n the number of keys"


def previous_score(weights: Array) -> Array:
    """Return the score of each head for "previous", by the relations of the library."""
    n = weights.shape[-1]
    relation = relations.token_relations(np.arange(n), special=(0, n - 1))["previous"]
    mean = relations.relation_mass(weights, relation).mean(axis=-1)
    return np.asarray(mean, dtype=weights.dtype)


def diagonal(offset: int, start: int = 1, stop: int = -1) -> Function:
    """Return the mean of a part of a diagonal; −1 holds the weights on the token before."""
    return lambda a: np.diagonal(a, offset, -2, -1)[..., slice(start, stop or None)].mean(-1)


def words_only(weights: Array) -> Array:
    """Return the weights without those from and to [CLS] and [SEP]."""
    return weights[..., 1:-1, 1:-1]


def heads_of_a_text(rng: Generator) -> Iterator[Case]:
    """Yield weights of one head, or of several."""
    for kind, lead, n in (
        ("plain", (), 5), ("plain", (), 7), ("plain", (), 11), ("plain", (), 13),
        ("batch", (3,), 7), ("batch", (2, 3), 5), ("batch", (5,), 5), ("float32", (2,), 7),
    ):  # fmt: skip
        yield cast(Case(kind, (rng.dirichlet(np.full(n, 0.5), size=(*lead, n)),)))


PREVIOUS_SCORE = Exercise(
    name="previous-score",
    chapter=6,
    skeleton='''
def previous_score(weights):
    """Return the score of each head for "previous": the mean weight on the word before.

    weights: (..., n, n) of one text; the first token is [CLS], the last [SEP]:
    they are no words, so they neither ask nor count as the word before
    returns: (...)
    """
    ...
''',
    reference=previous_score,
    cases=heads_of_a_text,
    returns={"score": ()},
    mistakes=(
        Mistake("next-word", "that is the weight on the next word",
                "rows are queries: the word before i stands in A[i, i − 1]", diagonal(1)),
        Mistake("own-word", "that is the weight of a word on itself",
                "the word before i stands in A[i, i − 1]", diagonal(0)),
        Mistake("specials-in-it", "[CLS] counts as a word before, and [SEP] asks", WORDS_LOOK,
                diagonal(-1, 0, 0)),
        Mistake("sep-asks", "[SEP] asks in it: it is no word", WORDS_LOOK, diagonal(-1, 1, 0)),
        Mistake("cls-is-key", "[CLS] counts as the word before the first word", WORDS_LOOK,
                diagonal(-1, 0, -1)),
        Mistake("two-before", "that is the weight on the word before the last one",
                "the word before i stands in A[i, i − 1]",
                lambda a: diagonal(-2, 0, 0)(words_only(a))),
        Mistake("sum", "that is the sum over the queries: take the mean", WORDS_LOOK,
                lambda a: previous_score(a) * (a.shape[-1] - 3)),
        Mistake("divided-by-tokens", "the sum is divided by the number of all tokens", WORDS_LOOK,
                lambda a: previous_score(a) * (a.shape[-1] - 3) / a.shape[-1]),
        Mistake("divided-by-words", "the first word counts too, though no word is before it",
                WORDS_LOOK, lambda a: previous_score(a) * (a.shape[-1] - 3) / (a.shape[-1] - 2)),
        Mistake("all-before", "the weight on all words before is counted",
                "only the neighbour counts: A[i, i − 1]",
                lambda a: np.tril(words_only(a), -1)[..., 1:, :].sum(-1).mean(-1)),
        Mistake("largest", "that is the largest of the weights, not their mean", WORDS_LOOK,
                lambda a: np.diagonal(a, -1, -2, -1)[..., 1:-1].max(-1)),
        Mistake("share-of-hits", "you count how often the largest weight is on the word before",
                "average the weights themselves",
                lambda a: (a.argmax(-1)[..., 2:-1] == np.arange(1, a.shape[-1] - 2)).mean(-1)),
        Mistake("made-to-sum-again", "the weights on words are made to sum to 1 before",
                "leave the rows as they are: weight on [CLS] and [SEP] is weight not on the word",
                lambda a: diagonal(-1, 0, 0)(words_only(a)
                                             / words_only(a).sum(-1, keepdims=True))),
        Mistake("heads-averaged", "one number for all heads", "keep the leading axes",
                lambda a: previous_score(a).mean()),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


def spread(weights: Array) -> Array:
    """Return the library's spread in the dtype of the weights."""
    return relations.spread(weights).astype(weights.dtype)


def entropy(weights: Array, axis: int = -1) -> Array:
    """Return the entropy of each row in nats."""
    return np.asarray(-(weights * np.log(np.where(weights > 0, weights, 1.0))).sum(axis))


def rows_of_weights(rng: Generator) -> Iterator[Case]:
    """Yield weights; from the second case on some are exactly 0, as behind a mask."""
    for kind, shape in (
        ("plain", (3, 5)), ("plain", (5, 5)), ("plain", (2, 11)), ("plain", (1, 7)),
        ("plain", (7, 3)), ("batch", (2, 5, 3)), ("batch", (3, 3, 3)), ("batch", (2, 3, 5, 7)),
        ("float32", (2, 3, 5)),
    ):  # fmt: skip
        weights = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
        if shape != (3, 5):
            weights[..., -1, 0] = 0.0
            weights /= weights.sum(-1, keepdims=True)
        yield cast(Case(kind, (weights,)))


EVENNESS = Exercise(
    name="evenness",
    chapter=6,
    skeleton='''
def evenness(weights):
    """Return how evenly each query spreads its weights: 0 on one key, 1 on all alike.

    weights: (..., n_queries, n_keys), rows sum to 1; some may be exactly 0
    returns: (..., n_queries)
    """
    ...
''',
    reference=spread,
    cases=rows_of_weights,
    returns={"evenness": ("query",)},
    mistakes=(
        Mistake("zero-weights", "0 · ln 0 is NaN, and one such key spoils its row",
                "A ln A goes to 0 with A: put 0 there, for example np.where(A > 0, A, 1) inside "
                "the logarithm",
                lambda a: -(a * np.log(a)).sum(-1) / np.log(a.shape[-1])),
        Mistake("not-divided", "the entropy is not divided by its largest value", ENTROPY_LOOK,
                entropy),
        Mistake("bits", "this is the entropy in bits, not divided by its largest value",
                ENTROPY_LOOK, lambda a: entropy(a) / np.log(2)),
        Mistake("two-logarithms", "one logarithm is of base 2 and the other is not",
                "the base cancels when both are the same", lambda a: spread(a) / np.log(2)),
        Mistake("two-logarithms", "one logarithm is of base 2 and the other is not",
                "the base cancels when both are the same", lambda a: spread(a) * np.log(2)),
        Mistake("negative", "the minus sign is missing", "ln of a weight below 1 is negative",
                lambda a: -spread(a)),
        Mistake("divided-by-n", "the entropy is divided by n, not by ln n", ENTROPY_LOOK,
                lambda a: entropy(a) / a.shape[-1]),
        Mistake("mean-for-sum", "the mean over the keys is taken, not the sum", ENTROPY_LOOK,
                lambda a: spread(a) / a.shape[-1]),
        Mistake("logarithm-of-queries", "the number of queries stands for n", ENTROPY_LOOK,
                lambda a: entropy(a) / np.log(a.shape[-2])),
        Mistake("over-queries", "the sum runs over the queries", "keys are the last axis",
                lambda a: entropy(a, -2) / np.log(a.shape[-1])),
        Mistake("only-seen-keys", "n counts only keys with some weight", ENTROPY_LOOK,
                lambda a: entropy(a) / np.log((a > 0).sum(-1))),
        Mistake("one-minus", "this is 1 minus it: 1 on one key, 0 on all alike", ENTROPY_LOOK,
                lambda a: 1 - spread(a)),
        Mistake("perplexity", "exp of the entropy, divided by n, is another measure", ENTROPY_LOOK,
                lambda a: np.exp(entropy(a)) / a.shape[-1]),
        Mistake("without-weights", "the logarithms are summed without their weights", ENTROPY_LOOK,
                lambda a: -np.log(np.where(a > 0, a, 1.0)).sum(-1) / np.log(a.shape[-1])),
        Mistake("squares", "this is 1 minus the sum of squares, another measure", ENTROPY_LOOK,
                lambda a: 1 - (a**2).sum(-1)),
        Mistake("averaged", "the queries are averaged", "one number a query: (..., n_queries)",
                lambda a: spread(a).mean(-1)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


EXERCISES = (PREVIOUS_SCORE, EVENNESS)
