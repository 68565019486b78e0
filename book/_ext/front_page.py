"""Sphinx extension: what the home page shows of the course, taken from the course itself.

`{course-map}` lists the chapters of the table of contents, each with its question and its sections.
Title and minutes (all of a page together) are read from the opening of its notebook, the number of
exercises is counted there, so that none goes stale:

    ```{course-map}
    01-background: What problem was attention invented to solve?
    ```

`{live-sentence}` shows a live figure of `qkv_lib`, computed while the page is built.
"""

import re
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from spoken import is_translated, message, name_of, say

from qkv_lib import explorers
from qkv_lib.data.sentence import CHINESE, THIRSTY

logger = logging.getLogger(__name__)

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
OPENING = re.compile(
    r"\*\*Time\*\*:? (?P<time>.+?)\.\s+\*\*Needs\*\*:? (?P<needs>.+?)\.(?:\s|$)", re.DOTALL
)
SECTION = re.compile(r"\d\d-\d-")
EXERCISE = re.compile(r"^### Exercise \d", re.MULTILINE)


class Opening(NamedTuple):
    """What a notebook says of itself at its start."""

    title: str
    time: str
    needs: str
    exercises: int


class Linked(NamedTuple):
    """What the map shows of a page, in Markdown."""

    link: str
    progress: str
    minutes: int


def opening(notebook: Path) -> Opening:
    """Read a notebook's title, time and needs, and count its exercises."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    title, facts = TITLE.search(text), OPENING.search(text)
    if title is None or facts is None:
        raise ValueError(f"{notebook.name} opens without a title, or without **Time** … **Needs**")
    time, needs = (" ".join(facts[name].split()) for name in ("time", "needs"))
    return Opening(title[1], time, needs, len(EXERCISE.findall(text)))


def minutes(time: str) -> int:
    """Add up the minutes that a page takes with everything.

    >>> minutes("about 35 minutes; 10 more for the section marked *second reading*")
    45
    """
    return sum(map(int, re.findall(r"\d+", time)))


class CourseMap(SphinxDirective):
    """A list of the chapters."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write the list as Markdown, and have it parsed."""
        parted = [line.partition(": ") for line in self.content]
        questions = {name.strip(): question.strip() for name, _, question in parted}
        lines = []
        pages = self.pages()
        for name in pages:
            if not SECTION.match(name):
                under = [page for page in pages if SECTION.match(page) and page[:2] == name[:2]]
                lines += self.entry(name, questions.pop(name, ""), under)
        for name in questions:
            logger.warning("course-map: no chapter %s", name, location=self.get_location())
        box = nodes.container(classes=["course-map", "already-translated"])
        box += self.parse_text_to_nodes("\n".join(lines))
        return [box]

    def pages(self) -> list[str]:
        """Return the names of the chapters and sections in `_toc.yml`."""
        pages = [Path(page).name for page in self.config.external_site_map]
        return [name for name in pages if re.match(r"\d\d-", name)]

    def entry(self, name: str, question: str, under: list[str]) -> list[str]:
        """Return the Markdown of one chapter with the sections under it, or warn."""
        try:
            own = self.linked(name)
            sections = [self.linked(section) for section in under]
        except (FileNotFoundError, ValueError) as error:
            logger.warning("course-map: %s", error, location=self.get_location())
            return []
        asks = message(name_of(self.env.docname), question)
        listed = [
            f"  - {say('{}, another {} minutes', each.link, each.minutes)} {each.progress}"
            for each in sections
        ]
        return [
            f"- {own.link}",
            "",
            f"  {asks}",
            "",
            f"  {say('About {} minutes', own.minutes)} {own.progress}",
            "",
            *listed,
            "",
        ]

    def linked(self, name: str) -> Linked:
        """Return the link to a page, the place of its progress, and the time that it takes."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        notebook = folder / f"{name}.ipynb"
        self.env.note_dependency(str(notebook))
        found = opening(notebook)
        page = (Path(self.env.docname).parent / name).as_posix()
        progress = (
            f'<span class="course-progress" data-page="{escape(page)}" '
            f'data-exercises="{found.exercises}"></span>'
        )
        link = f"[{message(name, found.title)}]({name}.ipynb)"
        return Linked(link, progress, minutes(found.time))


class LiveSentence(SphinxDirective):
    """The sentence made by hand, in which a reader picks and changes words."""

    def run(self) -> list[nodes.Node]:
        """Return the figure as HTML; other builders show nothing."""
        words = CHINESE if is_translated() else THIRSTY
        figure = explorers.sentence(words, name="home")
        return [nodes.raw("", figure._repr_html_(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the two directives."""
    app.add_directive("course-map", CourseMap)
    app.add_directive("live-sentence", LiveSentence)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
