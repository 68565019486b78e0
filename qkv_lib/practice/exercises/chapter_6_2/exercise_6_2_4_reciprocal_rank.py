"""Exercise 6.2.4: judge a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures.retrieval import ranks
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator
from qkv_lib.practice.properties import BATCH_APART

RANK_LOOK = "the rank is 1 plus the number of documents that fit better than the right one"


MEAN_LOOK = "take 1 / rank for each query, then the mean over the queries"


def ranked(similarity: Array, right: Array) -> Array:
    """Return the rank of each right document, for one search or several."""
    flat = similarity.reshape(-1, *similarity.shape[-2:])
    return np.stack([ranks(each, right) for each in flat]).reshape(similarity.shape[:-1])


def judged_by(judge: Callable[[Array], Array]) -> Function:
    """Return the mean over the queries of what a rank is worth."""

    def reciprocal_rank(similarity: Array, right: Array) -> Array:
        return np.asarray(judge(ranked(similarity, right)).mean(axis=-1))

    return reciprocal_rank


def own(similarity: Array, right: Array) -> Array:
    """Return how well the right document of each query fits."""
    return np.asarray(similarity[..., np.arange(len(right)), right])


def order_for_rank(similarity: Array, right: Array) -> Array:
    """Read the rank off the order: which document comes at that place, not where it comes."""
    return own(np.argsort(-similarity, axis=-1), right) + 1


def among_queries(similarity: Array, right: Array) -> Array:
    """Count the queries that fit the right document better, not the documents."""
    columns = similarity[..., right]  # (..., any query, the right document of each)
    return 1 + (columns > own(similarity, right)[..., None, :]).sum(-2)


def searches(rng: Generator) -> Iterator[Case]:
    """Yield similarities and right documents, which fit a little better than the others."""
    for kind, lead, n, m in (
        ("plain", (), 7, 11), ("plain", (), 5, 5), ("plain", (), 11, 13), ("batch", (2,), 7, 11),
        ("batch", (3,), 5, 5), ("batch", (2, 3), 5, 7),
    ):  # fmt: skip
        similarity, right = rng.normal(size=(*lead, n, m)), rng.permutation(m)[:n]
        similarity[..., np.arange(n), right] += 0.5
        yield Case(kind, (similarity, right))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (rng.normal(size=(3, 1)), np.array([0, 0, 0])),
        (rng.normal(size=(1, 5)) - 300, np.array([2])),
        (rng.normal(size=(4, 6)) - 300, np.array([5, 0, 5, 1])),
    )


EXERCISE = Exercise(
    name="reciprocal-rank",
    skeleton='''
def reciprocal_rank(similarity, right):
    """Return the mean reciprocal rank of each search; no two documents fit alike.

    similarity: (..., n_queries, n_documents), larger fits better
    right: (n_queries,), integers, the right document of each query
    returns: (...)
    """
    ...
''',
    solution='''
def reciprocal_rank(similarity, right):
    own = similarity[..., np.arange(len(right)), right]
    rank = 1 + (similarity > own[..., None]).sum(axis=-1)
    return (1 / rank).mean(axis=-1)
''',
    reference=judged_by(np.reciprocal),
    cases=searches,
    edges=edges,
    free=("similarity",),
    returns={"MRR": ()},
    mistakes=(
        Mistake("mean-before-reciprocal", "the mean rank is inverted", MEAN_LOOK,
                lambda s, right: 1 / ranked(s, right).mean(-1)),
        Mistake("mean-rank", "this is the mean rank", MEAN_LOOK, judged_by(np.positive)),
        Mistake("first-only", "this is the share of queries with rank 1",
                "rank 2 counts one half, rank 3 a third", judged_by(lambda r: r == 1)),
        Mistake("sum", "the reciprocals are summed", MEAN_LOOK,
                lambda s, right: (1 / ranked(s, right)).sum(-1)),
        Mistake("counts-itself", "the right document counts as better than itself", RANK_LOOK,
                judged_by(lambda r: 1 / (r + 1))),
        Mistake("counts-from-0", "the best rank is 0 here, and 1 / 0 is infinite", RANK_LOOK,
                judged_by(lambda r: 1 / (r - 1))),
        Mistake("worst-first", "the document that fits worst gets rank 1",
                "larger fits better: sort downwards",
                lambda s, right: judged_by(np.reciprocal)(-s, right)),
        Mistake("order-for-rank", "argsort tells which document comes at a place, not the place of "
                "a document", RANK_LOOK, lambda s, right: (1 / order_for_rank(s, right)).mean(-1)),
        Mistake("among-queries", "the queries are counted that fit the document better",
                "a query ranks documents: count along the last axis",
                lambda s, right: (1 / among_queries(s, right)).mean(-1)),
        Mistake("diagonal", "document i is taken as the right one of query i", "use `right`",
                lambda s, right: judged_by(np.reciprocal)(s, np.arange(len(right)))),
        Mistake("discounted", "a rank is discounted by its logarithm", MEAN_LOOK,
                judged_by(lambda r: 1 / np.log2(1 + r))),
        Mistake("similarity", "this is the mean similarity of the right documents", RANK_LOOK,
                lambda s, right: own(s, right).mean(-1)),
        Mistake("not-averaged", "the reciprocals are right, the mean is missing", MEAN_LOOK,
                lambda s, right: 1 / ranked(s, right)),
        Mistake("searches-averaged", "one number for all searches",
                "keep the leading axes: one number a search",
                lambda s, right: (1 / ranked(s, right)).mean()),
        Mistake("counts-from-0", "the best rank is 0 here, and the second counts as the first",
                RANK_LOOK, judged_by(lambda rank: 1 / np.maximum(rank - 1, 1))),
        Mistake("among-queries", "the queries are counted that fit better, not the documents",
                "a row is a query: count along the last axis", lambda s, right: np.asarray(
                    (1 / (1 + (s > own(s, right)[..., None]).sum(-2))).mean(-1))),
        Mistake("among-queries", "the queries are ranked for each document, not the other way",
                "a row is a query: sort along the last axis", lambda s, right: np.asarray(
                    (1 / (1 + own(np.argsort(np.argsort(-s, axis=-2), axis=-2), right)))
                    .mean(-1))),
        Mistake("rank-squared", "the ranks are squared", RANK_LOOK,
                lambda s, right: (1 / (1 + (s > np.take_along_axis(
                    s, np.broadcast_to(right[:, None], (*s.shape[:-1], 1)), -1)
                ).sum(-1)) ** 2).mean(-1)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
