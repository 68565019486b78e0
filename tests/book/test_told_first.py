"""What the home page and the table of years tell: each sentence beside what computes it."""

import re
import tomllib

import nbformat
import numpy as np
import yaml

from qkv_lib.data.sentence import ASKED, COLD, FEATURES, GUESS, LIKE, THIRSTY, layers, rows, step
from tests.holds import holds
from workshop.pages import BOOK, ROOT

CAT, MILK, IT, LAST = (THIRSTY.index(word) for word in ("cat", "milk", "it", "thirsty"))
HEAD = step(rows(THIRSTY), GUESS)


def features(word: str) -> set[str]:
    """Return the features that a word has."""
    return {FEATURES[i] for i in np.flatnonzero(rows(word)[0])}


@holds(
    "Each word is a short list of features: cat is a thing and is living, and it is a pronoun.",
)
def test_words_are_lists_of_features() -> None:
    assert {"thing", "living"} <= features("cat")
    assert features("it") == {"pronoun"}


@holds(
    "The pronoun it asks for a living thing.",
    "Cat is found as a living thing, milk as a thing to drink.",
)
def test_what_is_asked_for_and_what_is_found() -> None:
    asked, cat, milk = (
        {ASKED[i] for i in np.flatnonzero(row)} for row in (HEAD.Q[IT], HEAD.K[CAT], HEAD.K[MILK])
    )
    assert asked == cat == {"thing", "living"}
    assert milk == {"thing", "drink"}


@holds(
    "multiply them feature by feature, and add up the products.",
    "It scores 8 with cat, 4 with milk and 0 with every other word.",
)
def test_scores_of_it() -> None:
    assert np.array_equal(HEAD.scores[IT], (HEAD.Q[IT] * HEAD.K).sum(axis=1))
    assert dict(enumerate(HEAD.scores[IT])) == {**dict.fromkeys(range(9), 0), CAT: 8, MILK: 4}


@holds(
    "The scores are divided by 2 (chapter 4 says why), and a function named softmax turns them "
    "into weights that add up to 1.",
    "Most of the weight goes to cat.",
    "It receives the sum of all the values, each multiplied by its weight.",
)
def test_weights_and_output_of_it() -> None:
    powers = np.exp(HEAD.scores[IT] / 2)
    np.testing.assert_allclose(HEAD.weights[IT], powers / powers.sum())
    assert np.isclose(HEAD.weights[IT].sum(), 1)
    assert HEAD.weights[IT, CAT] > 0.5
    np.testing.assert_allclose(HEAD.output[IT], (HEAD.weights[IT, :, None] * HEAD.V).sum(axis=0))


@holds(
    "This time the milk was cold, but attention still finds the cat, because it asks the same "
    "question as before.",
)
def test_one_layer_finds_the_cat_in_both_sentences() -> None:
    cold = step(rows(COLD), GUESS)
    assert cold.weights[IT].argmax() == CAT
    assert np.array_equal(cold.Q[IT], HEAD.Q[IT])


@holds(
    "Choose two layers, and it asks twice.",
    "The first question is what is it like?, and the last word answers.",
    "The second is who is like that?, and now attention finds the milk.",
)
def test_two_layers_find_the_milk() -> None:
    first, second = layers(COLD)
    assert LIKE.name == "what is it like?"
    assert first.weights[IT].argmax() == LAST
    assert second.weights[IT].argmax() == MILK
    assert layers(THIRSTY)[1].weights[IT].argmax() == CAT


@holds("For these you need Python 3.11, 3.12 or 3.13, make and git.")
def test_the_versions_of_python_are_those_of_the_project() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert asked["project"]["requires-python"] == ">=3.11,<3.14"


@holds("The chapters follow the nine sections of that article.")
def test_there_are_nine_chapters() -> None:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    assert [p[5:7] for p in parts if re.match(r"book/0\d", p)] == [f"0{n}" for n in range(1, 10)]


def years() -> dict[str, str]:
    """Return the year of each work in the bibliography."""
    text = (BOOK / "references.bib").read_text(encoding="utf-8")
    return dict(re.findall(r"@\w+\{(\w+),.*?year\s*=\s*\{(\d{4})\}", text, re.DOTALL))


@holds(
    "The years are those in which the works were first posted or printed.",
    "The idea of the soft lookup is half a century older than attention.",
    "In 1964 Nadaraya and Watson independently gave the same answer:",
    "In 2014 the soft lookup came to machine translation.",
    "The weighted average is old.",
)
def test_years_of_the_table() -> None:
    cells = nbformat.read(BOOK / "01-background.ipynb", as_version=4).cells
    table = next(cell.source for cell in cells if cell.id == "ch01-timeline-table-text")
    found = years()
    lines = re.findall(r"^\| (\d{4}[^|]*) \|(.*)", table, re.MULTILINE)
    assert len(lines) == 10
    for cell, rest in lines:
        works = re.findall(r"`(\w+)`", rest)
        assert works
        assert {found[work] for work in works} == set(re.findall(r"\d{4}", cell))
    assert found["nadaraya1964"] == found["watson1964"] == "1964"
    assert int(found["bahdanau2014"]) - int(found["nadaraya1964"]) == 50
