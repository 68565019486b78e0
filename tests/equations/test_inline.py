"""The formulas in running text that state something are evaluated, or set what the code sets."""

import re
from collections import Counter, defaultdict
from functools import cache

import nbformat
import pytest

from tests.equations.claims import judged
from tests.equations.inline import Stated, stated
from tests.equations.inline_cases import CLAIMS
from workshop.pages import BOOK

SET: dict[str, dict[str, str]] = {
    "06-1-images": {"s = 7": "x = to_patches(image, 7)"},
    "07-tools": {"d_k = 2": "(1, 4, 2): a batch of one"},
    "08-outlook": {
        "d_k = 16": 'reached("softmax, d_k 16", 800)', "d_k = 8": "limit = np.exp(np.sqrt(8))",
    },
    "08-1-memory": {
        "d_c = 512": '"MLA, DeepSeek-V2": 512 + 64', "d_r = 64": '"MLA, DeepSeek-V2": 512 + 64',
    },
}  # fmt: skip
"""Numbers that a page chooses, by page, and the words of its code that choose them."""

SUPPOSED: dict[str, tuple[str, ...]] = {
    "what the sentence supposes": (
        "V = K", "W_Q = W_K", "Q = K = XW", "Q = K = V", "Q = K = X", "K = V = x", "Q = 0",
        "u = 0", "W_Q = T_{-3}", "n_q = n_k", "g = 1", "w = 1",
        r"\lVert k_t \rVert = 1", r"\beta_t = 1", r"\alpha_t = 1", r"\alpha_t < 1",
        r"\phi(k_j)\, S = v_j", r"n = d_\phi", r"p_0 = -\infty", "j = l", "[j = l]",
        r"\lVert k_1 \rVert = \dots = \lVert k_{n_k} \rVert",
    ),
    "which numbers a symbol may be": (r"\tau > 0", r"\sigma > 0"),
    "a derivative of a whole model: the cell below takes it": (
        r"\partial\, \text{out}_i / \partial\, \text{in}_j = 0", "j > i",
    ),
    "the entries of a matrix that eq-mathematics-jacobian evaluates": (
        "p_j([j = l] - p_l)",
    ),
    "a size of a stored model, in its table": ("d = 64",),
    "a published model's size, from its report; page 08-1 computes with it": (
        "d_c = 512", "d_r = 64",
    ),
}  # fmt: skip
"""Formulas that claim nothing by themselves, by what they do. The list can only become shorter."""

NUMBERS: dict[str, str] = {
    "path": "d_k = 4",
    "02-concepts": r"\sqrt{d_k} = 2",
    "04-mathematics": "d_k = 4; d_v = 2",
    "05-practice": "u = 0",
    "06-1-images": "s = 7",
    "06-3-translation": "d = 64; w = 1",
    "07-tools": "d_k = 2; Q = 0",
    "08-outlook": "g = 1; d_k = 16; d_k = 8",
    "08-1-memory": "B = 2; d_c = 512; d_r = 64",
    "08-3-longer": r"\beta_t = 1; \beta_t = 1; \alpha_t = 1; "
    r"\lVert k_t \rVert = 1",
}  # fmt: skip
"""The numbers that symbols get on each page: what is so on one page need not be on another."""

SETS_A_NUMBER = re.compile(r"(?!.*(?:e\^|\\ln|\\cdot|\\partial))[^=<>]*= -?[\d.]+")


@cache
def code(page: str) -> str:
    """Return the code of a page."""
    cells = nbformat.read(BOOK / f"{page}.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def unexplained(one: Stated) -> bool:
    """Tell whether nothing evaluates a formula, and nothing says why not."""
    supposed = any(one.formula in each for each in SUPPOSED.values())
    return not (one.formula in CLAIMS or one.formula in SET.get(one.page, {}) or supposed)


def test_every_formula_in_running_text_is_evaluated_or_says_why_not() -> None:
    found = [f"{one.place}: ${one.formula}$" for one in stated() if unexplained(one)]
    assert found == [], (
        "nothing evaluates these. If a formula has changed, see whether it is still so; then give "
        "its symbols values in tests/equations/inline_cases.py, or say in test_inline.py what sets "
        "it (SET) or that it only supposes something (SUPPOSED)"
    )


def test_what_is_listed_stands_on_a_page() -> None:
    formulas = {one.formula for one in stated()}
    on_page = {(one.page, one.formula) for one in stated()}
    assert sorted(CLAIMS.keys() - formulas) == []
    assert [(page, each) for page in SET for each in SET[page] if (page, each) not in on_page] == []
    supposed = [each for group in SUPPOSED.values() for each in group]
    assert [each for each in supposed if each not in formulas] == []
    assert len(supposed) <= 37, "evaluate what is new"
    assert len(formulas) > 90


@pytest.mark.parametrize("formula", CLAIMS)
def test_a_formula_in_running_text_is_so(formula: str) -> None:
    claim = CLAIMS[formula]
    where = sorted({one.place for one in stated() if one.formula == formula})
    judged(f"${formula}$ at {', '.join(where)}", claim.within.format(formula), [claim.case()],
           claim.same)  # fmt: skip


@pytest.mark.parametrize(
    ("page", "formula"), [(page, formula) for page, all_ in SET.items() for formula in all_]
)
def test_a_chosen_number_is_the_one_in_the_code(page: str, formula: str) -> None:
    words = SET[page][formula]
    number = re.search(r"\d+$", formula)
    assert words in code(page), (
        f"{page}: no cell says {words!r} any more, so what sets ${formula}$?"
    )
    assert number
    assert re.search(rf"\b{number[0]}\b", words), f"{page}: {words!r} does not set ${formula}$"


def test_a_symbol_gets_the_numbers_of_its_page() -> None:
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for one in stated():
        if SETS_A_NUMBER.fullmatch(one.formula):
            numbers[one.page][one.formula] += 1
    recorded = {page: Counter(each.split("; ")) for page, each in NUMBERS.items()}
    for page in numbers.keys() | recorded.keys():
        found, noted = numbers.get(page, Counter()), recorded.get(page, Counter())
        assert found == noted, (
            f"{page} says {dict(found - noted)} where NUMBERS has {dict(noted - found)}: see what "
            "sets the number, mend the one that is wrong"
        )
