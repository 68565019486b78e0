"""Sphinx extension: what the theme and docutils leave out for a reader who does not see the page.

- The arrows that unfold a chapter in the table of contents get a name.
- Entries of the bibliography are items of their list (docutils gives them a role that ARIA
  has withdrawn, and that is no item of a list).
"""

from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from spoken import say


def visit_citation(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write an entry of the bibliography as an item of the list that docutils opens."""
    written = len(translator.body)
    HTML5Translator.visit_citation(translator, node)
    translator.body[written:] = [
        each.replace('role="doc-biblioentry"', 'role="listitem"')
        for each in translator.body[written:]
    ]


def name_arrows(contents: Callable[..., str]) -> Callable[..., str]:
    """Return the writer of the table of contents, with each arrow named."""

    def named(*args: Any, **options: Any) -> str:
        html = str(contents(*args, **options))
        name = say("Sections of this chapter")
        return html.replace("<summary>", f'<summary aria-label="{name}">')

    return named


def prepare_page(_app: Any, _page: str, _template: str, context: dict[str, Any], _: Any) -> None:
    """Name the arrows of the page's table of contents."""
    context["generate_toctree_html"] = name_arrows(context["generate_toctree_html"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Run after the theme has made its writer of the table of contents."""
    app.add_node(
        nodes.citation,
        override=True,
        html=(visit_citation, HTML5Translator.depart_citation),
    )
    app.connect("html-page-context", prepare_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
