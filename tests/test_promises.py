"""Each error that a docstring promises can be raised: some error of its kind speaks of the same.

Where words do not tell, a call here raises it.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from qkv_lib.data import sentence
from qkv_lib.exact.ring import held_by
from qkv_lib.experiments import recall
from qkv_lib.experiments.table import stored_table
from qkv_lib.explorers.rope import rope
from qkv_lib.formula.masks import padding_mask
from qkv_lib.models.gpt import windows
from qkv_lib.models.sampling import next_probabilities
from qkv_lib.models.translation import load_translator
from qkv_lib.plots.vector import inlined
from qkv_lib.practice import check, grade
from qkv_lib.variants.convolution import convolve
from qkv_lib.variants.delta import delta_attention
from tests.promises import Promise, is_kept, promises
from tests.test_docstrings import FUNCTIONS, section

X, RNG = np.ones((3, 4)), np.random.default_rng(0)
CALLS: dict[tuple[str, str], tuple[type[Exception], Callable[[], Any]]] = {
    ("rows", "there is none"): (ValueError, lambda: sentence.rows([])),
    ("words_of", "there is none"): (ValueError, lambda: sentence.words_of("")),
    ("held_by", "``n`` cannot be shared"): (ValueError, lambda: held_by(0, 3, n_ranks=2)),
    ("pairs", "``n`` is more than 64"): (ValueError, lambda: recall.pairs(RNG, 65)),
    ("stored_table", "Nothing of that name is stored"): (
        FileNotFoundError, lambda: stored_table("nothing")),
    ("rope", "``query``"): (TypeError, lambda: rope([1], [2])),
    ("padding_mask", "``n_keys``"): (TypeError, lambda: padding_mask(np.array([1]), 1.5)),
    ("windows", "The text is shorter than a window"): (
        ValueError, lambda: next(windows(np.arange(3), 5, RNG))),
    ("next_probabilities", "``temperature`` is not a number above 0"): (
        ValueError, lambda: next_probabilities(torch.ones(3), temperature=0)),
    ("load_translator", "There is no translator of that name"): (
        ValueError, lambda: load_translator("nobody")),
    ("inlined", "There is no layout in it"): (ValueError, lambda: inlined("<p>", "alt", "name")),
    ("check", "Nothing that ``yours`` does is raised"): (ValueError, lambda: check("no", None)),
    ("grade", "Nothing that ``yours`` does is raised"): (ValueError, lambda: grade("no", None)),
    ("convolve", "``k`` is even"): (ValueError, lambda: convolve(X, np.ones((2, 2)))),
    ("delta_attention", "``strength``"): (
        ValueError, lambda: delta_attention(X, X, X, np.ones((2, 2)))),
}  # fmt: skip

# Clauses that point to another function, or need processes, files that are gone, other tools:
# tests of their own raise them.
ELSEWHERE = {
    ("ring_attention", "are cut unequally"): "tests/exact/test_ring.py",
    ("greedy", "``source`` is not padded at the end only"): "tests/models/test_decoding.py",
    ("load_encoder", "see `qkv_lib.data.pretrained`"): "tests/models/test_encoder.py",
    ("write", "`next_probabilities` refuses"): "tests/models/test_gpt.py",
    ("frame", "reaches beyond the map"): "tests/plots/test_plots.py",
    ("ask", "the tool has no such masks"): "tests/rosetta/test_rosetta.py",
    ("ask", "its shape is not what the tool takes"): "tests/rosetta/test_rosetta.py",
    ("probe", "The tool is not installed"): "tests/rosetta/test_rosetta.py",
    ("delta_attention", "The operands are not what `qkv_lib.attention` needs"):
        "tests/variants/test_delta.py",
}  # fmt: skip


def clauses() -> list[tuple[Promise, Callable[..., Any]]]:
    """Return every promise of an error, with its function."""
    said = {name: section(inspect.getdoc(each) or "", "Raises") for name, each in FUNCTIONS.items()}
    return [(each, FUNCTIONS[name]) for name, text in said.items() for each in promises(name, text)]


def key(promise: Promise) -> tuple[str, str]:
    return promise.function.rpartition(".")[2], promise.clause


def test_each_promise_is_spoken_of_by_an_error_or_has_a_call_that_raises_it() -> None:
    found = clauses()
    untold = [promise for promise, function in found if not is_kept(promise, function)]
    assert len(found) > 250
    assert [each for each in untold if key(each) not in CALLS.keys() | ELSEWHERE.keys()] == []
    assert {key(each) for each in untold} == CALLS.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("name", CALLS, ids=str)
def test_the_call_raises_what_is_promised(name: tuple[str, str]) -> None:
    kind, call = CALLS[name]
    with pytest.raises(kind):
        call()


def refuses(n: int) -> None:
    """Refuse.

    Raises
    ------
    ValueError
        ``n`` is even, or it is above seven.
    KeyError
        ``n`` is odd.
    """
    if n % 2 == 0:
        raise ValueError(f"{n} is even")


def test_a_promise_that_no_error_speaks_of_is_found() -> None:
    found = list(promises("refuses", section(inspect.getdoc(refuses) or "", "Raises")))
    assert [each.clause for each in found] == ["``n`` is even", "it is above seven", "``n`` is odd"]
    assert [is_kept(each, refuses) for each in found] == [True, False, False]
