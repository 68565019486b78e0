"""Exercise 6.1.5: the share of a map in its box."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.measures.pointing import hits, mass_inside
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator, cast
from qkv_lib.practice.properties import BATCH_APART

SHARE_LOOK = "sum of map times coverage, divided by the sum of the map, image by image"


def share(part: Callable[[Array], Array]) -> Function:
    """Return the mass inside, with another reading of the coverage."""
    return lambda a, c: mass_inside(a, part(c))


def maps_and_boxes(rng: Generator) -> Iterator[Case]:
    """Yield maps and coverages: 0 outside the box, 1 inside, between on the rim."""
    for kind, lead, n, patches in (
        ("plain", (), 1, 4), ("plain", (), 3, 9), ("plain", (), 5, 5), ("plain", (), 2, 16),
        ("batch", (2,), 5, 7), ("batch", (3,), 3, 3), ("batch", (2, 3), 4, 9),
        ("float32", (2,), 3, 7),
    ):  # fmt: skip
        coverage = rng.choice([0.0, 0.25, 0.5, 1.0], size=(n, patches))
        coverage[:, 0], coverage[:, 1], coverage[:, 2] = 0.0, 0.25, 1.0
        yield cast(Case(kind, (rng.exponential(size=(*lead, n, patches)), coverage)))


def edges(rng: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return arguments at the edge: sizes of 1, empty, full and first ones, and large ones."""
    return (
        (np.eye(3), rng.uniform(size=(3, 3))),
        (rng.exponential(1e-4, size=(2, 5)), np.ones((2, 5))),
        (rng.exponential(1e3, size=(2, 5)), np.zeros((2, 5))),
        (np.array([[0.7]]), np.array([[0.3]])),
    )


EXERCISE = Exercise(
    name="map-mass",
    skeleton='''
def map_mass(maps, coverage):
    """Return the share of each map that lies in its box.

    maps: (..., n, patches), one map per image, not negative and not 0 everywhere
    coverage: (n, patches), the share of each patch inside the box, 0 to 1
    returns: (..., n)
    """
    ...
''',
    solution='''
def map_mass(maps, coverage):
    inside = (maps * coverage).sum(axis=-1)
    return inside / maps.sum(axis=-1)
''',
    reference=mass_inside,
    cases=maps_and_boxes,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "a map is not negative"),
    returns={"mass": ("image",)},
    mistakes=(
        Mistake("not-divided", "the mass is not divided by the whole map's", SHARE_LOOK,
                lambda a, c: (a * c).sum(-1)),
        Mistake("divided-by-coverage", "the sum is divided by the box's, not the map's",
                SHARE_LOOK, lambda a, c: (a * c).sum(-1) / c.sum(-1)),
        Mistake("divided-by-patches", "the sum is divided by the number of patches", SHARE_LOOK,
                lambda a, c: (a * c).mean(-1)),
        Mistake("divided-by-maximum", "the sum is divided by the largest value of the map",
                SHARE_LOOK, lambda a, c: (a * c).sum(-1) / a.max(-1)),
        Mistake("outside", "this is the share outside the box", "inside, c is near 1",
                share(lambda c: 1 - c)),
        Mistake("area", "this is the box's share of the area: the map is not in it", SHARE_LOOK,
                lambda a, c: mass_inside(np.ones_like(a), c)),
        Mistake("half-counts-whole", "patches count as a whole from one half on",
                "a patch on the rim counts with its share", share(lambda c: c >= 0.5)),
        Mistake("touched-counts-whole", "every patch that the box touches counts as a whole",
                "a patch on the rim counts with its share", share(lambda c: c > 0)),
        Mistake("rim-left-out", "patches on the rim do not count at all",
                "a patch on the rim counts with its share", share(lambda c: c == 1)),
        Mistake("hits", "this tells whether the highest patch hits",
                "all patches count, each with its value",
                lambda a, c: hits(a, c).astype(a.dtype)),
        Mistake("coverage-squared", "the coverage is used twice", SHARE_LOOK, share(np.square)),
        Mistake("map-squared", "the map is squared", SHARE_LOOK,
                lambda a, c: mass_inside(a**2, c)),
        Mistake("all-images-together", "all images share one sum of the map",
                "each map has a sum of its own: sum over the last axis",
                lambda a, c: (a * c).sum(-1) / a.sum()),
        Mistake("averaged", "the images are averaged", "one number per image: (..., n)",
                lambda a, c: mass_inside(a, c).mean(-1)),
        Mistake("over-images", "the sums run over the images", "patches are the last axis",
                lambda a, c: (a * c).sum(-2) / a.sum(-2)),
        Mistake("highest-patch", "the coverage of the highest patch comes back",
                "all patches count, each with its value", lambda a, c: np.take_along_axis(
                    np.broadcast_to(c, a.shape), a.argmax(-1)[..., None], -1)[..., 0]),
        Mistake("softmax-of-maps", "a softmax is taken of the maps first",
                "a map is used as it is, divided by its sum", lambda a, c: mass_inside(
                    np.exp(a - a.max(-1, keepdims=True)), c)),
        Mistake("divided-by-the-outside",
                "the mass inside is divided by the mass outside", SHARE_LOOK,
                lambda a, c: (a * c).sum(-1) / np.maximum((a * (1 - c)).sum(-1), 1e-300)),
        Mistake("rounded-coverage", "the share of a patch is rounded", "a patch on the rim counts "
                "with its share", share(np.rint)),
    ),
    properties=(BATCH_APART,),
)  # fmt: skip
