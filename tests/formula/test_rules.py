"""Rules: masks as functions of positions, against masks written out."""

from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib.formula.rules import Rule, causal, documents, everything, prefix, tree, within
from tests.arrays import LIBRARIES, array, plain
from tests.refusals import says


def by_loops(allows: Any, n: int, m: int, offset: int = 0) -> Any:
    return np.array([[bool(allows(i + offset, j)) for j in range(m)] for i in range(n)])


@pytest.mark.parametrize("lib", LIBRARIES)
@pytest.mark.parametrize(("n", "m", "offset"), [(5, 5, 0), (3, 7, 4), (1, 1, 0), (4, 2, 1)])
def test_simple_rules_are_what_they_say(lib: str, n: int, m: int, offset: int) -> None:
    like = array(lib, [1.0])
    for rule, allows in (
        (everything, lambda i, j: i >= 0 and j >= 0),
        (causal, lambda i, j: j <= i),
        (within(2), lambda i, j: abs(i - j) < 2),
        (prefix(2), lambda i, j: i >= 0 and j < 2),
        (causal & within(2) | prefix(1), lambda i, j: (j <= i and i - j < 2) or j < 1),
        (~causal, lambda i, j: j > i),
    ):
        found = rule.mask(n, m, offset=offset, like=like)
        assert type(found) is type(like)
        assert (plain(found) == by_loops(allows, n, m, offset)).all()


def test_documents_with_a_batch_have_an_axis_for_the_heads() -> None:
    ids = np.array([[0, 0, 1, 1], [0, 1, 1, 2]])
    mask = documents(ids).mask(4)
    assert mask.shape == (2, 1, 4, 4)
    for b in range(2):
        assert (mask[b, 0] == documents(ids[b]).mask(4)).all()
        assert (mask[b, 0] == by_loops(lambda i, j, b=b: ids[b, i] == ids[b, j], 4, 4)).all()


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_tree_shows_each_token_its_ancestors_and_the_text_before(lib: str) -> None:
    parents = [-1, 0, 0, 1, -1]
    start = 2
    rule = tree(array(lib, parents, "int64"), start=start)

    def allows(i: int, j: int) -> bool:
        if j < start:
            return True
        place = i - start
        while place >= 0:
            if place == j - start:
                return True
            place = parents[place]
        return False

    found = rule.mask(5, offset=start, like=array(lib, [1.0]))
    assert (plain(found) == by_loops(allows, 5, 7, start)).all()


def test_a_chain_is_the_causal_rule() -> None:
    assert (tree(np.arange(-1, 4)).mask(5) == causal.mask(5)).all()


def test_a_rule_says_its_name() -> None:
    assert repr(causal & within(3) | ~prefix(2)) == "<rule: ((causal & within 3) | ~prefix 2)>"
    assert repr(Rule(lambda i, j: i == j)) == "<rule: rule>"


def test_refuses() -> None:
    with says(TypeError, "ids has dtype float64, needs an integer dtype"):
        documents(np.zeros(3))
    with says(ValueError, "ids has shape (1, 1, 3), needs (n,) or (batch, n)"):
        documents(np.zeros((1, 1, 3), int))
    with says(ValueError, "parents holds 1 at place 1, needs −1 to 0"):
        tree(np.array([-1, 1]))
    with says(ValueError, "parents has shape (1, 2), needs (n,)"):
        tree(torch.zeros(1, 2, dtype=torch.int64))
    with says(ValueError, "window is 0, needs an integer of at least 1"):
        within(0)
    with says(ValueError, "length is -1, needs an integer of at least 0"):
        prefix(-1)
