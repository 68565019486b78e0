"""Read the formulas of this book: LaTeX becomes a tree that `evaluate` computes.

A parser by recursive descent, one method a level: statement, relation, sum, term (``/`` and
``\\cdot``), product (side by side, which binds closer than ``/``), factor, what hangs on it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from tests.equations.cursor import Node
from tests.equations.names import Names
from tests.equations.tokens import BREAK, COLUMN, END, FUNCTIONS, RELATIONS, ROW, Token, tokens


class Statement(NamedTuple):
    """One claim of a formula, and the part of the formula that it belongs to (``post:``)."""

    part: str
    node: Node


TERMS = {"/": "/", r"\cdot": "dot", r"\odot": "mul elements", r"\bmod": "mod", r"\times": "shape"}
MARKS = {r"\hat": "_hat", r"\tilde": "_tilde", r"\bar": "_bar"}
BIG = {r"\sum": "sum", r"\prod": "prod", r"\max": "max", r"\min": "min", "argmax": "argmax",
       r"\lim": "lim"}  # fmt: skip
BETWEEN = {"|": ("abs", "|"), r"\lvert": ("abs", r"\rvert"), r"\lVert": ("norm", r"\rVert"),
           r"\lfloor": ("floor", r"\rfloor"), r"\lceil": ("ceil", r"\rceil")}  # fmt: skip
STARTS = {*MARKS, *BIG, *BETWEEN, "(", "[", "{", r"\{", r"\frac", r"\tfrac", r"\sqrt", "begin",
          r"\partial", r"\underbrace", r"\infty"}  # fmt: skip
DOTS = {r"\cdots", r"\dots"}


def read(latex: str, names: Collection[str], functions: Collection[str]) -> list[Statement]:
    """Return the statements of a formula whose symbols have these names."""
    return Parser(tokens(latex, names), names, functions).statements()


class Parser(Names):
    """Reads a formula, a level of precedence a method."""

    def statements(self) -> list[Statement]:
        found, part = [], ""
        while self.peek() != END:
            if self.peek().kind == "text":
                words = self.next().text
                part = words.rstrip("_") if self.take(":") or words.endswith("_") else part
                if words == "for_every":
                    self.factor()
            elif not self.take(BREAK.text):
                found.append(Statement(part, self.runs() or self.statement()))
                if self.peek() not in {BREAK, END} and self.peek().kind != "text":
                    self.expect(BREAK.text)
        return found

    def runs(self) -> Node | None:
        r"""Read ``i = 1, \dots, h``: from where an index runs, and to where."""
        before = self.at
        index = self.next()
        if index.kind == "name" and self.take("="):
            low = self.sum()
            if self.take(BREAK.text) and self.next().text in DOTS and self.take(BREAK.text):
                return Node("runs", (index.text, low, self.sum()))
        self.at = before
        return None

    def statement(self) -> Node:
        node = self.relation()
        if self.take(r"\Longleftrightarrow"):
            return Node("same truth", (node, self.relation()))
        return Node("shape of", (node, self.sum())) if self.take(":") else node

    def relation(self) -> Node:
        chain: list[Any] = [self.sum()]
        if self.take(r"\mapsto"):
            image = Node("name", (f"{chain[0].args[0]}_image",))
            return Node("chain", (image, "=", self.sum()))
        while self.peek().text in RELATIONS:
            chain += [RELATIONS[self.next().text], self.sum()]
        node = chain[0] if len(chain) == 1 else Node("chain", tuple(chain))
        if self.peek() == Token("text", "for_some"):
            self.next()
            return Node("some", (self.next().text, node))
        return node

    def sum(self) -> Node:
        if self.take("-"):
            node = Node("neg", (self.term(),))
        else:
            self.take("+")
            node = self.term()
        while self.peek().text in {"+", "-"}:
            node = Node(self.next().text, (node, self.term()))
        return node

    def term(self) -> Node:
        node = self.product()
        while self.peek().text in TERMS:
            node = Node(TERMS[self.next().text], (node, self.product()))
        return node

    def product(self) -> Node:
        factors = [self.factor()]
        while self.starts_factor() or self.peek().text in DOTS:
            if self.next().text in DOTS:
                factors.append(Node("ellipsis", (factors.pop(), self.factor())))
            else:
                self.at -= 1
                factors.append(self.factor())
        node = factors[0]
        for each in factors[1:]:
            node = Node("mul", (node, each))
        return node

    def starts_factor(self) -> bool:
        kind, text = self.peek()
        if kind == "symbol" and text == self.closing[-1]:
            return False
        return kind in {"name", "number"} or (kind == "symbol" and text in STARTS)

    def factor(self) -> Node:
        """Read a primary and what hangs on it: indices, powers."""
        node = self.primary()
        while self.peek().text in {"_", "^"}:
            node = self.raised(node) if self.next().text == "^" else self.lowered(node)
        return node

    def primary(self) -> Node:
        kind, text = self.next()
        if kind == "number":
            return Node("number", (float(text) if "." in text else int(text),))
        if kind == "name":
            return self.function(text) if text in FUNCTIONS else self.named(text)
        if text in MARKS:
            return self.named(self.next().text + MARKS[text])
        if text in BIG:
            return self.big(BIG[text])
        if text in {r"\frac", r"\tfrac"}:
            above, below = self.argument(), self.argument()
            if above.op == below.op == "partial":
                return Node("derivative", above.args + below.args)
            return Node("/", (above, below))
        if text in BETWEEN:
            op, end = BETWEEN[text]
            return Node(op, (self.inside(end)[0],))
        if text == "begin":
            return self.table(self.next().text)
        simple = {
            r"\sqrt": lambda: Node("sqrt", (self.argument(),)),
            r"\partial": lambda: Node("partial", (self.factor(),)),
            r"\underbrace": self.braced,
            r"\infty": lambda: Node("number", (float("inf"),)),
            r"\cdot": lambda: Node("name", ("open",)),  # an argument that is left open
            "(": lambda: self.grouped(self.inside(")")),
            "{": lambda: self.inside("}")[0],
            "[": lambda: Node("bracket", self.inside("]")),
            r"\{": lambda: Node("set", self.inside(r"\}")),
        }
        if text not in simple:
            self.at -= 1
            self.expect("a number, a name or a bracket")
        return simple[text]()

    def inside(self, end: str) -> tuple[Node, ...]:
        """Read up to a closing bracket: expressions between commas."""
        self.closing.append(end)
        found: list[Node] = []
        while not self.take(end):
            if self.peek().text in DOTS:
                self.next()
                self.expect(",")
                found.append(Node("ellipsis", (found.pop(), self.relation())))
            else:
                found.append(self.relation())
            if self.take(":"):
                found.append(self.relation())
            _ = self.take(",") or self.take(r"\mid")
        self.closing.pop()
        return tuple(found)

    def grouped(self, items: tuple[Node, ...]) -> Node:
        """Return what brackets hold: an expression, or the numbers of a row."""
        return items[0] if len(items) == 1 else Node("row", items)

    def argument(self) -> Node:
        r"""Read ``{…}`` or one token, of a number its first digit: ``\tfrac12``."""
        if self.take("{"):
            return self.inside("}")[0]
        kind, text = self.peek()
        if kind == "number" and len(text) > 1:
            self.tokens[self.at : self.at + 1] = [Token(kind, text[0]), Token(kind, text[1:])]
        return self.primary() if kind != "name" else Node("name", (self.next().text,))

    def braced(self) -> Node:
        node = self.argument()
        self.expect("_")
        self.slice()
        return node

    def function(self, name: str) -> Node:
        if self.take("("):
            return Node("call", (Node("name", (name,)), *self.inside(")")))
        return Node("call", (Node("name", (name,)), self.product()))

    def big(self, op: str) -> Node:
        """Read a sum, a product, a maximum: its variable, its bounds or its condition, its body."""
        if not self.take("_"):
            self.expect("(")
            return Node("call", (Node("name", (op,)), *self.inside(")")))
        below = self.part(self.slice())
        variable, low, high, where = below.next().text, None, None, None
        if below.take("="):
            low = below.sum()
            self.expect("^")
            high = self.part(self.slice()).sum()
        elif below.take(":"):
            where = below.relation()
        elif below.peek() != END and op != "lim":
            below.at = 0
            where = below.relation()
        return Node("big", (op, variable, low, high, where, self.term()))

    def table(self, kind: str) -> Node:
        """Read the rows of a matrix or of cases."""
        rows: list[list[Node]] = [[]]
        while not self.take("end"):
            if self.take(ROW.text):
                rows.append([])
            elif not self.take(COLUMN.text):
                rows[-1].append(self.condition() if kind == "cases" and rows[-1] else self.sum())
        self.next()
        return Node("cases" if kind == "cases" else "matrix", tuple(map(tuple, rows)))

    def condition(self) -> Node:
        node = Node("number", (1,))
        while self.peek() not in {ROW, Token("symbol", "end")}:
            if self.peek().kind == "text" or self.take("."):
                self.next()
            else:
                node = self.relation()
        return node
