"""Sphinx extension: each chapter says at its start which section of the short way crosses it.

The short way is `path.ipynb`, in thirty minutes. Its sections end with links to the chapters that
have more; here they lead back, from the line of each chapter that says the time it takes.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from spoken import english, message, say

PAGE = "path"
HEADING = re.compile(r"## (.+)")
CHAPTER = re.compile(r"\]\((\d\d-[\w-]+)\.ipynb")


def sections(notebook: Path) -> dict[str, str]:
    """Return chapter → the first section that leads to it."""
    found: dict[str, str] = {}
    heading = ""
    cells = nbformat.read(notebook, as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    for paragraph in "\n\n".join(texts).split("\n\n"):
        if title := HEADING.match(paragraph):
            heading = title[1]
        elif paragraph.startswith("*") and paragraph.endswith("*"):  # in italics it leads on
            found |= {name: heading for name in CHAPTER.findall(paragraph) if name not in found}
    return found


def lead_back(app: Sphinx, doctree: nodes.document) -> None:
    """Add the link to one page, behind the time that it takes."""
    page = PurePosixPath(app.env.docname)
    notebook = Path(app.env.doc2path(app.env.docname)).parent / f"{PAGE}.ipynb"
    if page.name == PAGE or not notebook.is_file():
        return
    heading = sections(notebook).get(page.name)
    times = (
        each for each in doctree.findall(nodes.paragraph) if english(each).startswith("Time: ")
    )
    time = next(times, None)
    if heading is None or time is None:
        return
    app.env.note_dependency(str(notebook))
    target = f"{PAGE}.html#{nodes.make_id(heading)}"
    time += [
        nodes.Text("" if time.astext().endswith("。") else " "),
        nodes.strong("", say("In short, on another page")),
        nodes.Text(say(": ")),
        nodes.reference("", message(PAGE, heading), refuri=target, internal=True),
        nodes.Text(say(".")),
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page when it has been read."""
    app.connect("doctree-read", lead_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
