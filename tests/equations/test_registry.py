"""Every display equation of the book is labelled, evaluated as it is printed, and bites."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.equations import formulas, registry
from tests.equations.claims import given, judged, wrong
from tests.equations.labels import Equation, display_equations, faults
from tests.equations.mutants import mutants
from tests.holds import holds

BY_HAND = {"eq-translation-beam"}
"""Which no evaluator reads: the reasons stand at their tests."""


@pytest.fixture(autouse=True, scope="module")
def all_tests() -> None:
    for module in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"tests.equations.{module.stem}")


@holds(
    "Every numbered equation has a test that computes what the formula says and compares it with "
    "the library.",
)
def test_every_display_equation_of_the_book_has_a_test() -> None:
    assert faults(formulas.equations_of_the_book(), registry.TESTS) == []


def test_all_but_these_are_evaluated_as_they_are_printed() -> None:
    assert set(registry.BY_HAND) == BY_HAND
    assert all(registry.BY_HAND.values())
    assert len(BY_HAND) < 0.05 * len(registry.TESTS)


def test_a_formula_that_changed_since_its_test_by_hand_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "TESTS", {})
    monkeypatch.setattr(registry, "BY_HAND", {})
    monkeypatch.setattr(registry, "printed", lambda: {"eq-x": "a = b"})
    of_now = registry.by_hand("eq-x", registry.digest_of("a  =\nb"), "words")(lambda: None)
    of_now()
    registry.TESTS.clear()
    of_then = registry.by_hand("eq-x", "12345678", "words")(lambda: None)
    with pytest.raises(AssertionError, match=r"eq-x has changed .* then give it"):
        of_then()


SYMBOLS = {"a": 2.0, "b": 3.0, "x": [1.0, 4.0]}


@pytest.mark.parametrize(
    ("names", "latex", "holds"),
    [
        ("ab", r"a + b = 5", True),
        ("ab", r"a - b = 1", False),
        ("a", r"-a^2 = -4", True),
        ("ab", r"a / b a = \tfrac13", True),  # side by side binds closer than a slash
        ("ab", r"a \cdot b / a = b", True),
        ("x", r"\sum_{i=1}^{2} x_i = 5", True),
        ("xa", r"\sum_{i < 2} x_i + 1 = a", True),
        ("xa", r"\max_i x_i = 4 \quad \min_i x_i = a", False),  # the second statement
        ("ab", r"a < b \le 3", True),
        ("b", r"b < 3", False),
        ("ab", r"\left[\, a < b \,\right] = 1", True),
        ("ab", r"\begin{cases} 7 & a > b \\ a & \text{otherwise} \end{cases} = 2", True),
        ("xa", r"\big|\{\, i : x_i > a \,\}\big| = 1", True),
        ("ab", r"\begin{aligned} a &= 2 \\ &\quad + 0 \\ b &= 3 \end{aligned}", True),
        ("ab", r"\sqrt{a + a} = a \Longleftrightarrow b = 3", True),
    ],
)
def test_a_formula_is_read_as_it_is_written(names: str, latex: str, holds: bool) -> None:
    used = {name: SYMBOLS[name] for name in names}
    assert (wrong(latex, given({"i": 2}, **used)) == "") is holds


def test_where_a_formula_is_wrong_is_told() -> None:
    case = given({"i": 2}, x=[1.0, 4.0], y=[1.0, 5.0])
    assert wrong("x_i = y_i", case) == "at i = 2: 4.0 = 5.0"


def test_a_value_that_the_formula_has_not_is_told() -> None:
    assert "it has no c, for which" in wrong("a = b", given(a=1, b=1, c=1))


def test_a_formula_that_a_mutant_passes_as_well_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"written with \['\+ → -'\] it would pass as well"):
        judged("eq-x", "a + b = c", [given(a=1, b=0, c=1)], {})
    assert judged("eq-x", "a + b = c", [given(a=1, b=0, c=1)], {"+ → -": "b is 0"}) == 1
    with pytest.raises(AssertionError, match="stands there for nothing"):
        judged("eq-x", "a + b = c", [given(a=1, b=1, c=2)], {"+ → -": "b is 0"})


def test_the_slips_are_those_of_a_pen() -> None:
    found = dict(mutants(r"S_{ij} \le \frac{q k^\top}{\sqrt{d_k}} - \text{a-b} 2", ["i", "j"]))
    assert set(found) == {
        r"\le → <", "ij → ji", "- → +", r"^\top → ", r"\sqrt → ", "2 → 7", "k → q", "q → k",
        "d_k → d_k^2", "fraction 1 turned over",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("$$\na = b\n$$ (eq-x)", "eq-x"),
        ("$$\na = b\n$$", None),
        ("Before $$a = b$$ after.", None),
        ("\\begin{align}\na = b\n\\end{align}", None),
        ("```{math}\n:label: eq-x\na = b\n```", "eq-x"),
        ("```{math}\na = b\n```", None),
        (":::{admonition} Title\n:class: predict\n$$\na = b\n$$ (eq-x)\n:::", "eq-x"),
        ("::::{note}\n:::{tip}\n$$\na = b\n$$\n:::\n::::", None),
        ("- item\n\n  $$\n  a = b\n  $$ (eq-x)", "eq-x"),
        ("<details><summary>Why</summary>\n\n$$\na = b\n$$ (eq-x)\n\n</details>", "eq-x"),
    ],
)
def test_an_equation_is_found_wherever_it_stands(text: str, label: str | None) -> None:
    (found,) = display_equations(text)
    assert found.label == label
    assert "a = b" in found.formula


@pytest.mark.parametrize("text", ["Inline $a = b$.", "```python\n'$$ a $$'\n```", "Costs 3 $$."])
def test_what_is_no_display_equation_is_passed_over(text: str) -> None:
    assert display_equations(text) == []


@pytest.mark.parametrize(
    ("equations", "tested", "fault"),
    [
        ([Equation(None, "a = b")], [], "without label: a = b"),
        ([Equation("eq-x", "a"), Equation("eq-x", "b")], ["eq-x"], "used 2 times: eq-x"),
        ([Equation("eq-x", "a")], [], "label without test: eq-x"),
        ([], ["eq-x"], "test without label: eq-x"),
    ],
)
@holds(
    "An equation without a test makes the tests fail.",
)
def test_each_fault_is_named(equations: list[Equation], tested: list[str], fault: str) -> None:
    (found,) = faults(equations, tested)
    assert fault in found


def test_a_second_test_for_a_label_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TESTS", {})

    def cases() -> Iterator[object]:
        yield given(a=1)

    registry.evaluated("eq-x")(cases)
    with pytest.raises(ValueError, match=r"'eq-x' has a test already: .*cases"):
        registry.evaluated("eq-x")(cases)
