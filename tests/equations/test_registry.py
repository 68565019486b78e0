"""Every display equation of the book is labelled, and every label has a test."""

import importlib
from pathlib import Path

import pytest

from tests.equations import formulas, registry
from tests.equations.labels import Equation, display_equations, faults


def test_every_display_equation_of_the_book_has_a_test() -> None:
    for module in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"tests.equations.{module.stem}")
    assert faults(formulas.equations_of_the_book(), registry.TESTS) == []


def test_no_formula_of_the_book_has_changed_since_its_test_was_looked_at() -> None:
    now = formulas.by_label(formulas.equations_of_the_book())
    assert formulas.changed(now, formulas.recorded()) == []


@pytest.mark.parametrize(("now", "then"), [("a = c", "a = b"), ("a = b", None), (None, "a = b")])
def test_a_changed_formula_is_named(now: str | None, then: str | None) -> None:
    book, record = ({"eq-x": text} if text else {} for text in (now, then))
    (found,) = formulas.changed(book, record)
    assert found.startswith(f"eq-x was {then or 'absent'} and is {now or 'absent'}: ")
    assert formulas.changed(record, record) == []


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
def test_each_fault_is_named(equations: list[Equation], tested: list[str], fault: str) -> None:
    (found,) = faults(equations, tested)
    assert fault in found


def test_a_second_test_for_a_label_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TESTS", {})
    register = registry.equation("eq-x")
    assert register(test_each_fault_is_named) is test_each_fault_is_named
    with pytest.raises(ValueError, match="'eq-x' has a test already: test_each_fault_is_named"):
        register(test_a_second_test_for_a_label_is_refused)
