"""Exercise 8.2.1: a mask for a tree of drafted tokens."""

# ruff: noqa: ARG005  # a wrong function takes all the arguments, used or not

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qkv_lib.formula.arrays import Array
from qkv_lib.formula.rules import tree
from qkv_lib.practice.exercise import Case, Exercise, Function, Mistake
from qkv_lib.practice.inputs import Generator

TREE_LOOK = (
    "a token sees the whole text, itself, and what its parent sees; a parent of −1: the text"
)


def tree_mask(parents: Array, n_text: int) -> Array:
    """Return the library's mask."""
    n = len(parents)
    return tree(parents, start=n_text).mask(n, n_text + n, offset=n_text)


def trees(rng: Generator) -> Iterator[Case]:
    """Yield drafts that branch, chains, and drafts with several first tokens."""
    for n, n_text in ((5, 3), (8, 2), (11, 5), (7, 7), (3, 0), (13, 1)):
        parents = np.array([rng.integers(-1, i) if i else -1 for i in range(n)])
        parents[2] = 0  # a token with two children, of which the last is not the token before
        yield Case("plain", (parents, n_text))
    yield Case("plain", (np.array([-1, 0, 1, 0, -1, 4, 2]), 3))
    yield Case("plain", (np.arange(-1, 5), 2))


def masked(inside: Function, text: Function = lambda m, k: np.ones((m, k), bool)) -> Function:
    """Return a mask from what the draft sees of itself and what it sees of the text."""

    def wrong(parents: Array, n_text: int) -> Array:
        n = len(parents)
        seen = np.asarray(inside(parents, tree(parents).mask(n)), bool)
        return np.concatenate([text(n, n_text), seen], axis=1)

    return wrong


def depths(parents: Array) -> Array:
    """Return how far each token stands from the text."""
    found: list[int] = []
    for parent in parents:
        found.append(found[parent] + 1 if parent >= 0 else 0)
    return np.array(found)


def parent_only(parents: Array, _: Array) -> Array:
    """See itself and its parent, and no grandparent."""
    near = np.eye(len(parents), dtype=bool)
    for i, parent in enumerate(parents):
        if parent >= 0:
            near[i, parent] = True
    return near


def wrapped(parents: Array, _: Array) -> Array:
    """Take a parent of −1 for the last token."""
    wrong = np.eye(len(parents), dtype=bool)
    for i, parent in enumerate(parents):
        wrong[i] |= wrong[parent]
    return wrong


def zero_forgotten(parents: Array, _: Array) -> Array:
    """Take 0 for no parent, as a test for `parent > 0` does."""
    wrong = np.eye(len(parents), dtype=bool)
    for i, parent in enumerate(parents):
        if parent > 0:
            wrong[i] |= wrong[parent]
    return wrong


def two_up(parents: Array, seen: Array) -> Array:
    """See the parent and its parent, and no further."""
    near = parent_only(parents, seen).astype(int)
    return near @ near > 0


def three_up(parents: Array, seen: Array) -> Array:
    """See the parent, its parent and that one's, and no further."""
    near = parent_only(parents, seen).astype(int)
    return near @ near @ near > 0


def parent_under_the_text(parents: Array, n_text: int) -> Array:
    """Set the column of the parent alone, as if no text stood before it."""
    n = len(parents)
    wrong = np.zeros((n, n_text + n), dtype=bool)
    wrong[:, :n_text] = True
    wrong[np.arange(n), n_text + np.arange(n)] = True
    child = np.flatnonzero(parents >= 0)
    wrong[child, parents[child]] = True
    return wrong


def siblings(parents: Array, seen: Array) -> Array:
    """See the earlier children of the same parent too."""
    return seen | np.tril(parents[:, None] == parents[None, :])


def siblings_of_all(parents: Array, seen: Array) -> Array:
    """See the earlier siblings of the ancestors too."""
    wrong = siblings(parents, seen)
    for i, parent in enumerate(parents):
        if parent >= 0:
            wrong[i] |= wrong[parent]
    return wrong


def under_the_text(parents: Array, n_text: int) -> Array:
    """Set the columns of the ancestors as if no text stood before them."""
    n = len(parents)
    wrong = np.zeros((n, n_text + n), dtype=bool)
    wrong[:, :n] = tree(parents).mask(n) & ~np.eye(n, dtype=bool)
    wrong[:, :n_text] = True
    wrong[np.arange(n), n_text + np.arange(n)] = True
    return wrong


def edges(_: Generator) -> tuple[tuple[Any, ...], ...]:
    """Return one token, no text, and tokens, two or three, that all follow the text."""
    alone, all_first, two = np.array([-1]), np.array([-1, -1, -1]), np.array([-1, -1])
    return (alone, 0), (alone, 4), (all_first, 2), (two, 1)


