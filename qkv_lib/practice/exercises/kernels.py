"""Chapter 1, kernels: weights from distances, kernel regression, distances from dot products."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qkv_lib import scoring, softmax
from qkv_lib.formula._checks import Array
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.exercises.lookups import SHARE_LOOK, SIZES, queries_keys_values
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.mistakes import through
from qkv_lib.practice.properties import NO_NEGATIVE, ROWS_SUM_TO_ONE
from qkv_lib.practice.wrong import hardest

KERNEL_LOOK = "a key at distance r counts exp(−r² / 2b²)"
NORM_LOOK = "expand −‖q − k‖² / 2b² and drop only what is the same for all the keys of a query"


def gaussian_weights(distances: Array, bandwidth: float) -> Array:
    """Return the weights of a Gaussian kernel at these distances."""
    return np.asarray(softmax(-((distances / bandwidth) ** 2) / 2))


def shares(kernel: Function) -> Function:
    """Return weights made of another kernel: ``kernel(r, b)`` over the row sums."""

    def weigh(distances: Array, bandwidth: float) -> Array:
        height = kernel(distances, bandwidth)
        return np.asarray(height / height.sum(axis=-1, keepdims=True))

    return weigh


def bell(r: Array, b: float) -> Array:
    """Return the Gaussian kernel as it is written: it underflows far out."""
    return np.asarray(np.exp(-(r**2) / (2 * b**2)))


KERNELS = (
    Mistake("bandwidth-not-squared", "the bandwidth is not squared", KERNEL_LOOK,
            lambda r, b: softmax(-(r**2) / (2 * b))),
    Mistake("no-half", "the 2 under the fraction is missing", KERNEL_LOOK,
            lambda r, b: softmax(-((r / b) ** 2))),
    Mistake("distance-not-squared", "the distances are not squared", KERNEL_LOOK,
            lambda r, b: softmax(-r / (2 * b**2))),
    Mistake("exponential-kernel", "this is exp(−r/b), another kernel", KERNEL_LOOK,
            lambda r, b: softmax(-r / b)),
    Mistake("bandwidth-ignored", "the bandwidth is not used", KERNEL_LOOK,
            lambda r, b: softmax(-(r**2) / 2)),
    Mistake("bandwidth-multiplies", "the distances are multiplied by the bandwidth", KERNEL_LOOK,
            lambda r, b: softmax(-((r * b) ** 2) / 2)),
    Mistake("far-counts-most", "far keys get the most weight: the sign is wrong", KERNEL_LOOK,
            lambda r, b: softmax((r / b) ** 2 / 2)),
    Mistake("not-normalised", "the rows are not divided by their sums", SHARE_LOOK, bell),
    Mistake("divided-by-n", "the rows are divided by the number of keys, not by their sums",
            SHARE_LOOK, lambda r, b: bell(r, b) / r.shape[-1]),
    Mistake("density", "the kernel is divided by b√2π, not the row by its sum", SHARE_LOOK,
            lambda r, b: bell(r, b) / (b * (2 * np.pi) ** 0.5)),
    Mistake("softmax-over-queries", "each key spreads 1 over the queries", SHARE_LOOK,
            lambda r, b: bell(r, b) / bell(r, b).sum(axis=0)),
    Mistake("over-everything", "all the weights together sum to 1", SHARE_LOOK,
            lambda r, b: bell(r, b) / bell(r, b).sum()),
    Mistake("inverse-distance", "the weights are shares of 1/r", KERNEL_LOOK,
            shares(lambda r, b: 1 / r)),
    Mistake("nearest", "all the weight is on the nearest key", KERNEL_LOOK,
            lambda r, b: hardest(-r)),
    Mistake("uniform", "every key gets the same weight", KERNEL_LOOK, lambda r, b: softmax(0 * r)),
    Mistake("underflow", "0/0: every kernel value of a far query is 0 in floating point",
            "take the softmax of −r² / 2b²: it subtracts the row's largest score first",
            shares(bell)),
)  # fmt: skip


def distances_and_bandwidth(rng: Generator) -> Iterator[Case]:
    """Yield distances and a bandwidth; in the extreme case every key is far."""
    for (kind, (n, m, *_)), bandwidth in zip(SIZES, (0.5, 0.7, 1.7, 0.3, 2.5, 0.6), strict=True):
        distances = rng.uniform(0.1, 3, size=(n, m))
        yield cast(Case(kind, (distances, bandwidth)))
        if kind == "plain":
            yield Case("extreme", (distances + 300, bandwidth))


WEIGHTS_FROM_DISTANCES = Exercise(
    name="weights-from-distances",
    chapter=1,
    skeleton='''
def weights_from_distances(distances, bandwidth):
    """Return the weights of a Gaussian kernel of this bandwidth.

    distances: (n_queries, n_keys)    bandwidth: number above 0
    returns: (n_queries, n_keys); each row sums to 1
    """
    ...
''',
    reference=gaussian_weights,
    cases=distances_and_bandwidth,
    returns={"weights": ("query", "key")},
    mistakes=KERNELS,
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE),
)


def regression_with(weigh: Function) -> Function:
    """Return a kernel regression, from a function of distances and bandwidth to weights."""
    return lambda x, known_x, known_y, bandwidth: (
        weigh(np.abs(x[:, None] - known_x), bandwidth) @ known_y
    )


def kernel_regression(x: Array, known_x: Array, known_y: Array, bandwidth: float) -> Array:
    """Return the weighted average of the known heights at each x."""
    return np.asarray(regression_with(gaussian_weights)(x, known_x, known_y, bandwidth))


def points(rng: Generator) -> Iterator[Case]:
    """Yield places to predict at and known points; in the extreme case all known ones are far."""
    for case in distances_and_bandwidth(rng):
        distances, bandwidth = case.args
        n, m = distances.shape
        x, known_x = (rng.uniform(-2, 2, size=size) for size in (n, m))
        if case.kind == "extreme":
            known_x += 300
        yield cast(Case(case.kind, (x, known_x, known_x + rng.normal(size=m), bandwidth)))


KERNEL_REGRESSION = Exercise(
    name="kernel-regression",
    chapter=1,
    skeleton='''
def kernel_regression(x, known_x, known_y, bandwidth):
    """Return, at each x, the known y averaged with a Gaussian kernel on |x − known_x|.

    x: (n,)    known_x, known_y: (m,)    bandwidth: number above 0    returns: (n,)
    """
    ...
''',
    reference=kernel_regression,
    cases=points,
    returns={"prediction": ("point",)},
    mistakes=(
        *through(KERNELS, regression_with),
        Mistake("dot-product", "the scores are products x · known_x, not distances", KERNEL_LOOK,
                lambda x, kx, ky, b: softmax(x[:, None] * kx / b**2) @ ky),
        Mistake("averages-places", "the known x are averaged, not the known y",
                "match with the keys (x), carry away the values (y)",
                lambda x, kx, ky, b: kernel_regression(x, kx, kx, b)),
        Mistake("distance-in-y", "the distances are taken from the known y",
                "match with the keys (x), carry away the values (y)",
                lambda x, kx, ky, b: kernel_regression(x, ky, ky, b)),
        Mistake("returns-weights", "the weights come back, not the prediction",
                "one step is left: weights @ known_y",
                lambda x, kx, ky, b: gaussian_weights(np.abs(x[:, None] - kx), b)),
    ),
)  # fmt: skip


def kernel_weights(query: Array, key: Array, bandwidth: float) -> Array:
    """Return the library's weights: the softmax of the Gaussian scores."""
    weights: Array = softmax(scoring.gaussian(query, key, bandwidth=bandwidth))
    return weights


