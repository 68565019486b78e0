"""Write a page that Sphinx has resolved as plain Markdown.

What stands here is what a notebook of the book may hold: a node that is not known is an error, so
nothing gets through unread.
"""

import re
from collections.abc import Callable, Iterable
from html import escape

from docutils import nodes

from workshop.copies.markdown import (
    SILENT,
    Resolve,
    UnreadableError,
    code,
    emphasised,
    folded,
    link,
    quoted,
    said,
    said_in_html,
    text,
)

STARTS = re.compile(r"^(\s*)([#>+=-]|\d+[.)])(?=\s|$)", re.MULTILINE)


class Writer:
    """Write the blocks of one page.

    Parameters
    ----------
    resolve : callable
        Returns where a reference leads, or None where a copy has no such place.
    number : callable
        Returns the number of an equation, by the id that Sphinx gives it.
    say : callable
        Returns what the copies say of themselves in the language of the page.
    """

    def __init__(
        self, resolve: Resolve, number: Callable[[str], str], say: Callable[..., str] = str.format
    ) -> None:
        self.resolve, self.number, self.say = resolve, number, say
        self.in_table = False

    # Inside a line.

    def inline(self, children: Iterable[nodes.Node]) -> str:
        """Return what stands in a line."""
        return "".join(map(self.span, children))

    def span(self, node: nodes.Node) -> str:
        """Return one thing in a line."""
        match node:
            case nodes.Text():
                words = text(str(node))
                return words.replace("|", r"\|") if self.in_table else words
            case nodes.strong():
                return emphasised(node, self.inline(node), "**", "strong")
            case nodes.emphasis():
                return emphasised(node, self.inline(node), "*", "em")
            case nodes.literal():
                written = code(node.astext())
                return written.replace("|", r"\|") if self.in_table else written
            case nodes.math():
                return f"${self.formula(node)}$"
            case nodes.raw(attributes={"format": "html"}):
                return self.html(node)
            case nodes.reference():
                target = self.resolve(node)
                words = self.inline(node)
                return link(words, target) if target else words
            case nodes.inline() if "glossary-word" in node["classes"]:
                return self.glossary_word(node)
            case nodes.inline():
                return self.inline(node)
            case nodes.target():
                return ""
        raise UnreadableError(f"{type(node).__name__} in a line: {node.astext()[:60]!r}")

    def formula(self, node: nodes.math) -> str:
        """Return the LaTeX of a formula in a line; a bar would end a cell of a table."""
        latex = node.astext().strip()
        return re.sub(r"\\?\|", self._bar, latex) if self.in_table else latex

    @staticmethod
    def _bar(found: re.Match[str]) -> str:
        return r"\Vert " if found[0] == r"\|" else r"\vert "

    def html(self, node: nodes.raw) -> str:
        """Return HTML of the source, without the classes of the book's style sheet."""
        written = SILENT.sub("", node.astext())
        return "" if written in ("<span>", "</span>") and not self._speaks(node) else written

    @staticmethod
    def _speaks(node: nodes.raw) -> bool:
        """Tell whether a tag of a span belongs to one that says its language."""
        if node.astext() != "</span>":
            return "lang=" in node.astext()
        siblings = node.parent.children[: node.parent.index(node)]
        opened = [
            each.astext()
            for each in siblings
            if isinstance(each, nodes.raw) and each.astext().startswith("<span")
        ]
        return bool(opened) and "lang=" in opened[-1]

    def glossary_word(self, node: nodes.inline) -> str:
        """Return a word of the glossary with its meaning, a link where there is a page."""
        reference, *rest = node
        meaning = said(rest[0]) if rest else ""
        target = self.resolve(reference)
        words = self.inline(reference)
        if target:
            return link(words, target._replace(title=meaning))
        return f'<abbr title="{escape(meaning)}">{words}</abbr>' if meaning else words

    # Blocks.

    def blocks(self, children: Iterable[nodes.Node]) -> str:
        """Return blocks, a blank line between two."""
        return "\n\n".join(filter(None, map(self.block, children)))

    def block(self, node: nodes.Node) -> str:
        """Return one block."""
        match node:
            case nodes.paragraph():
                return STARTS.sub(r"\1\\\2", self.inline(node)) if node.children else ""
            case nodes.math_block():
                return self.equation(node)
            case nodes.bullet_list() | nodes.enumerated_list():
                return self.list(node)
            case nodes.table():
                return self.table(node)
            case nodes.block_quote():
                return quoted(self.blocks(node))
            case nodes.Admonition():
                return self.box(node)
            case nodes.literal_block():
                return f"```{node.get('language', '')}\n{node.astext()}\n```"
            case nodes.raw(attributes={"format": "html"}):
                return self.html(node).strip()
            case nodes.target() | nodes.comment() | nodes.compound():
                return ""
        match type(node).__name__:  # a quiz (book/_ext/quiz.py)
            case "QuizQuestion":
                return self.blocks(node.children)
            case "QuizOption":
                offer, *feedback = node.children
                return folded(said_in_html(offer), self.blocks(feedback))
        raise UnreadableError(f"{type(node).__name__}: {node.astext()[:60]!r}")

    def heading(self, node: nodes.title, level: int) -> str:
        """Return a heading."""
        return f"{'#' * level} {self.inline(node)}"

    def equation(self, node: nodes.math_block) -> str:
        """Return a display formula with its number and a place to link to."""
        latex = node.astext().strip()
        if not node.get("label"):
            return f"$$\n{latex}\n$$"
        tag = rf"\tag{{{self.number(node['ids'][0])}}}"
        return f'<a id="{node["label"]}"></a>\n$$\n{latex}\n{tag}\n$$'

    def list(self, node: nodes.Element) -> str:
        """Return a list; what belongs to an item is indented as far as its words."""
        items = []
        for i, item in enumerate(node, start=node.get("start", 1)):
            mark = "- " if isinstance(node, nodes.bullet_list) else f"{i}. "
            body = self.blocks(item).replace("\n", "\n" + " " * len(mark))
            items.append(re.sub(r"\n +(?=\n)", "\n", mark + body))
        loose = any(len(item) > 1 for item in node)
        return ("\n\n" if loose else "\n").join(items)

    def table(self, node: nodes.table) -> str:
        """Return a table, one line a row."""
        self.in_table = True
        try:
            rows = [
                [" ".join(self.blocks(entry).split()) for entry in row]
                for row in node.findall(nodes.row)
            ]
        finally:
            self.in_table = False
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])

    def box(self, node: nodes.Element) -> str:
        """Return an admonition: a quotation under its name, or a fold where the page has one."""
        titled = isinstance(node[0], nodes.title)
        name = self.inline(node[0]) if titled else self.say(type(node).__name__.capitalize())
        body = node[1:] if titled else node.children
        if "dropdown" in node["classes"]:
            return folded(name, self.blocks(body))
        return quoted(f"**{name}**\n\n{self.blocks(body)}")
