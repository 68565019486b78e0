"""Exercise 6.2.2: score a head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures import relations
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

WORDS_LOOK = "asked are the words 2, …, n − 2: each has a word before it, and the key is that word"


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


EXERCISE = Exercise(
    name="previous-score",
    skeleton='''
def previous_score(weights):
    """Return the score of each head for "previous": the mean weight on the word before.

    weights: (..., n, n) of one text; the first token is [CLS], the last [SEP]:
    they are no words, so they are neither queries nor keys
    returns: (...)
    """
    ...
''',
    solution='''
def previous_score(weights):
    before = np.diagonal(weights, -1, axis1=-2, axis2=-1)
    return before[..., 1:-1].mean(axis=-1)
''',
    reference=previous_score,
    cases=heads_of_a_text,
    without=dict.fromkeys(("low", "rows"), "weights lie between 0 and 1"),
    returns={"score": ()},
    mistakes=(
        Mistake("next-word", "that is the weight on the next word",
                "rows are queries: the word before i stands in A[i, i − 1]", diagonal(1)),
        Mistake("own-word", "that is the weight of a word on itself",
                "the word before i stands in A[i, i − 1]", diagonal(0)),
        Mistake("specials-in-it", "[CLS] counts as a word before, and [SEP] asks", WORDS_LOOK,
                diagonal(-1, 0, 0)),
        Mistake("sep-asks", "[SEP] asks in it: it is no word", WORDS_LOOK, diagonal(-1, 1, 0)),
        Mistake("last-word-silent", "the last word does not ask, and it has a word before it",
                WORDS_LOOK, diagonal(-1, 1, -2)),
        Mistake("second-word-silent", "the second word does not ask, and it has a word before it",
                WORDS_LOOK, diagonal(-1, 2, -1)),
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
        Mistake("share-of-hits", "you count how often the largest weight of a word is on the word "
                "before", "take the mean of the weights themselves", lambda a: (
                    words_only(a).argmax(-1)[..., 1:] == np.arange(a.shape[-1] - 3)).mean(-1)),
        Mistake("queries-cut-only", "the first query is cut off and the first key is not: the "
                "diagonal lies one place off", "cut queries and keys alike: [1:-1, 1:-1]",
                lambda a: np.diagonal(a[..., 1:-1, :], -1, -2, -1).mean(-1)),
        Mistake("divided-by-one-less", "the sum is divided by n − 1", WORDS_LOOK,
                lambda a: np.diagonal(words_only(a), -1, -2, -1).sum(-1) / (a.shape[-1] - 1)),
        Mistake("mean-of-all-pairs", "the sum is divided by the number of all pairs of words",
                WORDS_LOOK, lambda a: np.diagonal(words_only(a), -1, -2, -1).sum(-1)
                / (a.shape[-1] - 2) ** 2),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
