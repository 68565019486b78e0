"""A test says which sentences of the book it holds true.

A cell says so in its metadata, with the words of the assert that does it::

    "qkv": {"holds": {"so every row sums to 1": "weights.sum(axis=1), 1"}}

What no cell can show, a test holds in the same way, before its name::

    @holds("The number of parameters does not depend on the number of heads.")
    def test_parameters_do_not_depend_on_the_number_of_heads() -> None: ...

`tests/book/claims.py` reads both, without running them, and looks for the words on the pages.
"""

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])


def holds(*_words: str) -> Callable[[Test], Test]:
    """Say that the decorated test holds these words of the book."""
    return lambda test: test