def operands_and_bandwidth(rng: Generator) -> Iterator[Case]:
    """Yield queries, keys and a bandwidth; the keys of the first case are equally long."""
    for number, case in enumerate(queries_keys_values(rng)):
        query, key, _ = case.args
        if number == 0:
            key = key / np.linalg.norm(key, axis=-1, keepdims=True)
        yield Case(case.kind, (query, key, (0.8, 1.5, 2.0)[number % 3]))
        if case.kind == "plain":
            yield Case("extreme", (query + 100.0, key + 100.0, 1.5))


def less(norm: Function) -> Function:
    """Return weights from dot products less ``norm(squared norms of the keys)``, over b²."""
    return lambda query, key, bandwidth: softmax(
        (query @ key.T - norm(np.sum(key**2, axis=-1))) / bandwidth**2
    )


GAUSSIAN_BY_DOTS = Exercise(
    name="gaussian-by-dots",
    chapter=1,
    skeleton='''
def gaussian_by_dots(query, key, bandwidth):
    """Return the weights of a Gaussian kernel on ‖q − k‖, without forming a difference.

    query: (n_queries, d)    key: (n_keys, d)    bandwidth: number above 0
    returns: (n_queries, n_keys)
    """
    scores = query @ key.T / bandwidth**2
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
''',
    reference=kernel_weights,
    cases=operands_and_bandwidth,
    returns={"weights": ("query", "key")},
    mistakes=(
        Mistake("no-key-norms", "the lengths of the keys are missing", NORM_LOOK,
                less(lambda squares: 0.0)),
        Mistake("norms-not-halved", "‖k‖² is subtracted, and it must be half of it", NORM_LOOK,
                less(lambda squares: squares)),
        Mistake("norms-added", "½‖k‖² is added: its sign is wrong", NORM_LOOK,
                less(lambda squares: -squares / 2)),
        Mistake("norm-not-squared", "½‖k‖ is subtracted: the norm is not squared", NORM_LOOK,
                less(lambda squares: np.sqrt(squares) / 2)),
        Mistake("norms-not-scaled", "½‖k‖² is subtracted after the division by b²", NORM_LOOK,
                lambda q, k, b: softmax(q @ k.T / b**2 - np.sum(k**2, axis=-1) / 2)),
        Mistake("cosine", "the keys are scaled to length 1: that changes the dot products too",
                NORM_LOOK, lambda q, k, b: softmax(
                    q @ (k / np.linalg.norm(k, axis=-1, keepdims=True)).T / b**2)),
        Mistake("bandwidth-not-squared", "the scores are divided by b, not by b²", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b**0.5)),
        Mistake("bandwidth-ignored", "the bandwidth is not used", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, 1.0)),
        Mistake("twice-the-variance", "the scores are divided by 2b²: the 2 has cancelled already",
                NORM_LOOK, lambda q, k, b: kernel_weights(q, k, b * 2**0.5)),
        Mistake("root-of-width", "the scores are divided by √d too", NORM_LOOK,
                lambda q, k, b: kernel_weights(q, k, b * q.shape[-1] ** 0.25)),
        Mistake("softmax-over-queries", "each key spreads 1 over the queries", SHARE_LOOK,
                lambda q, k, b: softmax(scoring.gaussian(q, k, bandwidth=b), axis=0)),
        Mistake("not-normalised", "the rows are not divided by their sums", SHARE_LOOK,
                lambda q, k, b: np.exp(scoring.gaussian(q, k, bandwidth=b))),
        Mistake("scores", "the scores come back, not the weights", "exp, then divide by the sums",
                lambda q, k, b: scoring.gaussian(q, k, bandwidth=b)),
    ),
    properties=(ROWS_SUM_TO_ONE, NO_NEGATIVE),
    given="no-key-norms",
    symptom="It is right for some sets of keys and wrong for others. Draw two sets and compare: "
    "what have the keys in common where it is right?",
)  # fmt: skip

EXERCISES = (WEIGHTS_FROM_DISTANCES, KERNEL_REGRESSION, GAUSSIAN_BY_DOTS)
