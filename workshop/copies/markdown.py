"""Write a page that Sphinx has resolved as plain Markdown, with HTML where Markdown has no word.

What stands here is what a notebook of the book may hold: a node that is not known is an error, so
nothing gets through unread.
"""

import re
from collections.abc import Callable, Iterable
from html import escape
from typing import NamedTuple

from docutils import nodes

SILENT = re.compile(r' class="[^"]*"')  # names that only the style sheet of the book knows
STARTS = re.compile(r"^(\s*)([#>+=-]|\d+[.)])(?=\s|$)", re.MULTILINE)
SPECIAL = re.compile(r"[\\`*$\[\]]|~~|(?<![^\W_])_|_(?![^\W_])")


class UnreadableError(ValueError):
    """A page holds what has no form in plain Markdown."""


class Target(NamedTuple):
    """Where a link of a copy leads, and what shows while the pointer rests on it."""

    address: str
    title: str = ""


Resolve = Callable[[nodes.reference], Target | None]


def text(words: str) -> str:
    r"""Return words with whatever Markdown would read as a sign set apart.

    >>> text("5 * x_1 < $3"), text("a snake_case name")
    ('5 \\* x_1 &lt; \\$3', 'a snake_case name')
    """
    words = re.sub(r"&(?=#?\w+;)", "&amp;", words).replace("<", "&lt;")
    return SPECIAL.sub(r"\\\g<0>", words)


def code(words: str) -> str:
    """Return words as code, in as many backticks as they need.

    >>> code("softmax"), code("a`b")
    ('`softmax`', '`` a`b ``')
    """
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{words}{space}{fence}"


def link(words: str, target: Target) -> str:
    """Return words that lead somewhere.

    >>> print(link("chapter 2", Target("02-concepts.ipynb", "Why three?")))
    [chapter 2](02-concepts.ipynb "Why three?")
    """
    address = target.address.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    title = " ".join(target.title.split()).replace("\\", "\\\\").replace('"', r"\"")
    spoken = f' "{title}"' if title else ""
    return f"[{words}]({address}{spoken})"


def emphasised(node: nodes.Element, words: str, mark: str, tag: str) -> str:
    """Return words in bold or italics: between marks where Markdown sees them, else as HTML.

    It does not see one between a letter and a sign, and Chinese has no space there.

    >>> bold = nodes.strong("", "the row")
    >>> _ = nodes.paragraph("", "", nodes.Text("这"), bold, nodes.Text("里"))
    >>> emphasised(bold, "the row", "**", "strong"), emphasised(bold, "[row](a)", "**", "strong")
    ('**the row**', '<strong>[row](a)</strong>')
    """
    sides = node.parent.children if node.parent else [node]
    at = sides.index(node)
    before = sides[at - 1].astext()[-1:] if at else ""
    behind = sides[at + 1].astext()[:1] if at + 1 < len(sides) else ""
    hidden = (before.isalnum() and not words[:1].isalnum()) or (
        behind.isalnum() and not words[-1:].isalnum()
    )
    return f"<{tag}>{words}</{tag}>" if hidden else f"{mark}{words}{mark}"


SIGNS = {
    r"\\times\b": "×", r"\\cdot\b": "·", r"\\infty\b": "∞", r"\\le\b": "≤", r"\\sigma\b": "σ",
    r"\\tau\b": "τ", r"\\[lr]Vert ?": "‖", r"\\top\b": "⊤", r"\\,": " ", r"\\sqrt\b": "√",
}  # fmt: skip


def said(node: nodes.Node) -> str:
    """Return the words of a node on one line, for a place where no formula can be set."""
    parts = []
    for part in node.findall(nodes.Text):
        words = str(part)
        if isinstance(part.parent, nodes.math):
            for sign, shown in SIGNS.items():
                words = re.sub(sign, shown, words)
            words = re.sub(r"[{}]|\\(?=[a-z])", "", words)
        parts.append(words)
    return " ".join("".join(parts).split())


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


def folded(name: str, words: str) -> str:
    """Return blocks as a fold, which opens at its name."""
    return f"<details><summary>{name}</summary>\n\n{words}\n\n</details>"


def said_in_html(node: nodes.Node) -> str:
    """Return the words of a node as HTML, for a place where Markdown is not read.

    >>> said_in_html(nodes.strong("", "", nodes.Text("a < "), nodes.literal("", "b")))
    '<strong>a &lt; <code>b</code></strong>'
    """
    if isinstance(node, nodes.Text):
        return escape(node.astext(), quote=False)
    if isinstance(node, nodes.raw):
        return SILENT.sub("", node.astext())
    inside = "".join(map(said_in_html, node.children))
    tags = {nodes.emphasis: "em", nodes.strong: "strong", nodes.literal: "code"}
    tag = tags.get(type(node))
    return f"<{tag}>{inside}</{tag}>" if tag else inside


def quoted(words: str) -> str:
    r"""Return blocks as a quotation.

    >>> quoted("a\n\nb")
    '> a\n>\n> b'
    """
    return "\n".join(f"> {line}".rstrip() for line in words.splitlines())
