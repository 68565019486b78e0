"""Sphinx extension: what a folded cell is called, so that nobody has to open it to find out.

A cell that is hidden whole is the *Solution* of an exercise or *The test* of what was said; hidden
code is that of a figure, where its output is one, else *Code*; a hidden output is the *Answer* to
what the reader was asked to predict. A cell may say otherwise itself
(`mystnb: {code_prompt_show: …}`).
"""

from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from spoken import english, say

EXERCISE = "Exercise"
PICTURES = (nodes.image, nodes.figure)
BOTH = "{type}"  # myst-nb puts "source" in the place of this, or "output"


def is_exercise(node: nodes.Node | None) -> bool:
    """Tell whether a cell stands under the heading of an exercise."""
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return node is not None and english(node[0]).startswith(EXERCISE)


def label_of(cell: nodes.container) -> str:
    """Return what a folded cell is called."""
    if cell["hide_mode"] == "all":
        return say("Solution") if is_exercise(cell) else say("The test")
    if cell["hide_mode"] == "input":
        pictures = any(isinstance(each, PICTURES) for each in cell.findall())
        return say("Code of this figure") if pictures else say("Code")
    if cell["hide_mode"] == "output":
        return say("Answer")
    return BOTH


def half_named(name: str) -> str:
    """Return the name of a fold, where code and output of a cell have a fold each too."""
    return {"source": say("Code"), "output": say("Answer")}.get(name, name)


def name_folded_cells(_app: Sphinx, doctree: nodes.document) -> None:
    """Name each folded cell, one that names itself in the language of the build."""
    for cell in doctree.findall(nodes.container):
        if cell.get("hide_mode"):
            own = cell["prompt_show"]
            name = label_of(cell) if BOTH in own else say(own)
            cell["prompt_show"] = cell["prompt_hide"] = name


def visit_folded(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    """Open the fold: its name says what is in it, the arrow whether it is open."""
    classes = " ".join(node["classes"])
    name = translator.encode(half_named(node["prompt_show"]))
    translator.body.append(
        f'<details class="admonition hide {classes}">\n'
        f'<summary><span class="fold-name">{name}</span></summary>\n'
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Name the cells when a page has been read."""
    app.connect("doctree-read", name_folded_cells)
    app.add_node(HideCodeCellNode, override=True, html=(visit_folded, depart_HideCellInput))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
