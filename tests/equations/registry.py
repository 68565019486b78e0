"""Which test proves which equation.

A test says so itself::

    @equation("eq-algorithm-softmax")
    def test_softmax_is_as_written() -> None: ...
"""

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

TESTS: dict[str, Callable[..., object]] = {}


def equation(label: str) -> Callable[[Test], Test]:
    """Register the decorated test as the proof of the equation `label`."""

    def register(test: Test) -> Test:
        if label in TESTS:
            raise ValueError(f"equation {label!r} has a test already: {TESTS[label].__qualname__}")
        TESTS[label] = test
        return test

    return register
