"""What plain Markdown is made of: words, code, links, folds, and HTML where it has no word."""

import re
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from docutils import nodes

SILENT = re.compile(r' class="[^"]*"')  # names that only the style sheet of the book knows
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
