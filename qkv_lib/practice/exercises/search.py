"""Chapter 6, semantic search: the embedding of a text, and how a search is judged."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from qkv_lib.formula._checks import Array
from qkv_lib.measures.retrieval import ranks
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

REAL_LOOK = "a text of length n has the real rows 0, …, n − 1; the rest is padding"
UNIT_LOOK = "divide each mean by its own length, the root of the sum of its squares"
RANK_LOOK = "the rank is 1 plus the number of documents that fit better than the right one"
MEAN_LOOK = "take 1 / rank for each query, then the mean over the queries"


def unit_mean(states: Array, lengths: Array) -> Array:
    """Return the library's embedding, which is torch."""
    import torch

    from qkv_lib.models import encoder

    return encoder.unit_mean(torch.from_numpy(states), torch.from_numpy(lengths)).numpy()


def mean_of(chosen: Callable[[Array, Array], Array]) -> Function:
    """Return the mean of the rows that are chosen by place, (n,), and length, (batch, 1)."""

    def mean(states: Array, lengths: Array) -> Array:
        rows = chosen(np.arange(states.shape[1]), lengths[:, None])
        count = rows.sum(-1, keepdims=True).astype(states.dtype)
        return np.asarray((states * rows[..., None]).sum(1) / count)

    return mean


real_mean = mean_of(np.less)


def unit(x: Array) -> Array:
    """Return the rows at length 1."""
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True))


def unit_mean_of(chosen: Callable[[Array, Array], Array]) -> Function:
    """Return the mean of the chosen rows at length 1."""
    return lambda x, lengths: unit(mean_of(chosen)(x, lengths))


def states_and_lengths(rng: Generator) -> Iterator[Case]:
    """Yield rows and how many are real; what fills up is not 0."""
    for kind, lengths, n, d in (
        ("plain", [4], 7, 3), ("plain", [2], 5, 5), ("plain", [3], 4, 11),
        ("batch", [5, 2], 7, 3), ("batch", [3, 2, 4], 5, 2), ("batch", [3, 4, 2], 5, 5),
        ("float32", [2, 5, 3], 7, 5),
    ):  # fmt: skip
        states = rng.normal(size=(len(lengths), n, d)) + 0.5
        yield cast(Case(kind, (states, np.array(lengths))))


UNIT_MEAN = Exercise(
    name="unit-mean",
    chapter=6,
    skeleton='''
def unit_mean(states, lengths):
    """Return the embedding of each text: the mean of its real rows, at length 1.

    states: (batch, n, d)    lengths: (batch,), integers, the real rows of each
    returns: (batch, d)
    """
    ...
''',
    reference=unit_mean,
    cases=states_and_lengths,
    returns={"embedding": ("text", "feature")},
    mistakes=(
        Mistake("not-unit", "the mean is right, but its length is not 1", UNIT_LOOK, real_mean),
        Mistake("padding-averaged", "the padding is in your mean", REAL_LOOK,
                lambda x, lengths: unit(x.mean(1))),
        Mistake("padding-and-length", "the padding is in your mean, and its length is not 1",
                REAL_LOOK, lambda x, lengths: x.mean(1)),
        Mistake("only-padding", "the mean is over the padding", REAL_LOOK,
                unit_mean_of(lambda place, n: place >= n)),
        Mistake("one-too-many", "one row of padding is in your mean", REAL_LOOK,
                unit_mean_of(lambda place, n: place <= n)),
        Mistake("one-too-few", "the last real row, [SEP], is left out", REAL_LOOK,
                unit_mean_of(lambda place, n: place < n - 1)),
        Mistake("first-left-out", "the first row, [CLS], is left out", REAL_LOOK,
                unit_mean_of(lambda place, n: (place > 0) & (place < n))),
        Mistake("first-row", "the first row, [CLS], stands for the text",
                "this model takes the mean of the real rows",
                unit_mean_of(lambda place, n: place == 0 * n)),
        Mistake("last-row", "the last real row stands for the text",
                "this model takes the mean of the real rows",
                unit_mean_of(lambda place, n: place == n - 1)),
        Mistake("first-length-for-all", "every text gets the length of the first", REAL_LOOK,
                unit_mean_of(lambda place, n: place < np.broadcast_to(n[:1], n.shape))),
        Mistake("rows-to-unit", "each row is brought to length 1, and the mean is not", UNIT_LOOK,
                lambda x, lengths: real_mean(unit(x), lengths)),
        Mistake("rows-to-unit-first", "each row is brought to length 1 before the mean",
                "take the mean of the rows as they are", lambda x, lengths:
                unit(real_mean(unit(x), lengths))),
        Mistake("sizes-sum-to-1", "the mean is divided by the sum of its sizes", UNIT_LOOK,
                lambda x, lengths: real_mean(x, lengths)
                / np.abs(real_mean(x, lengths)).sum(-1, keepdims=True)),
        Mistake("divided-by-square", "the mean is divided by the square of its length", UNIT_LOOK,
                lambda x, lengths: real_mean(x, lengths)
                / (real_mean(x, lengths) ** 2).sum(-1, keepdims=True)),
        Mistake("one-length-for-all", "all texts are divided by one length, the whole batch's",
                UNIT_LOOK,
                lambda x, lengths: real_mean(x, lengths) / np.linalg.norm(real_mean(x, lengths))),
        Mistake("maximum", "this is the largest entry of the real rows, not their mean",
                "sum the real rows", lambda x, lengths: unit(np.max(np.where(
                    np.arange(x.shape[1])[:, None] < lengths[:, None, None], x, -np.inf), 1))),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip


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


RECIPROCAL_RANK = Exercise(
    name="reciprocal-rank",
    chapter=6,
    skeleton='''
def reciprocal_rank(similarity, right):
    """Return the mean reciprocal rank of each search; no two documents fit alike.

    similarity: (..., n_queries, n_documents), larger fits better
    right: (n_queries,), integers, the right document of each query
    returns: (...), in the dtype of similarity
    """
    ...
''',
    reference=judged_by(np.reciprocal),
    cases=searches,
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
    ),
    properties=(BATCH_APART,),
)  # fmt: skip

EXERCISES = (UNIT_MEAN, RECIPROCAL_RANK)
