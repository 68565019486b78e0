"""Formulas of the library's docstrings, as they stand there, against what it computes."""

from collections.abc import Mapping

import pytest

from tests.equations import documented_arrays, documented_models, documented_variants
from tests.equations.claims import judged
from tests.equations.docstrings import displayed

CASES = {**documented_arrays.CASES, **documented_variants.CASES, **documented_models.CASES}
"""What gives the formula of each docstring its values."""

SAME: Mapping[str, Mapping[str, str]] = {
    "exact.tiles.merge": dict.fromkeys(
        ("e^ → 3^ (2)", "e^ → 3^ (4)"), "the second part has the peak: its exponent is 0"
    ),
    "formula.gradients.softmax_jacobian": {"ij → ji": "the identity is symmetric"},
    "variants.linear.elu_plus_one": {"0 → 7 (2)": "what is above 0 has been taken by then"},
}

AS: Mapping[str, tuple[str, str, str]] = {
    "models.decoding.greedy": (
        r"_y\, p(y ",
        r"_z\, p(z ",
        "the symbol that is tried has the letter of those written",
    ),
    "models.translator.RecurrentTranslator": (
        r"a_t &= \mathrm{softmax}_j\, \mathrm{score}(s_t, h_j)",
        r"a_{tj} &= \mathrm{softmax}_j(\mathrm{score}(s_t, h_j))",
        "the same for each j",
    ),
}
"""What is read in another form, and why that means the same."""

UNREAD = {
    "layers.initialise.initialise": "a law of chance; its own test draws from it",
    "models.ngrams.NGrams": "counts pieces of a text; its own test counts them out",
}
"""The formulas that nothing evaluates, and why. The list can only become shorter."""


def test_every_formula_of_a_docstring_is_evaluated_but_these() -> None:
    found, cases = displayed(), CASES
    assert sorted(found.keys() - cases.keys() - UNREAD.keys()) == [], (
        "no case evaluates the formulas of these docstrings: give their symbols values in CASES of "
        "tests/equations/documented_arrays.py, _variants or _models"
    )
    assert sorted((cases.keys() | UNREAD.keys()) - found.keys()) == [], "no docstring has these"
    assert len(UNREAD) <= 2, "evaluate what is new"
    assert len(found) > 80


@pytest.mark.parametrize("name", CASES)
def test_the_formula_of_the_docstring_is_what_is_computed(name: str) -> None:
    text = displayed()[name]
    if name in AS:
        text = text.replace(*AS[name][:2])
        assert text != displayed()[name]
    cases = CASES[name]()
    cases = cases if isinstance(cases, list) else [cases]
    judged(f"the docstring of {name}", text, cases, SAME.get(name, {}))
