"""The tokens of a formula, walked over once, and what the parser makes of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, Self

from tests.equations.tokens import END, Token


class Node(NamedTuple):
    """An operation and what it is done to."""

    op: str
    args: tuple[Any, ...]


class UnreadableError(ValueError):
    """The parser does not know this LaTeX."""


class Cursor:
    """A place among the tokens of a formula."""

    def __init__(
        self, found: list[Token], names: Collection[str], functions: Collection[str]
    ) -> None:
        self.tokens, self.at, self.closing = [*found, END], 0, [""]
        self.names, self.functions = names, functions

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def take(self, text: str) -> bool:
        """Step over a symbol, if it is the next one."""
        found = self.peek().kind == "symbol" and self.peek().text == text
        self.at += found
        return found

    def expect(self, text: str) -> None:
        if not self.take(text):
            rest = " ".join(map(str, self.tokens[self.at :]))
            raise UnreadableError(f"expected {text!r} before {rest!r}")

    def slice(self) -> list[Token]:
        """Step over what hangs on a ``_`` or ``^``, and return it."""
        first = self.next()
        if first != Token("symbol", "{"):
            return [first]
        start, depth = self.at, 1
        while depth:
            text = self.next().text
            depth += (text == "{") - (text == "}")
        return self.tokens[start : self.at - 1]

    def part(self, found: list[Token]) -> Self:
        return type(self)(found, self.names, self.functions)
