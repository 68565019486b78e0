"""What hangs on a name: its marks, its indices, its powers, its arguments."""

from __future__ import annotations

from tests.equations.cursor import Cursor, Node
from tests.equations.tokens import END, Token


class Names(Cursor):
    """Reads names; how the expressions in their indices are read, `latex` says."""

    def sum(self) -> Node:
        raise NotImplementedError

    def factor(self) -> Node:
        raise NotImplementedError

    def inside(self, end: str) -> tuple[Node, ...]:
        raise NotImplementedError

    def named(self, name: str) -> Node:
        """Read a name with its marks and indices, and the arguments of a function."""
        if name == "softmax" and self.take("_"):
            variable = self.slice()[0].text
            self.expect("(")
            return Node("softmax", (variable, self.inside(")")[0]))
        up: list[Node] = []
        low: list[Token] = []
        while True:
            if self.take("'"):
                name += "_prime"
            elif self.peek().text == "_" and not low:
                self.next()
                low = self.slice()
            elif self.peek().text == "^" and self.hangs() is not None:
                name, indices = self.above(name)
                up += indices
            else:
                break
        joint = f"{name}_{''.join(map(str, low))}"
        is_joint = bool(low) and joint in self.names
        node = Node("name", (joint if is_joint else name,))
        if indices := [*up, *([] if is_joint or not low else self.part(low).indices())]:
            node = Node("index", (node, *indices))
        if node.op == "name" and name == "e" and "e" not in self.names and self.take("^"):
            return Node("call", (Node("name", ("exp",)), self.part(self.slice()).sum()))
        if (joint if is_joint else name) in self.functions:
            if self.take("("):
                return Node("call", (node, *self.inside(")")))
            if self.take(r"\{"):
                return Node("call", (node, Node("set", self.inside(r"\}"))))
        return node

    def hangs(self) -> str | None:
        r"""Return whether a ``^`` is an index ``^{(i)}`` or a mark ``^\star``, and no power."""
        before = self.at
        self.next()
        found = self.slice()
        self.at = before
        if found[0].text == "(":
            return "index"
        is_mark = found[0].kind == "text" or found[0].text in {"*", r"\star"}
        return "mark" if is_mark else None

    def above(self, name: str) -> tuple[str, list[Node]]:
        kind = self.hangs()
        self.next()
        found = self.slice()
        if kind == "index":
            end = [token.text for token in found].index(")")
            if rest := found[end + 1 :]:  # ^{(r)\\top} is ^{(r)} and then ^{\\top}
                group = [Token("symbol", text) for text in "^{}"]
                self.tokens[self.at : self.at] = [*group[:2], *rest, group[2]]
            return name, [self.part(found[1:end]).sum()]
        return f"{name}_{found[0].text if found[0].text.isidentifier() else 'star'}", []

    def indices(self) -> list[Node]:
        """Read indices: between commas, or one sum, or one after another (``ij``)."""
        depths, depth = [], 0
        for token in self.tokens:
            depth += (token.text in {"{", "("}) - (token.text in {"}", ")"})
            depths.append(token.text if depth == 0 else "")
        found = []
        while self.peek() != END:
            if "," in depths:
                found.append(self.sum())
                self.take(",")
            elif {"+", "-", "/"} & set(depths):
                found.append(self.sum())
            else:
                if self.peek().kind == "text":
                    self.tokens[self.at] = Token("name", self.peek().text)
                found.append(self.factor())
        return found

    def lowered(self, node: Node) -> Node:
        return Node("index", (node, *self.part(self.slice()).indices()))

    def raised(self, node: Node) -> Node:
        found = self.slice()
        text = "".join(map(str, found))
        if text == r"\top":
            return Node("T", (node,))
        if text == r"-\top":
            return Node("T", (Node("pow", (node, Node("neg", (Node("number", (1,)),)))),))
        return Node("pow", (node, self.part(found).sum()))