EXERCISE = Exercise(
    name="tree-mask",
    skeleton='''
def tree_mask(parents, n_text):
    """Return the mask under which a tree of drafted tokens is checked in one pass.

    parents: (n,), integers, place of the token before, −1 for the end of the text
    n_text: tokens of the text, which stand before the drafted ones
    returns: (n, n_text + n), boolean, True = may attend
    """
    ...
''',
    solution='''
def tree_mask(parents, n_text):
    n = len(parents)
    seen = np.eye(n, dtype=bool)
    for i, parent in enumerate(parents):
        if parent >= 0:
            seen[i] |= seen[parent]
    return np.concatenate([np.ones((n, n_text), dtype=bool), seen], axis=1)
''',
    reference=tree_mask,
    cases=trees,
    edges=edges,
    without=dict.fromkeys(("low", "rows"), "its arguments are counts and places")
    | {"first": "the first drafted token follows the text"},
    returns={"mask": ("query", "key")},
    dtype=True,
    mistakes=(
        Mistake("causal", "every token sees all that stand before it, other branches too",
                TREE_LOOK, masked(lambda p, seen: np.tril(np.ones_like(seen)))),
        Mistake("parents-only", "a token sees its parent, but not the parent's ancestors",
                TREE_LOOK, masked(parent_only)),
        Mistake("not-itself", "a token does not see itself", TREE_LOOK,
                masked(lambda p, seen: seen & ~np.eye(len(p), dtype=bool))),
        Mistake("text-hidden", "the text is hidden", TREE_LOOK,
                masked(lambda p, seen: seen, lambda m, k: np.zeros((m, k), bool))),
        Mistake("text-for-the-first", "only tokens without a parent see the text", TREE_LOOK,
                lambda p, k: np.concatenate(
                    [np.repeat(p[:, None] < 0, k, axis=1), tree(p).mask(len(p))], axis=1)),
        Mistake("text-last", "the columns of the text stand behind those of the draft",
                "the text stands before the drafted tokens",
                lambda p, k: np.roll(tree_mask(p, k), -k, axis=1)),
        Mistake("text-cut", "the last token of the text is hidden", TREE_LOOK,
                masked(lambda p, seen: seen, lambda m, k: np.repeat(
                    np.arange(k)[None] < k - 1, m, axis=0))),
        Mistake("places-not-moved", "ancestors are marked as if no text stood before them",
                "drafted token j has column n_text + j", under_the_text),
        Mistake("zero-is-no-parent", "a parent of 0 is taken for none",
                "0 is the first drafted token; −1 is none", masked(zero_forgotten)),
        Mistake("two-generations", "a token sees its parent and the parent's parent, no further",
                TREE_LOOK, masked(two_up)),
        Mistake("siblings", "a token sees other children of its parent", TREE_LOOK,
                masked(siblings)),
        Mistake("siblings-of-all", "a token sees siblings, its own and those of its ancestors",
                TREE_LOOK, masked(siblings_of_all)),
        Mistake("shallower", "a token sees all that stand less deep, other branches too", TREE_LOOK,
                masked(lambda p, seen: (depths(p)[:, None] > depths(p)[None, :])
                       | np.eye(len(p), dtype=bool))),
        Mistake("additive", "0 and −∞ are returned, which are added to scores",
                "True = may attend", lambda p, k: np.where(tree_mask(p, k), 0.0, -np.inf)),
        Mistake("text-causal", "a token sees only as many tokens of the text as have passed: "
                "it stands before all of them", TREE_LOOK,
                masked(lambda p, seen: seen, lambda m, k: np.tri(m, k, dtype=bool))),
        Mistake("descendants", "rows and columns are swapped: a token sees its descendants",
                "a row says what a query may see", masked(lambda p, seen: seen.T)),
        Mistake("both-ways", "ancestors see their descendants too", TREE_LOOK,
                masked(lambda p, seen: seen | seen.T)),
        Mistake("minus-one-wraps", "a parent of −1 is taken for the last place, as Python counts",
                "test for −1 before you look a row up", masked(wrapped)),
        Mistake("same-depth", "a token sees all that stand no deeper than it does",
                TREE_LOOK, masked(lambda p, seen: depths(p)[:, None] >= depths(p)[None, :])),
        Mistake("only-itself", "a token sees itself and the text alone", TREE_LOOK,
                masked(lambda p, seen: np.eye(len(p)))),
        Mistake("inverted", "True and False are swapped", "True = may attend",
                lambda p, k: ~tree_mask(p, k)),
        Mistake("three-generations", "a token sees three generations of ancestors, no further",
                TREE_LOOK, masked(three_up)),
        Mistake("all-up-to-the-parent", "a token sees all that stand before its parent, other "
                "branches too", TREE_LOOK, masked(lambda p, seen: (
                    np.arange(len(p)) <= p[:, None]) | np.eye(len(p), dtype=bool))),
        Mistake("first-draft-for-all", "every token sees the first drafted one",
                "several tokens may follow the text: it is no ancestor of all",
                masked(lambda p, seen: seen | (np.arange(len(p)) == 0))),
        Mistake("parent-not-moved", "the parent is marked as if no text stood before it",
                "drafted token j has column n_text + j", parent_under_the_text),
    ),
)  # fmt: skip
