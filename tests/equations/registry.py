"""Which test proves which equation, and how: by evaluating what is printed, or by hand.

A test gives the symbols their values, from the library wherever it has them, and the formula as it
is printed must be true of them::

    @evaluated("eq-algorithm-scaled")
    def test_scores_are_divided_by_the_root() -> Cases:
        steps = attention_steps(Q, K, V)
        yield given(S=steps.scaled, Q=Q, K=K, d_k=3, over={"i": 5, "j": 7})

Then the formula is changed in one place, again and again (`mutants`), and none of these may be true
of all the cases; where one is, since it means the same, `same` says why. What no evaluator can read
is kept by hand, with a reason, and with a digest that changes when the formula does.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tests.equations.claims import Case, judged
from tests.equations.formulas import printed

Test = TypeVar("Test", bound=Callable[..., object])
Cases = Iterator[Case]

TESTS: dict[str, Callable[..., object]] = {}
BY_HAND: dict[str, str] = {}
"""The equations that no evaluator reads, and why."""

MUTANTS: dict[str, int] = {}
"""How many changed formulas were refused, of each equation that was evaluated in this run."""


def register(label: str, test: Test) -> Test:
    """Note the test of an equation; there is one."""
    if label in TESTS:
        raise ValueError(f"equation {label!r} has a test already: {TESTS[label].__qualname__}")
    TESTS[label] = test
    return test


def evaluated(label: str, same: Mapping[str, str] | None = None) -> Callable[..., Any]:
    """Prove the equation `label` by the cases that the decorated function yields."""

    def decorate(cases: Callable[..., Cases]) -> Callable[..., None]:
        @functools.wraps(cases)
        def test(*arguments: Any, **keywords: Any) -> None:
            MUTANTS[label] = judged(
                label, printed()[label], list(cases(*arguments, **keywords)), same or {}
            )

        return register(label, test)

    return decorate


def by_hand(label: str, digest: str, because: str) -> Callable[[Test], Test]:
    """Register the decorated test as a proof by hand of the equation, while it has that digest."""

    def decorate(test: Test) -> Test:
        BY_HAND[label] = because

        @functools.wraps(test)
        def checked(*arguments: Any, **keywords: Any) -> None:
            now = digest_of(printed()[label])
            assert now == digest, (
                f"the formula {label} has changed since its test was written by hand: see that "
                f"{test.__qualname__} still evaluates what is printed, then give it {now!r}"
            )
            test(*arguments, **keywords)

        return register(label, checked)  # type: ignore[return-value]

    return decorate


def digest_of(formula: str) -> str:
    """Return eight letters that change when a formula does; white space aside."""
    return hashlib.sha256(" ".join(formula.split()).encode()).hexdigest()[:8]
