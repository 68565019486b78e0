"""Relations between tokens, what a head puts on them, and ranks of a search."""

import inspect
import re
from importlib.metadata import distribution
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from qkv_lib.data.docstrings import load_docstrings
from qkv_lib.data.senses import SENSES, sense_sentences
from qkv_lib.measures.relations import relation_mass, spread, token_relations
from qkv_lib.measures.retrieval import ranks
from tests.holds import holds
from tests.refusals import says

RNG = np.random.default_rng(3)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
@holds(
    "In general, $R_{ij}$ holds if key $j$ is of the kind for query $i$,",
)
def test_relations_are_what_their_names_say(row):
    ids = np.array(row)
    found = token_relations(ids, special=[0, 6])
    for i, a in enumerate(row):
        for j, b in enumerate(row):
            words = a not in (0, 6) and b not in (0, 6)
            assert found["previous"][i, j] == (words and j == i - 1)
            assert found["next"][i, j] == (words and j == i + 1)
            assert found["same word"][i, j] == (words and a == b and i != j)
            assert found["special"][i, j] == (a not in (0, 6) and b in (0, 6))


@holds(
    "$I$ is the set of queries with such a key:",
    "The score of a head is the mean weight that queries put on keys of one kind:",
)
def test_mass_counts_only_queries_with_a_related_key():
    weights = RNG.dirichlet(np.ones(5), size=(2, 3, 5))
    relation = np.zeros((5, 5), dtype=bool)
    relation[1, [0, 3]] = relation[4, 4] = True
    mass = relation_mass(weights, relation)
    expected = np.stack([weights[..., 1, 0] + weights[..., 1, 3], weights[..., 4, 4]], axis=-1)
    np.testing.assert_allclose(mass, expected)
    np.testing.assert_allclose(relation_mass(weights, np.ones((5, 5), bool)), 1)
    assert relation_mass(weights, np.zeros((5, 5), bool)).shape == (2, 3, 0)


@holds(
    "For same word in the cat saw the dog, the two the are the only queries, "
    "and each is the key of the other.",
    "If the first puts 0.3 of its weight on the second, and the second 0.5 on the first, "
    "the score is 0.4.",
)
def test_two_equal_words_ask_for_each_other():
    same = token_relations(np.array([0, 1, 2, 3, 1, 4, 6]), special=[0, 6])["same word"]
    assert np.argwhere(same).tolist() == [[1, 4], [4, 1]]
    weights = np.zeros((7, 7))
    weights[1, 4], weights[4, 1] = 0.3, 0.5
    assert np.isclose(relation_mass(weights, same).mean(), 0.4)


@holds("This is 1 when all weights are equal, and 0 when one key has all the weight.")
def test_spread_runs_from_one_key_to_all():
    assert spread(np.eye(4)).tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(spread(np.full((2, 7), 1 / 7)), 1)
    np.testing.assert_allclose(spread(np.array([[0.5, 0.5, 0.0, 0.0]])), 0.5)


def test_ranks_count_the_better_documents_and_half_the_ties():
    s = RNG.integers(0, 4, size=(20, 9)).astype(float)
    right = RNG.integers(0, 9, size=20)
    for row, c, rank in zip(s, right, ranks(s, right), strict=True):
        better = sum(x > row[c] for x in row)
        ties = sum(x == row[c] for j, x in enumerate(row) if j != c)
        assert rank == 1 + better + ties / 2
    assert ranks(np.zeros((2, 5)), np.array([0, 4])).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: token_relations(np.zeros((2, 2), int)), ValueError, "ids has shape (2, 2)"),
        (lambda: relation_mass(np.eye(3), np.eye(3)), TypeError, "relation has dtype float64"),
        (lambda: relation_mass(np.eye(3), np.eye(2, dtype=bool)), ValueError,
         "weights has shape (3, 3) and relation (2, 2)"),
        (lambda: spread(np.ones((3, 1))), ValueError, "weights has 1 keys"),
        (lambda: ranks(np.ones((2, 3)), np.array([0])), ValueError, "similarity has shape (2, 3)"),
        (lambda: ranks(np.ones((2, 3)), np.array([0, 3])), ValueError, "outside 0 to 2"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_the_docstrings_are_prose_and_each_pair_is_unique():
    entries = load_docstrings()
    assert len({e.title for e in entries}) == len({e.text for e in entries}) == len(entries) > 300
    for entry in entries:
        assert entry.title.endswith(".")
        assert entry.text.endswith(".")
        assert not set("`*\n\\$") & set(entry.title + entry.text)


@holds(
    "The sentences come from the docstrings of SciPy (under its BSD-3-Clause licence).",
    "Each docstring gives a title, its first line, and a text, its next paragraph;",
)
def test_title_and_text_are_the_first_two_paragraphs():
    entry = next(each for each in load_docstrings() if each.name == "generic_filter")
    first, second = (inspect.getdoc(scipy.ndimage.generic_filter) or "").split("\n\n")[:2]
    assert entry.title == first
    assert second.split()[:8] == entry.text.split()[:8]
    assert "BSD" in str(distribution("scipy").metadata)


def test_the_order_of_the_docstrings_is_that_of_the_names_of_the_files(monkeypatch):
    files = [file for file in distribution("scipy").files if str(file).startswith("scipy/signal/")]
    listed = SimpleNamespace(files=files)
    monkeypatch.setattr("qkv_lib.data.docstrings.distribution", lambda _: listed)
    entries = load_docstrings()
    assert len(entries) > 10
    listed.files = files[::-1]
    assert load_docstrings() == entries


def test_a_missing_scipy_is_named(monkeypatch):
    monkeypatch.setattr("qkv_lib.data.docstrings.PACKAGE", "absent")
    with says(FileNotFoundError, "the package absent is not installed: pip install absent"):
        load_docstrings()


def test_each_word_has_two_senses_of_four_sentences():
    assert [len(s) for senses in SENSES.values() for s in senses.values()] == [4] * 12
    uses = sense_sentences()
    assert len({use.sentence for use in uses}) == 48
    assert all(use.sentence.lower().split().count(use.word) <= 1 for use in uses)
